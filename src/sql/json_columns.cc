#include "sql/json_columns.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace countersign::sql {
namespace {

constexpr JsonLimits kOwnText{.bytes = 1 << 20};  // written by us; the limit only guards against damage

Json list_of(const std::vector<domain::ProviderReference>& references) {
  Json list = Json::array();
  for (const auto& one : references) list.push_back({one.field, one.provider, one.item});
  return list;
}

void read_list(const Json& list, std::vector<domain::ProviderReference>& references) {
  for (const Json& one : list) references.push_back({one.at(0), one.at(1), one.at(2)});
}

}  // namespace

std::string text_of(const PlainFields& fields) {
  Json list = Json::array();
  for (const auto& [name, value] : fields) list.push_back({name, value});
  return dump_json(list);
}

std::string text_of(const std::vector<domain::SecretTrace>& traces) {
  Json list = Json::array();
  for (const auto& trace : traces) list.push_back({trace.field, trace.version, trace.fingerprint, trace.last4});
  return dump_json(list);
}

std::string text_of(const std::vector<domain::ProviderReference>& references) { return dump_json(list_of(references)); }

std::string text_of(const domain::Proposal& proposal) {
  if (proposal.name.empty() && proposal.identity_label.empty() && proposal.references.empty()) return {};
  return dump_json({{"name", proposal.name},
                    {"identity_label", proposal.identity_label},
                    {"references", list_of(proposal.references)}});
}

void read_json(std::string_view text, PlainFields& fields) {
  if (text == "[]") return;
  for (const Json& one : parse_json(text, kOwnText)) fields.emplace_back(one.at(0), one.at(1));
}

void read_json(std::string_view text, std::vector<domain::SecretTrace>& traces) {
  if (text == "[]") return;
  for (const Json& one : parse_json(text, kOwnText)) traces.push_back({one.at(0), one.at(1), one.at(2), one.at(3)});
}

void read_json(std::string_view text, std::vector<domain::ProviderReference>& references) {
  if (text == "[]") return;
  read_list(parse_json(text, kOwnText), references);
}

void read_json(std::string_view text, domain::Proposal& proposal) {
  if (text.empty()) return;
  const Json stored = parse_json(text, kOwnText);
  proposal.name = stored.at("name");
  proposal.identity_label = stored.at("identity_label");
  read_list(stored.at("references"), proposal.references);
}

}  // namespace countersign::sql
