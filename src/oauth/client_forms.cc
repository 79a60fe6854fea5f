// What people do about clients: enter one, have one registered, remove one; by a handoff or from a page.
#include <algorithm>

#include "handoff/new_connection.h"
#include "handoff/rules.h"
#include "oauth/client_parts.h"
#include "oauth/client_rules.h"
#include "vault/field_check.h"

namespace countersign::oauth {
namespace {

using handoff::FieldProblem;

domain::Field field_of(std::string name, std::string label, std::size_t max_length) {
  domain::Field field;
  field.name = std::move(name);
  field.label = std::move(label);
  field.max_length = max_length;
  return field;
}

// RFC 6749 appendix A.1 and A.2 let nothing else in.
bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void check_client_id(std::string& client_id, std::vector<FieldProblem>& problems) {
  Secret typed(std::move(client_id));
  vault::trim(typed);
  client_id = typed.reveal();
  const auto field = field_of("client_id", "client id", 1024);
  std::string problem = vault::problem_with(field, std::string_view(client_id));
  if (problem.empty() && !is_visible(client_id)) {
    problem = "The client id has a character that does not belong there: no spaces, no letters beyond ASCII";
  }
  if (!problem.empty()) problems.push_back({"client_id", std::move(problem)});
}

void check_secret(Secret& secret, std::vector<FieldProblem>& problems) {
  vault::trim(secret);
  auto field = field_of("client_secret", "client secret", 4096);
  std::string problem = vault::problem_with(field, secret);
  if (problem.empty() && !is_visible(secret.reveal())) {
    problem = "The client secret has a character that does not belong there: no spaces, no letters beyond ASCII";
  }
  if (!problem.empty()) problems.push_back({"client_secret", std::move(problem)});
}

bool takes(const domain::OAuthServer& server, domain::ClientAuth auth) {
  const auto& said = server.auth_methods;
  return said.empty() || std::find(said.begin(), said.end(), domain::kClientAuthNames[auth]) != said.end();
}

void check_auth(domain::ClientAuth auth, const domain::AuthTemplate* form, const domain::OAuthServer& server,
                std::vector<FieldProblem>& problems) {
  const bool of_any_server = form == nullptr || (!names_endpoints(form->oauth->server) && !is_learned(*form->oauth));
  const auto& known = form != nullptr ? form->oauth->client_auth : std::vector<domain::ClientAuth>();
  const bool listed = of_any_server || std::find(known.begin(), known.end(), auth) != known.end();
  if (listed && takes(server, auth)) return;
  problems.push_back({"auth", "The provider does not take this way of proving who the client is. Choose another one"});
}

// Only what the template knows. Empty ones are asked for when somebody connects, unless they say where the server is.
domain::Parameters checked_labels(const domain::AuthTemplate* form, const domain::Parameters& typed,
                                  std::vector<FieldProblem>& problems) {
  domain::Parameters labels;
  if (form == nullptr) return labels;
  for (const domain::Field& field : form->fields) {
    const auto found =
        std::find_if(typed.begin(), typed.end(), [&](const auto& entry) { return entry.first == field.name; });
    std::string label = found == typed.end() ? "" : host_label(found->second);
    if (label.empty() && !is_learned(*form->oauth)) continue;
    if (std::string problem = problem_with_label(field, label); !problem.empty()) {
      problems.push_back({field.name, std::move(problem)});
    }
    labels.emplace_back(field.name, std::move(label));
  }
  return labels;
}

bool same_server(const domain::OAuthServer& a, const domain::OAuthServer& b) {
  return a.issuer == b.issuer && a.authorization_endpoint == b.authorization_endpoint &&
         a.token_endpoint == b.token_endpoint && a.refresh_endpoint == b.refresh_endpoint;
}

// The tokens that were obtained by a client are refreshed at its server: that must stay the same one. A client whose id
// is the URL of our document has no other.
void require_same_server(const domain::OAuthClient& existing, const domain::OAuthClient& client) {
  if (same_server(existing.server, client.server) && existing.integration == client.integration &&
      existing.auth_template == client.auth_template && existing.grant == client.grant &&
      existing.origin != domain::ClientOrigin::kMetadataDocument) {
    return;
  }
  throw Error(ErrorCode::kConflict, "name_taken",
              "There is a client named " + client.slug +
                  " that was set up in another way. Remove it first, or choose another name.");
}

void require_open(const domain::Handoff& handoff, Instant now) {
  const auto state = state_at(handoff, now);
  if (!domain::is_open(state)) throw handoff::state_conflict(state);
}

}  // namespace

std::pair<domain::Handoff, domain::ClientProposal> Clients::proposed(const handoff::Opener& opener,
                                                                     std::string_view link_token) const {
  auto handoff = parts_.handoffs.find_for(opener, link_token);
  if (handoff.kind != domain::HandoffKind::kOAuthClient) throw handoff::no_such_handoff();
  require_open(handoff, parts_.clock.now());
  auto proposal = parts_.store.read(
      [&](const store::Snapshot& now) { return now.oauth_clients().find_proposal(opener.workspace, handoff.id); });
  if (!proposal) throw handoff::no_such_handoff();
  // A person's own connection by a server that an agent chose: the tokens would go where an admin has not looked.
  if (proposal->foreign) require_admin(opener, "set up a client at a server that is not in the catalogue");
  if (proposal->grant == domain::OAuthGrant::kClientCredentials && proposal->change != domain::ClientChange::kRemove) {
    require_admin(opener, "set up a client that acts for itself (client credentials)");
  }
  return {std::move(handoff), std::move(*proposal)};
}

domain::OAuthClient Clients::draft_of(const Wish& wish, WorkspaceId workspace, PersonId by) const {
  domain::OAuthClient client;
  client.id = wish.proposal.client;
  client.workspace = workspace;
  client.owner = wish.owner;
  client.slug = wish.proposal.slug;
  client.integration = wish.integration ? wish.integration->slug : "";
  client.auth_template = wish.form ? wish.form->slug : "";
  client.grant = wish.proposal.grant;
  client.server = server_of(wish, {});
  client.resource = wish.proposal.resource;
  if (client.resource.empty() && wish.form) client.resource = wish.form->oauth->protected_resource;
  client.created_by = by;
  client.created_at = parts_.clock.now();
  return client;
}

std::vector<FieldProblem> Clients::fill_in(domain::OAuthClient& client, const Wish& wish, ClientForm& form) const {
  std::vector<FieldProblem> problems;
  check_client_id(form.client_id, problems);
  client.plain_fields = checked_labels(wish.form, form.plain_fields, problems);
  if (problems.empty()) client.server = server_of(wish, client.plain_fields);
  check_auth(form.auth, wish.form, client.server, problems);
  const bool by_secret = form.auth == domain::ClientAuth::kBasic || form.auth == domain::ClientAuth::kPost;
  if (by_secret) check_secret(form.client_secret, problems);
  if (!by_secret) form.client_secret = Secret();
  if (client.grant == domain::OAuthGrant::kClientCredentials && form.auth == domain::ClientAuth::kNone) {
    problems.push_back({"auth", "A client that acts for itself has to prove who it is (RFC 6749 section 4.4)"});
  }
  client.client_id = form.client_id;
  client.auth = form.auth;
  client.origin = domain::ClientOrigin::kManual;
  return problems;
}

// A client of that name is what the agent wants changed: it keeps its id, and so the redirect URI that is registered.
void Clients::take_place(domain::OAuthClient& client) const {
  const auto existing = find_by_slug(client.workspace, client.owner, client.slug);
  if (!existing) return;
  require_same_server(*existing, client);
  client.id = existing->id;
  client.created_by = existing->created_by;
  client.created_at = existing->created_at;
}

ClientSaved Clients::enter(const handoff::Opener& opener, std::string_view link_token, ClientForm form) const {
  const auto [handoff, proposal] = proposed(opener, link_token);
  if (proposal.change == domain::ClientChange::kRemove) throw handoff::no_such_handoff();
  const Wish wish = wish_of(handoff, proposal);
  auto client = draft_of(wish, opener.workspace, opener.person);
  if (auto problems = fill_in(client, wish, form); !problems.empty()) return problems;
  take_place(client);
  return complete(opener, handoff, ready(std::move(client), form.client_secret, {}));
}

// The provider is asked before anything is claimed: should the handoff be over by then, the registration is of no use
// and of no harm.
domain::OAuthClient Clients::register_now(const handoff::Opener& opener, std::string_view link_token) const {
  const auto [handoff, proposal] = proposed(opener, link_token);
  if (proposal.change != domain::ClientChange::kRegister) throw handoff::no_such_handoff();
  const Wish wish = wish_of(handoff, proposal);
  auto client = draft_of(wish, opener.workspace, opener.person);
  take_place(client);
  return complete(opener, handoff, registered(std::move(client), spec_for(wish.form), proposal.scopes));
}

domain::OAuthClient Clients::complete(const handoff::Opener& opener, const domain::Handoff& handoff,
                                      const Ready& ready) const {
  const Instant now = parts_.clock.now();
  const auto actor = domain::Actor::person(opener.person);
  parts_.store.transact([&](store::Transaction& tx) {
    handoff::claim(tx, handoff, opener, now);
    put(tx, ready, actor);
    complete(tx, handoff, ready.client.id, opener, now);
  });
  return ready.client;
}

void Clients::complete(store::Transaction& tx, const domain::Handoff& handoff, OAuthClientId client,
                       const handoff::Opener& opener, Instant now) const {
  auto event = handoff::event_for(handoff, domain::Actor::person(opener.person), "handoff.completed", now);
  event.facts.emplace_back("client", client.text());
  handoff::step(tx, handoff, domain::kCompleting, domain::kCompleted, {.now = now}, event);
}

void Clients::confirm_removal(const handoff::Opener& opener, std::string_view link_token) const {
  const auto [handoff, proposal] = proposed(opener, link_token);
  if (proposal.change != domain::ClientChange::kRemove) throw handoff::no_such_handoff();
  const auto client = find(opener.workspace, proposal.client);
  if (!client) throw unknown_client();
  const Instant now = parts_.clock.now();
  parts_.store.transact([&](store::Transaction& tx) {
    handoff::claim(tx, handoff, opener, now);
    // Gone already is what was asked for: the handoff completes all the same.
    tx.oauth_clients().remove(opener.workspace, client->id, now,
                              event_for(*client, domain::Actor::person(opener.person), "oauth_client.removed"));
    complete(tx, handoff, client->id, opener, now);
  });
}

void Clients::remove(const handoff::Opener& opener, OAuthClientId id) const {
  const auto client = find(opener.workspace, id);
  if (!client || client->removed_at != Instant()) throw unknown_client();
  if (client->owner.kind == domain::OwnerKind::kOrg) require_admin(opener, "remove a client of the org");
  if (client->owner.kind == domain::OwnerKind::kUser && client->owner.person != opener.person) throw unknown_client();
  const auto event = event_for(*client, domain::Actor::person(opener.person), "oauth_client.removed");
  const bool removed = parts_.store.transact([&](store::Transaction& tx) {
    return tx.oauth_clients().remove(opener.workspace, id, parts_.clock.now(), event);
  });
  if (!removed) throw unknown_client();
}

// A person's own act on a page: the same demands as on what an agent asked for.
Clients::Wish Clients::own_wish(const handoff::Opener& opener, const ClientRequest& request) const {
  const bool org = request.owner.value_or(domain::OwnerKind::kUser) == domain::OwnerKind::kOrg;
  if (org) require_admin(opener, "set up a client of the org");
  Wish wish = wish_of(request, org ? domain::Owner::org() : domain::Owner::user(opener.person));
  if (wish.proposal.foreign) require_admin(opener, "set up a client at a server that is not in the catalogue");
  if (wish.proposal.grant == domain::OAuthGrant::kClientCredentials) {
    require_admin(opener, "set up a client that acts for itself (client credentials)");
  }
  return wish;
}

// The id came back from the form: of a client that may be changed by who sends it, or one that nobody has yet.
void Clients::take_id(domain::OAuthClient& client, OAuthClientId id) const {
  if (!id.valid()) id = next_id();
  client.id = id;
  const auto existing = find(client.workspace, id);
  if (!existing && id.value() > next_id().value()) throw unknown_client();  // not one of ours
  if (!existing) return;
  if (existing->owner != client.owner || existing->removed_at != Instant()) throw unknown_client();
  client.slug = existing->slug;
  require_same_server(*existing, client);
  client.created_by = existing->created_by;
  client.created_at = existing->created_at;
}

ClientSaved Clients::create(const handoff::Opener& opener, const ClientRequest& request, ClientForm form) const {
  const Wish wish = own_wish(opener, request);
  auto client = draft_of(wish, opener.workspace, opener.person);
  if (request.slug.empty()) client.slug = free_slug(client);
  if (auto problems = fill_in(client, wish, form); !problems.empty()) return problems;
  take_id(client, request.id);
  return put_alone(ready(std::move(client), form.client_secret, {}), domain::Actor::person(opener.person));
}

domain::OAuthClient Clients::create_by_itself(const handoff::Opener& opener, const ClientRequest& request) const {
  const Wish wish = own_wish(opener, request);
  auto client = draft_of(wish, opener.workspace, opener.person);
  client.id = next_id();
  if (request.slug.empty()) client.slug = free_slug(client);
  const auto spec = spec_for(wish.form);
  const SetUp found = set_up_for(spec, client.server);
  if (found.way == Way::kByHand) {
    throw Error(ErrorCode::kConflict, "set_up_by_hand", found.why).recovery("oauth.clients.createHandoff");
  }
  return put_alone(by_itself(std::move(client), spec, found.way, wish.proposal.scopes),
                   domain::Actor::person(opener.person));
}

}  // namespace countersign::oauth
