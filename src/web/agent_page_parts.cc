#include "web/agent_page_parts.h"

#include "base/error.h"
#include "web/agent_facts.h"
#include "web/client_setup.h"
#include "web/show_once.h"

namespace countersign::web {
namespace {

void show_block(const SetupBlock& block, const std::string& id, Values& values) {
  values.set("BLOCK_ID", id).set("BLOCK_LABEL", block.label);
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const SetupLine& line = block.lines[i];
    Values& shown = values.add("LINE").set("TEXT", line.text).set("REST", line.rest);
    if (line.has_token) shown.show("TOKEN_HERE");
    if (i + 1 < block.lines.size()) shown.show("GOES_ON");
  }
}

void show_client(const ClientSetup& client, Values& values) {
  values.set("CLIENT_ID", client.id).set("CLIENT_TITLE", client.title).set("HOW", client.how);
  for (std::size_t i = 0; i < client.blocks.size(); ++i) {
    show_block(client.blocks[i], std::string(client.id) + "-" + std::to_string(i + 1), values.add("BLOCK"));
  }
  if (client.link == SetupLink::kCursor) values.add("CURSOR_LINK").set("CONFIG", client.link_config);
  if (client.link == SetupLink::kVsCode) values.add("VSCODE_LINK").set("CONFIG", client.link_config);
}

}  // namespace

domain::Agent agent_of(const Services& services, const http::Call& call) {
  const auto id = AgentId::parse(call.path_params.at("id"));
  if (!id) throw Error(ErrorCode::kNotFound, "unknown_agent", "There is no such agent.");
  return services.grants.get(acting_of(call.caller), *id);
}

void show_setup(const Services& services, SetupToken token, Values& values) {
  Values& setup = values.include("SETUP", "agent_setup.html");
  setup.show_either(token == SetupToken::kLive, "LIVE", "PLACEHOLDER");
  for (const ClientSetup& client : client_setups(services.settings.public_url)) {
    setup.add("TAB").set("CLIENT_ID", client.id).set("CLIENT_TITLE", client.title);
    show_client(client, setup.add("CLIENT"));
  }
}

http::Response token_page(const Services& services, const http::Call& call, const identity::IssuedGrant& issued,
                          TokenOccasion occasion) {
  const Instant now = services.clock.now();
  const domain::Agent& agent = issued.agent;
  Page page(services, call, Section::kAgents);
  Values& values = page.content("agent_token.html", occasion == TokenOccasion::kCreated ? "Connected" : "A new token");
  values.show_either(occasion == TokenOccasion::kCreated, "CREATED", "ROTATED");
  values.set("NAME", agent.name, 100).set("ID", agent.id.text()).set("EXPIRES", expiry_words(agent.expires_at, now));
  const bool overlaps = now < agent.old_token_until;
  if (occasion == TokenOccasion::kRotated) values.show_either(overlaps, "OVERLAP", "NO_OVERLAP");
  if (overlaps) values.set("OLD_UNTIL", expiry_words(agent.old_token_until, now));
  show_scopes(agent.scopes, values);
  show_setup(services, SetupToken::kLive, values);
  return with_secret_shown(page.answer(), issued.token);
}

}  // namespace countersign::web
