// The kind of handoff `oauth`: a person consents at the provider, and it becomes a connection.
//
//   mint ▸ link ▸ card ▸ leave ──▶ provider ──▶ callback: land ▸ claim ▸ redeem ▸ settle ▸ result page
//
// Kept here (facts: oauth checklist A, B, G): the opener is the subject; `state` is minted when the person leaves, is
// single-use, ten minutes, bound to the browser; the code goes to the token endpoint of this very transaction; on a
// wrong `iss` nothing is sent and nothing of the callback is shown; a reconnect keeps its id and refuses another
// account. Claim, call, settle: no network inside a transaction. Stateless but for whom it has told the record about;
// thread-safe; blocks on the network.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/oauth_account.h"
#include "domain/oauth_flow.h"
#include "oauth/clients.h"
#include "oauth/id_token.h"

namespace countersign::oauth {

struct ConnectRequest {
  std::string client;  // slug; empty: Clients::pick
  std::optional<domain::OwnerKind> client_owner;
  std::optional<domain::OwnerKind> owner;
  std::string name;  // empty: the integration's
  std::string integration;
  std::string auth_template;  // empty: the integration's first of kind oauth2
  std::string identity_label;
  std::vector<std::string> scopes;  // empty: the template's
  std::string redirect_uri;         // must be the client's own, if given
  std::string label;
  std::string request_key;
};
// `connected`: the owner has this connection already, it works, by this client and with these scopes.
using Started = std::variant<handoff::Minted, domain::Connection>;

struct ScopeFact {
  std::string name;
  std::string words;  // empty: the provider's name is all there is
};

// What the person is shown beside the handoff's own card.
struct ConnectCard {
  domain::OAuthFlow flow;
  std::optional<domain::OAuthClient> client;  // nothing: removed meanwhile
  std::vector<ScopeFact> scopes;
  std::string leads_to;  // host of the authorization endpoint, or of the token endpoint
  domain::Pkce pkce = domain::Pkce::kS256;
  std::string pkce_reason;                   // set for a waiver
  std::vector<const domain::Field*> fields;  // to fill in before leaving: host labels, and the base URL where the
                                             // person decides it (handoff::kBaseUrlField)
  catalog::IntegrationPtr integration;       // keeps `fields` alive; null when it is not in the catalogue any more
  std::optional<domain::Connection> reconnects;
  std::optional<domain::OAuthAccount> account;  // of the result, or of what is reconnected
  std::vector<ScopeFact> missing;               // asked, not granted
  std::vector<ScopeFact> extra;                 // granted, not asked
};

struct Leaving {
  std::string authorization_url;  // for a plain link: never a Location
  std::string host;
  Secret browser_proof;  // for the flow's cookie, which the callback needs
};

struct Callback {
  std::string_view client;                                       // of the path
  const std::map<std::string, std::string, std::less<>>& query;  // each name once
  // The value of the flow's cookie, by the handoff it belongs to; empty: the browser brought none.
  std::function<Secret(HandoffId)> browser_proof;
};
struct Landed {
  HandoffId handoff;
  std::string link_token;  // where the page goes on: /h/<link_token>
};

class Connect {
 public:
  Connect(const Parts& parts, const Clients& clients, const Discovery& discovery, const ServerCalls& calls,
          const IdTokens& id_tokens);
  ~Connect();

  // --- the agent's side ---
  // Throws kNotFound `unknown_integration`, `unknown_template`, `unknown_client`, kInvalidArgument `bad_redirect_uri`,
  // `bad_name`, `bad_scope`, kConflict `oauth_client_missing`, `subject_required`, `name_taken` (by a connection of
  // another kind), `client_elsewhere` (registered at another server than the template's), `request_key_reused`,
  // kPermissionDenied `org_only` (an org's own client credentials for a person).
  Started start(const handoff::Asker& asker, const ConnectRequest& request) const;
  // A person's own wish, from a page: to connect, or to connect again.
  handoff::Minted start_own(const handoff::Opener& opener, const ConnectRequest& request) const;
  handoff::Minted reconnect(const handoff::Opener& opener, ConnectionId connection) const;

