// Our registrations at authorization servers: pre-registered by a person, by a Client ID Metadata Document that we
// serve, by dynamic registration, or entered by hand. The kind of handoff `oauth_client`, and what pages do directly.
//
// Kept here: a client's credentials go to the server it was registered at and nowhere else; endpoints that an agent
// proposed take effect only after an admin has seen their hosts; client_credentials too. Stateless, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/oauth_client.h"
#include "oauth/discovery.h"
#include "oauth/parts.h"
#include "oauth/server_calls.h"

namespace countersign::oauth {

struct ClientOptions {
  std::string public_url;
  bool reachable = false;  // an https URL of ours that servers can fetch: then a metadata document works
  std::string client_name = "Countersign";
};

// `oauth.clients.create`, `.createHandoff`, `.registerDynamic` and `.remove`, by what they want done.
struct ClientRequest {
  domain::ClientChange change = domain::ClientChange::kEnter;
  std::string integration;  // slug; empty: for no integration of the catalogue
  std::string auth_template;
  std::optional<domain::OwnerKind> owner;
  std::string slug;  // empty: the integration's
  domain::OAuthGrant grant = domain::OAuthGrant::kAuthorizationCode;
  std::string client_id;
  domain::OAuthServer server;  // the agent's own endpoints; empty ones are the catalogue's
  std::string resource;
  std::vector<std::string> scopes;
  std::string label;
  std::string request_key;
  OAuthClientId id;  // create(): the one its redirect URI was shown with (next_id()), or of the client that gets
                     // another secret; none: a new one
};

// How a client for an integration comes to be, and why: for the page.
enum class Way { kMetadataDocument, kDynamic, kByHand };
struct SetUp {
  Way way = Way::kByHand;
  std::string why;             // "The provider offers dynamic registration, and this server has no public address …"
  domain::OAuthServer server;  // resolved; endpoints empty when they could not be learned
  std::string problem;         // the provider could not be asked; empty: it could
};

// What the person entered.
struct ClientForm {
  std::string client_id;
  Secret client_secret;
  domain::ClientAuth auth = domain::ClientAuth::kBasic;
  domain::Parameters plain_fields;  // host labels; one left out is asked for whenever somebody connects
};
using ClientSaved = std::variant<domain::OAuthClient, std::vector<handoff::FieldProblem>>;

// What the person is shown of a proposal: facts first.
struct ClientCard {
  domain::ClientProposal proposal;
  std::string redirect_uri;
  domain::OAuthServer server;                   // where it would be used: the catalogue's or the proposed one
  std::vector<std::string> hosts;               // of all endpoints and of a resource, each once: what an admin confirms
  std::optional<domain::OAuthClient> existing;  // the one to remove, or the one of this slug that it would replace
  std::size_t used_by = 0;                      // live connections of `existing`
};

class Clients {
 public:
  Clients(const Parts& parts, const Discovery& discovery, const ServerCalls& calls, ClientOptions options);

  // --- the agent's side ---
  std::vector<domain::OAuthClient> list(const handoff::Asker& asker, std::string_view integration) const;
  // Throws kNotFound `unknown_integration`, `unknown_template`, kInvalidArgument `bad_slug`, `bad_endpoint`,
  // `no_endpoints`, kConflict `subject_required`; for kRemove kNotFound `unknown_client`.
  handoff::Minted mint(const handoff::Asker& asker, const ClientRequest& request) const;

  // --- the person's side ---
  std::vector<domain::OAuthClient> list(const handoff::Opener& opener, std::string_view integration) const;
  ClientCard look(const handoff::Opener& opener, const domain::Handoff& handoff) const;
  // Throws kPermissionDenied `admin_needed` for a foreign endpoint or an org's client, kConflict as the handoff's
  // state.
  ClientSaved enter(const handoff::Opener& opener, std::string_view link_token, ClientForm form) const;
  // Registers dynamically. Throws also kUpstream `registration_refused`: the handoff stays open.
  domain::OAuthClient register_now(const handoff::Opener& opener, std::string_view link_token) const;
  void confirm_removal(const handoff::Opener& opener, std::string_view link_token) const;

  // Without a handoff, from the integration's page: for org by an admin, for oneself by anybody.
  SetUp set_up(std::string_view integration, std::string_view auth_template) const;
  ClientSaved create(const handoff::Opener& opener, const ClientRequest& request, ClientForm form) const;
  // By metadata document or by dynamic registration, whichever set_up() says. Throws kConflict `set_up_by_hand`.
  domain::OAuthClient create_by_itself(const handoff::Opener& opener, const ClientRequest& request) const;
  void remove(const handoff::Opener& opener, OAuthClientId id) const;
  // The redirect URI that a client made next on this page would have; `id` is kept in the form.
  std::string redirect_uri(OAuthClientId id) const;
  OAuthClientId next_id() const;
  // How many live connections were made with it.
  std::size_t used_by(const domain::OAuthClient& client) const;

