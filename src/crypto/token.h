// Bearer tokens: `cs_<kind>_<row key>_<secret>`, e.g. `cs_agent_01jd8w3m5k2va_` and 43 base64url characters
// of 32 bytes, random unless derived. The text is shown once; only a keyed hash is stored.
//
// Checking one: parse, fetch the row by its key (one lookup, no index over hashes), compare in constant
// time. A token of another kind or row has another hash. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/key.h"

namespace countersign::crypto {

struct IssuedToken {
  Secret text;
  std::string hash;  // 32 bytes to store, worthless without the token key
};

struct ParsedToken {
  std::string kind;
  std::int64_t row_key = 0;
  Secret secret;  // the 32 bytes
};

// `kind` is a word of 1 to 16 lower-case letters ("agent", "session", "signin"), `row_key` an id's value.
IssuedToken issue_token(std::string_view kind, std::int64_t row_key, const Key& token_key, Random& random);

// A token that can be made again, so that one whose delivery was lost can be shown once more without having
// been stored: its secret is a MAC of `parts` under the token key. `parts` must name one use for ever.
IssuedToken derive_token(std::string_view kind, std::int64_t row_key, const Key& token_key,
                         std::initializer_list<std::string_view> parts);

// Empty unless it is exactly what issue_token writes. Says nothing about whether it is valid.
std::optional<ParsedToken> parse_token(std::string_view text);

std::string token_hash(const Key& token_key, const ParsedToken& token);
// Constant time. False for a stored hash of another length, such as an empty one.
bool token_matches(const Key& token_key, const ParsedToken& token, std::string_view stored_hash);

}  // namespace countersign::crypto
