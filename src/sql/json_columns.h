// Columns that hold a list, as JSON: written and read by us alone, never searched. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/connection.h"
#include "domain/handoff.h"
#include "domain/oauth.h"
#include "sql/driver.h"

namespace countersign::sql {

using PlainFields = std::vector<std::pair<std::string, std::string>>;  // domain::Parameters too
using Texts = std::vector<std::string>;

// "[]" when there is nothing. The same value always gives the same bytes.
std::string text_of(const PlainFields& fields);
std::string text_of(const Texts& texts);
std::string text_of(const std::vector<domain::SecretTrace>& traces);
std::string text_of(const std::vector<domain::ProviderReference>& references);
// Empty when nothing is proposed: most handoffs propose nothing, and a poll should parse nothing.
std::string text_of(const domain::Proposal& proposal);
// Empty for a server of which nothing is known yet.
std::string text_of(const domain::OAuthServer& server);

// Into a value that is still empty.
void read_json(std::string_view text, PlainFields& fields);
void read_json(std::string_view text, Texts& texts);
void read_json(std::string_view text, std::vector<domain::SecretTrace>& traces);
void read_json(std::string_view text, std::vector<domain::ProviderReference>& references);
void read_json(std::string_view text, domain::Proposal& proposal);
void read_json(std::string_view text, domain::OAuthServer& server);

// What a column of JSON is read into, see Query::into().
template <class Value>
struct JsonInto {
  Value& out;
};
template <class Value>
JsonInto(Value&) -> JsonInto<Value>;
template <class Value>
void read(const Statement& from, int at, JsonInto<Value> value) {
  read_json(from.text(at), value.out);
}

}  // namespace countersign::sql
