// The JSON of an answer, its tokens and its account: what all answers of authorization servers share. For this
// folder. Pure; the answers are hostile.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/secret_json.h"
#include "domain/oauth.h"
#include "http/client.h"

namespace countersign::oauth {

// An object of JSON within `most` bytes; nothing when it is anything else, or when a content type says so.
std::optional<SecretJson> json_of(const http::ClientResponse& response, std::size_t most = 64 * 1024);

// RFC 6749 appendix A: visible ASCII, here of 16 KiB at most. Empty when there is none, or it is no token.
Secret token_at(const SecretJson& answer, std::string_view pointer);
bool is_token_text(std::string_view text);

struct NamedAccount {
  std::string id;     // of all `source.id` joined by '|', numbers as text; empty unless each of them is there
  std::string label;  // one line, cut
};
NamedAccount account_in(const SecretJson& answer, const domain::AccountSource& source);

// Text or a whole number, as text.
std::optional<std::string> plain_text_at(const SecretJson& answer, std::string_view pointer);

}  // namespace countersign::oauth
