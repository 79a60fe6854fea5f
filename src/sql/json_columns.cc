#include "sql/json_columns.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace countersign::sql {
namespace {

using domain::OAuthServer;

// Written by us: the limits only guard against damage. What a provider granted may be a long list.
constexpr JsonLimits kOwnText{.bytes = 8 << 20, .values = 1 << 20};

Json list_of(const std::vector<domain::ProviderReference>& references) {
  Json list = Json::array();
  for (const auto& one : references) list.push_back({one.field, one.provider, one.item});
  return list;
}

void read_list(const Json& list, std::vector<domain::ProviderReference>& references) {
  for (const Json& one : list) references.push_back({one.at(0), one.at(1), one.at(2)});
}

constexpr std::array<std::pair<const char*, std::string OAuthServer::*>, 9> kServerTexts{{
    {"issuer", &OAuthServer::issuer},
    {"authorization", &OAuthServer::authorization_endpoint},
    {"token", &OAuthServer::token_endpoint},
    {"refresh", &OAuthServer::refresh_endpoint},
    {"revocation", &OAuthServer::revocation_endpoint},
    {"registration", &OAuthServer::registration_endpoint},
    {"par", &OAuthServer::par_endpoint},
    {"jwks", &OAuthServer::jwks_uri},
    {"userinfo", &OAuthServer::userinfo_endpoint},
}};

constexpr std::array<std::pair<const char*, bool OAuthServer::*>, 4> kServerFlags{{
    {"par_required", &OAuthServer::par_required},
    {"iss_in_callback", &OAuthServer::iss_in_callback},
    {"client_id_metadata", &OAuthServer::client_id_metadata},
    {"s256", &OAuthServer::s256},
}};

constexpr std::array<std::pair<const char*, std::vector<std::string> OAuthServer::*>, 2> kServerLists{{
    {"auth_methods", &OAuthServer::auth_methods},
    {"scopes", &OAuthServer::scopes},
}};

}  // namespace

std::string text_of(const PlainFields& fields) {
  Json list = Json::array();
  for (const auto& [name, value] : fields) list.push_back({name, value});
  return dump_json(list);
}

std::string text_of(const Texts& texts) { return dump_json(texts); }

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

std::string text_of(const OAuthServer& server) {
  if (server == OAuthServer()) return {};
  Json stored = Json::object();
  for (const auto& [name, text] : kServerTexts) {
    if (!(server.*text).empty()) stored[name] = server.*text;
  }
  for (const auto& [name, flag] : kServerFlags) stored[name] = server.*flag;
  for (const auto& [name, list] : kServerLists) {
    if (!(server.*list).empty()) stored[name] = server.*list;
  }
  return dump_json(stored);
}

void read_json(std::string_view text, PlainFields& fields) {
  if (text == "[]") return;
  for (const Json& one : parse_json(text, kOwnText)) fields.emplace_back(one.at(0), one.at(1));
}

void read_json(std::string_view text, Texts& texts) {
  if (text == "[]") return;
  texts = parse_json(text, kOwnText).get<Texts>();
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

// Flags stand in every text: a default that changes later does not change what was stored.
void read_json(std::string_view text, OAuthServer& server) {
  if (text.empty()) return;
  const Json stored = parse_json(text, kOwnText);
  for (const auto& [name, member] : kServerTexts) server.*member = stored.value(name, std::string());
  for (const auto& [name, member] : kServerFlags) server.*member = stored.at(name);
  for (const auto& [name, member] : kServerLists) server.*member = stored.value(name, Texts());
}

}  // namespace countersign::sql
