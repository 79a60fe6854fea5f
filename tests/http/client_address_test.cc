#include "http/client_address.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace countersign::http {
namespace {

Request with(std::vector<Header> headers) {
  Request request;
  request.headers = std::move(headers);
  return request;
}

const TrustedProxies& proxies() {
  static const TrustedProxies trusted({"10.0.0.1", "10.0.0.2", "2001:DB8::1"});
  return trusted;
}

std::string client(std::vector<Header> headers, const std::string& peer = "10.0.0.1") {
  return proxies().client_of(with(std::move(headers)), peer);
}

TEST(ClientAddress, StrangerIsNotBelieved) {
  EXPECT_EQ(client({{"x-forwarded-for", "203.0.113.9"}}, "192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client({{"forwarded", "for=203.0.113.9"}}, "192.0.2.7"), "192.0.2.7");
}

TEST(ClientAddress, RightmostHopThatIsNoProxyIsTheClient) {
  EXPECT_EQ(client({}), "10.0.0.1");
  EXPECT_EQ(client({{"x-forwarded-for", "203.0.113.9"}}), "203.0.113.9");
  EXPECT_EQ(client({{"x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.0.0.2"}}), "203.0.113.9");
  EXPECT_EQ(client({{"x-forwarded-for", "1.1.1.1"}, {"x-forwarded-for", "203.0.113.9"}}), "203.0.113.9");
  EXPECT_EQ(client({{"x-forwarded-for", "10.0.0.2"}}), "10.0.0.2");
  EXPECT_EQ(client({{"x-forwarded-for", "203.0.113.9"}}, "2001:db8::1"), "203.0.113.9");
}

TEST(ClientAddress, WhatIsLeftOfAnUnreadableHopIsNotBelieved) {
  EXPECT_EQ(client({{"x-forwarded-for", "203.0.113.9, unknown"}}), "10.0.0.1");
  EXPECT_EQ(client({{"x-forwarded-for", "203.0.113.9, unknown, 10.0.0.2"}}), "10.0.0.2");
  EXPECT_EQ(client({{"x-forwarded-for", "203.0.113.9,"}}), "10.0.0.1");
  EXPECT_EQ(client({{"forwarded", "for=_hidden"}}), "10.0.0.1");
}

TEST(ClientAddress, StandardHeaderIsReadWithItsQuotesAndPorts) {
  EXPECT_EQ(client({{"forwarded", "for=203.0.113.9;proto=https;by=10.0.0.1"}}), "203.0.113.9");
  EXPECT_EQ(client({{"forwarded", "proto=https; For=\"203.0.113.9:4711\""}}), "203.0.113.9");
  EXPECT_EQ(client({{"forwarded", "for=1.1.1.1, for=\"[2001:db8:cafe::17]:4711\""}}), "2001:db8:cafe::17");
  EXPECT_EQ(client({{"forwarded", "for=203.0.113.9;host=\"a,for=1.1.1.1\""}}), "203.0.113.9");
  EXPECT_EQ(client({{"forwarded", "for=\"203.0.113.9"}}), "10.0.0.1");
}

TEST(ClientAddress, HeadersThatDisagreeAreBothLeftAside) {
  EXPECT_EQ(client({{"forwarded", "for=1.1.1.1"}, {"x-forwarded-for", "203.0.113.9"}}), "10.0.0.1");
  EXPECT_EQ(client({{"forwarded", "for=203.0.113.9"}, {"x-forwarded-for", "203.0.113.9"}}), "203.0.113.9");
}

TEST(ClientAddress, AddressesHaveOneSpelling) {
  EXPECT_EQ(canonical_address("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_address("2001:DB8:0:0::1"), "2001:db8::1");
  for (const char* bad : {"", "localhost", "1.2.3", "1.2.3.4.5", "::1%lo", "[::1]", "01.2.3.4x"}) {
    EXPECT_EQ(canonical_address(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(address_group("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_group("2001:db8::1"), address_group("2001:db8::ffff"));
  EXPECT_NE(address_group("2001:db8::1"), address_group("2001:db8:0:1::1"));
  EXPECT_THROW(TrustedProxies({"proxy.example"}), Error);
}

}  // namespace
}  // namespace countersign::http