  // --- for this module ---
  // The client an integration is connected with when nobody names one: the owner's own, else the org's, newest first,
  // none whose secret has ended; else made by itself where the catalogue's provider allows it. Throws kConflict
  // `oauth_client_missing`, recovery `oauth.clients.createHandoff`.
  domain::OAuthClient pick(const handoff::Asker& asker, const domain::Integration& integration,
                           const domain::AuthTemplate& form, const domain::Owner& owner) const;
  std::optional<domain::OAuthClient> find(WorkspaceId workspace, OAuthClientId id) const;
  OpenedClient open(const domain::OAuthClient& client) const;

  // --- for the public ---
  // The document of a metadata-document client (draft-ietf-oauth-client-id-metadata-document), or its key set; JSON.
  // kNotFound for any other client.
  std::string metadata_document(OAuthClientId id) const;
  std::string key_set(OAuthClientId id) const;

 private:
  struct Wish;   // what a client is to be, checked
  struct Ready;  // a client with its sealed fields, to be stored

  std::optional<domain::OAuthClient> known_for(const domain::Owner& owner, WorkspaceId workspace,
                                               const domain::Integration& integration,
                                               const domain::AuthTemplate& form) const;

  Wish wish_of(const ClientRequest& request, domain::Owner owner) const;
  Wish wish_of(const domain::Handoff& handoff, const domain::ClientProposal& proposal) const;
  Wish own_wish(const handoff::Opener& opener, const ClientRequest& request) const;
  std::pair<domain::Handoff, domain::ClientProposal> proposed(const handoff::Opener& opener,
                                                              std::string_view link_token) const;
  std::optional<domain::OAuthClient> find_by_slug(WorkspaceId workspace, const domain::Owner& owner,
                                                  std::string_view slug) const;
  domain::OAuthServer server_of(const Wish& wish, const domain::Parameters& plain_fields) const;
  domain::OAuthServer learned(const domain::AuthTemplate& form, const domain::Parameters& plain_fields) const;
  SetUp set_up_for(const domain::OAuthSpec& spec, domain::OAuthServer server) const;

  domain::OAuthClient draft_of(const Wish& wish, WorkspaceId workspace, PersonId by) const;
  std::vector<handoff::FieldProblem> fill_in(domain::OAuthClient& client, const Wish& wish, ClientForm& form) const;
  void take_place(domain::OAuthClient& client) const;
  void take_id(domain::OAuthClient& client, OAuthClientId id) const;
  std::string free_slug(const domain::OAuthClient& client) const;
  bool is_native() const;
  std::string document_url(OAuthClientId id) const;
  domain::OAuthClient published(OAuthClientId id) const;

  Ready ready(domain::OAuthClient client, const Secret& secret, const Secret& registration_token) const;
  void add_secret(Ready& ready, std::string_view field, const Secret& value) const;
  Ready by_itself(domain::OAuthClient client, const domain::OAuthSpec& spec, Way way,
                  const std::vector<std::string>& scopes) const;
  Ready documented(domain::OAuthClient client) const;
  Ready registered(domain::OAuthClient client, const domain::OAuthSpec& spec,
                   const std::vector<std::string>& scopes) const;
  // Under an id that is stored already it takes the place of what is there.
  void put(store::Transaction& tx, const Ready& ready, const domain::Actor& actor) const;
  domain::OAuthClient put_alone(const Ready& ready, const domain::Actor& actor) const;
  domain::OAuthClient complete(const handoff::Opener& opener, const domain::Handoff& handoff, const Ready& ready) const;
  void complete(store::Transaction& tx, const domain::Handoff& handoff, OAuthClientId client,
                const handoff::Opener& opener, Instant now) const;
  domain::AuditEvent event_for(const domain::OAuthClient& client, const domain::Actor& actor,
                               std::string_view action) const;

  const Parts parts_;
  const Discovery& discovery_;
  const ServerCalls& calls_;
  const ClientOptions options_;
};

// The rules a client is used by: those of its template, or plain RFC 6749 for one of no integration.
// Null `form`: no template. The result's endpoints are empty; they are the client's.
domain::OAuthSpec spec_for(const domain::AuthTemplate* form);
// Host labels put in: "https://{shop}.example.com" with {"shop","acme"}. Throws kInvalidArgument `bad_host_label`.
domain::OAuthServer filled(const domain::OAuthServer& server, const domain::Parameters& plain_fields);

}  // namespace countersign::oauth