  // --- the person's side ---
  ConnectCard look(const domain::Handoff& handoff) const;
  // Continue: mints state, verifier and nonce, pushes the request where the server wants it (RFC 9126). Problems are
  // about host labels. Throws kUpstream when the provider could not be asked: the handoff stays open.
  std::variant<Leaving, std::vector<handoff::FieldProblem>> leave(const handoff::Opener& opener,
                                                                  std::string_view link_token,
                                                                  const domain::Parameters& typed) const;
  // For client credentials: nobody leaves, the token is asked for at once.
  std::variant<Landed, std::vector<handoff::FieldProblem>> connect_now(const handoff::Opener& opener,
                                                                       std::string_view link_token,
                                                                       const domain::Parameters& typed) const;
  // The provider's redirect. Throws kInvalidArgument `bad_state` (missing, unknown, malformed, another client's),
  // kPermissionDenied `other_browser`, kConflict `state_used` or `state_expired`. Whatever the provider said, and
  // whatever went wrong at it, is in the handoff and its flow when this returns.
  Landed land(const Callback& callback) const;
  // "Wrong account": what was connected by this handoff is removed again, by its subject.
  void undo(const handoff::Opener& opener, std::string_view link_token) const;

  // For a job: flows whose redeemer died are opened again.
  void recover() const;

 private:
  struct Wish;      // what is to be connected, checked
  struct Step;      // a flow with everything it rests on
  struct Typed;     // what the person filled in, checked
  struct Ticket;    // the secrets of one departure
  struct Arrival;   // a callback that came by right
  struct Grant;     // tokens that came, and what belongs to them
  class Strangers;  // which refusals are in the record already

  Wish wish_of(const handoff::Asker& asker, const domain::Owner& owner, const ConnectRequest& request) const;
  domain::OAuthClient client_for(const handoff::Asker& asker, const domain::Owner& owner, const ConnectRequest& request,
                                 const Wish& wish) const;
  std::optional<domain::Connection> connected(Wish& wish) const;
  handoff::Handoffs::Draft draft_of(const Wish& wish) const;

  Step step_of(domain::Handoff handoff, domain::OAuthFlow flow) const;
  Step step_of(const handoff::Opener& opener, std::string_view link_token, domain::OAuthGrant grant) const;
  static Typed check_typed(const Step& step, const domain::Parameters& typed);
  domain::OAuthServer server_for(const Step& step, const domain::Parameters& plain_fields) const;
  domain::OAuthServer checked_by_metadata(const Step& step, domain::OAuthServer server) const;
  void record_metadata_change(const Step& step) const;
  Ticket new_ticket(const Step& step) const;
  std::string pushed_url(const Step& step, const domain::OAuthServer& server,
                         const domain::Parameters& parameters) const;
  void depart(const handoff::Opener& opener, const Step& step, const Ticket& ticket, const domain::OAuthServer& server,
              domain::Parameters plain_fields, bool pushed) const;

  Arrival arrival_of(const Callback& callback) const;
  void check_browser(const domain::Handoff& handoff, const domain::OAuthFlow& flow, const Callback& callback) const;
  static void check_subject(store::Transaction& tx, const domain::Handoff& handoff);
  void claim(store::Transaction& tx, const Arrival& arrival, Instant now) const;
  void claim_now(const handoff::Opener& opener, const domain::Handoff& handoff) const;
  void end(const Arrival& arrival, std::string_view problem, std::string_view words) const;
  void decline(const Arrival& arrival, std::string_view words) const;
  void redeem(const Arrival& arrival, const Callback& callback) const;

  void take(const Step& step, const Target& target, const Grant& grant) const;
  void take_refusal(const domain::Handoff& handoff, const TokenRefusal& refusal) const;
  void give_up(const domain::Handoff& handoff, const Error& error) const;
  Account account_of(const Step& step, const Target& target, const Grant& grant) const;
  Account account_by_id_token(const Step& step, const Target& target, const Grant& grant) const;
  std::string_view problem_with(const Step& step, const domain::OAuthServer& server, const Account& account) const;
  bool stays(const Step& step) const;
  void save(const Step& step, const Target& target, const Grant& grant, const Account& account) const;
  void save_new(const Step& step, domain::Connection connection, domain::OAuthAccount account,
                const vault::Fields& tokens) const;
  bool save_again(const Step& step, const domain::Connection& wanted, domain::OAuthAccount account,
                  const vault::Fields& tokens) const;
  void complete(store::Transaction& tx, const domain::Handoff& handoff, ConnectionId connection) const;
  // Out of `completing`: failed, or open for another try.
  void settle(const domain::Handoff& handoff, domain::HandoffState to, std::string_view problem,
              std::string_view words) const;
  static void settle(store::Transaction& tx, const domain::Handoff& handoff, domain::HandoffState to,
                     std::string_view problem, std::string_view words, Instant now);
  void revoke(const Target& target, const TokenAnswer& tokens) const;

  const Parts parts_;
  const Clients& clients_;
  const Discovery& discovery_;
  const ServerCalls& calls_;
  const IdTokens& id_tokens_;
  const std::unique_ptr<Strangers> strangers_;
};

}  // namespace countersign::oauth
