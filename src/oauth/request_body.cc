#include "oauth/request_body.h"

#include <algorithm>
#include <utility>

#include "base/secret_text.h"

namespace countersign::oauth {

void RequestBody::add(std::string_view name, std::string_view value) {
  if (value.empty() || std::find(names_.begin(), names_.end(), name) != names_.end()) return;
  if (is_json()) {
    text_.push_back(names_.empty() ? '{' : ',');
    append_json_quoted(text_, name);
    text_.push_back(':');
    append_json_quoted(text_, value);
  } else {
    if (!names_.empty()) text_.push_back('&');
    append_percent_encoded(text_, name);
    text_.push_back('=');
    append_percent_encoded(text_, value);
  }
  names_.emplace_back(name);
}

void RequestBody::add(const domain::Parameters& parameters) {
  for (const auto& [name, value] : parameters) add(name, value);
}

void RequestBody::put_into(http::ClientRequest& request) {
  if (is_json()) append(text_, names_.empty() ? "{}" : "}");
  request.headers.push_back({"Content-Type", is_json() ? "application/json" : "application/x-www-form-urlencoded", {}});
  request.body = std::move(text_);
}

}  // namespace countersign::oauth
