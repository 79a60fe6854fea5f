// The body of a request to an authorization server, put together in memory that is wiped. For this folder. Each name
// once: the first of a name stays (RFC 6749 section 3.2), so what is ours goes in before what a provider's file adds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/wipe.h"
#include "domain/oauth.h"
#include "http/client.h"

namespace countersign::oauth {

class RequestBody {
 public:
  explicit RequestBody(domain::TokenBody style) : style_(style) {}

  // `value` may be a secret; it is copied into wiped memory only. An empty one is left out.
  void add(std::string_view name, std::string_view value);
  void add(const domain::Parameters& parameters);
  // Into `request`, with the content type.
  void put_into(http::ClientRequest& request);

 private:
  bool is_json() const { return style_ == domain::TokenBody::kJson; }

  const domain::TokenBody style_;
  std::vector<std::string> names_;
  WipingBuffer text_;
};

}  // namespace countersign::oauth
