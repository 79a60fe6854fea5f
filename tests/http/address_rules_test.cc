#include "http/address_rules.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "base/error.h"

namespace countersign::http {
namespace {

Address address(std::string_view text) {
  const auto parsed = parse_address(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Address{});
}

struct Row {
  const char* text;
  AddressKind kind;
};

// First and last of each range, and the neighbours outside.
constexpr Row kFour[] = {
    {"0.0.0.0", AddressKind::kUnspecified},
    {"0.255.255.255", AddressKind::kUnspecified},
    {"1.0.0.0", AddressKind::kPublic},
    {"9.255.255.255", AddressKind::kPublic},
    {"10.0.0.0", AddressKind::kPrivate},
    {"10.255.255.255", AddressKind::kPrivate},
    {"11.0.0.0", AddressKind::kPublic},
    {"100.63.255.255", AddressKind::kPublic},
    {"100.64.0.0", AddressKind::kShared},
    {"100.100.100.200", AddressKind::kShared},
    {"100.127.255.255", AddressKind::kShared},
    {"100.128.0.0", AddressKind::kPublic},
    {"127.0.0.1", AddressKind::kLoopback},
    {"127.255.255.255", AddressKind::kLoopback},
    {"128.0.0.0", AddressKind::kPublic},
    {"168.63.129.16", AddressKind::kReserved},
    {"168.63.129.17", AddressKind::kPublic},
    {"169.254.169.254", AddressKind::kLinkLocal},
    {"169.255.0.0", AddressKind::kPublic},
    {"172.15.255.255", AddressKind::kPublic},
    {"172.16.0.0", AddressKind::kPrivate},
    {"172.31.255.255", AddressKind::kPrivate},
    {"172.32.0.0", AddressKind::kPublic},
    {"192.0.0.192", AddressKind::kReserved},
    {"192.0.2.1", AddressKind::kReserved},
    {"192.88.99.1", AddressKind::kReserved},
    {"192.167.255.255", AddressKind::kPublic},
    {"192.168.0.0", AddressKind::kPrivate},
    {"192.168.255.255", AddressKind::kPrivate},
    {"192.169.0.0", AddressKind::kPublic},
    {"198.17.255.255", AddressKind::kPublic},
    {"198.18.0.0", AddressKind::kReserved},
    {"198.19.255.255", AddressKind::kReserved},
    {"198.20.0.0", AddressKind::kPublic},
    {"198.51.100.7", AddressKind::kReserved},
    {"203.0.113.7", AddressKind::kReserved},
    {"223.255.255.255", AddressKind::kPublic},
    {"224.0.0.1", AddressKind::kMulticast},
    {"239.255.255.255", AddressKind::kMulticast},
    {"240.0.0.0", AddressKind::kReserved},
    {"255.255.255.255", AddressKind::kReserved},
    {"8.8.8.8", AddressKind::kPublic},
};

constexpr Row kSix[] = {
    {"::", AddressKind::kUnspecified},
    {"::1", AddressKind::kLoopback},
    {"::2", AddressKind::kCarriesFour},
    {"::127.0.0.1", AddressKind::kCarriesFour},
    {"::ffff:127.0.0.1", AddressKind::kCarriesFour},
    {"::ffff:8.8.8.8", AddressKind::kCarriesFour},
    {"::ffff:0:127.0.0.1", AddressKind::kCarriesFour},
    {"64:ff9b::169.254.169.254", AddressKind::kCarriesFour},
    {"64:ff9b:1::10.0.0.1", AddressKind::kCarriesFour},
    {"64:ff9b:2::1", AddressKind::kReserved},
    {"2002:7f00:1::1", AddressKind::kCarriesFour},
    {"2001:0:4136:e378:8000:63bf:80ff:fffe", AddressKind::kCarriesFour},
    {"2a00:1450::5efe:10.0.0.1", AddressKind::kCarriesFour},
    {"2a00:1450::200:5efe:10.0.0.1", AddressKind::kCarriesFour},
    {"100::1", AddressKind::kReserved},
    {"1fff:ffff::1", AddressKind::kReserved},
    {"2000::1", AddressKind::kPublic},
    {"2001:2::1", AddressKind::kReserved},
    {"2001:1ff::1", AddressKind::kReserved},
    {"2001:200::1", AddressKind::kPublic},
    {"2001:db8::1", AddressKind::kReserved},
    {"2001:4860:4860::8888", AddressKind::kPublic},
    {"2003::1", AddressKind::kPublic},
    {"3fff:fff::1", AddressKind::kReserved},
    {"3fff:1000::1", AddressKind::kPublic},
    {"4000::1", AddressKind::kReserved},
    {"fbff::1", AddressKind::kReserved},
    {"fc00::1", AddressKind::kPrivate},
    {"fd00:ec2::254", AddressKind::kPrivate},
    {"fe80::1", AddressKind::kLinkLocal},
    {"febf::1", AddressKind::kLinkLocal},
    {"fec0::1", AddressKind::kPrivate},
    {"ff02::1", AddressKind::kMulticast},
};

TEST(AddressRules, EveryRangeHasItsKind) {
  for (const Row& row : kFour) EXPECT_EQ(name(kind_of(address(row.text))), name(row.kind)) << row.text;
  for (const Row& row : kSix) EXPECT_EQ(name(kind_of(address(row.text))), name(row.kind)) << row.text;
}

TEST(AddressRules, C049_OnlyPublicAddressesAreAdmittedByThemselves) {
  const AddressRules rules({});
  for (const Row& row : kFour) {
    EXPECT_EQ(rules.admits(address(row.text), "a.example"), row.kind == AddressKind::kPublic) << row.text;
  }
  for (const Row& row : kSix) {
    EXPECT_EQ(rules.admits(address(row.text), "a.example"), row.kind == AddressKind::kPublic) << row.text;
  }
}

TEST(AddressRules, TheFourInsideTheSixIsFound) {
  const auto inside = [](std::string_view text) {
    const auto four = carried_four(address(text));
    return four ? text_of(*four) : "none";
  };
  EXPECT_EQ(inside("::ffff:10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(inside("::10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(inside("64:ff9b::10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(inside("2002:c0a8:101::1"), "192.168.1.1");
  EXPECT_EQ(inside("2001:0:4136:e378:8000:63bf:3fff:fdd2"), "192.0.2.45") << "RFC 4380's client, bits inverted";
  EXPECT_EQ(inside("fe80::5efe:10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(inside("::1"), "none");
  EXPECT_EQ(inside("2606:4700::1111"), "none");
  EXPECT_EQ(inside("10.1.2.3"), "none");
}

TEST(AddressRules, AListedNetworkIsAdmittedToItsLastBit) {
  const AddressRules rules({"10.1.0.0/17", "192.168.7.9", "fd12:3456::/33"});
  EXPECT_TRUE(rules.admits(address("10.1.127.255"), "a.example"));
  EXPECT_FALSE(rules.admits(address("10.1.128.0"), "a.example"));
  EXPECT_TRUE(rules.admits(address("192.168.7.9"), "a.example"));
  EXPECT_FALSE(rules.admits(address("192.168.7.8"), "a.example"));
  EXPECT_TRUE(rules.admits(address("fd12:3456:7fff::1"), "a.example"));
  EXPECT_FALSE(rules.admits(address("fd12:3456:8000::1"), "a.example"));
  EXPECT_FALSE(rules.admits(address("::ffff:10.1.0.1"), "a.example")) << "another spelling is another address";
}

TEST(AddressRules, AListedHostIsThatHostAloneAndNeverTheMetadataService) {
  const AddressRules rules({"Vault.Corp.example."});
  EXPECT_TRUE(rules.admits(address("10.0.0.1"), "vault.corp.example"));
  EXPECT_TRUE(rules.admits(address("100.64.0.1"), "VAULT.corp.example."));
  EXPECT_FALSE(rules.admits(address("10.0.0.1"), "evil.vault.corp.example"));
  EXPECT_FALSE(rules.admits(address("10.0.0.1"), "corp.example"));
  EXPECT_FALSE(rules.admits(address("169.254.169.254"), "vault.corp.example"));
  EXPECT_FALSE(rules.admits(address("::ffff:10.0.0.1"), "vault.corp.example"));
  EXPECT_TRUE(AddressRules({"169.254.1.1"}).admits(address("169.254.1.1"), "a.example"));
}

TEST(AddressRules, BehindNat64OnlyPublicAddressesOpen) {
  const AddressRules rules({"64:ff9b::/96"});
  EXPECT_TRUE(rules.admits(address("64:ff9b::8.8.8.8"), "a.example"));
  EXPECT_FALSE(rules.admits(address("64:ff9b::10.0.0.1"), "a.example"));
  EXPECT_FALSE(rules.admits(address("64:ff9b::169.254.169.254"), "a.example"));
  EXPECT_TRUE(AddressRules({"64:ff9b::/96", "10.0.0.0/8"}).admits(address("64:ff9b::10.0.0.1"), "a.example"));
}

TEST(AddressRules, AnEntryThatMeansNothingIsRefused) {
  for (const char* bad : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "::/129", "a.example/8",
                          "https://a.example", "10.0.0", "10.0.0.1:80", "*.example", "a b"}) {
    EXPECT_THROW(AddressRules({bad}), Error) << bad;
  }
}

TEST(AddressRules, ASocketAddressOfAnotherFamilyIsNone) {
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(address_of(other));
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(0x0a010203);
  EXPECT_EQ(text_of(*address_of(reinterpret_cast<const sockaddr&>(four))), "10.1.2.3");
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_loopback;
  EXPECT_EQ(text_of(*address_of(reinterpret_cast<const sockaddr&>(six))), "::1");
}

}  // namespace
}  // namespace countersign::http
