// Authorization servers behind http::Client: every https origin is one. Good by default, strict about what it is sent
// (exact redirect URI, PKCE, one way to authenticate, codes and refresh tokens once), and as bad as a test says.
//
// consent() is the person's side of it. What it gives away says "canary", so that a test can look for it everywhere.
// Thread-safe but for the knobs, which are turned while nothing is under way.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "http/client.h"

namespace countersign::flows {

class ScriptedProvider final : public http::Client {
 public:
  using Fields = std::map<std::string, std::string, std::less<>>;
  struct Sent {
    http::Method method;
    std::string url;
    Fields headers;
    std::string body;

    Fields form() const;
    std::string origin() const;
    std::string path() const;
    std::string field(std::string_view name) const;  // of the form; empty when it is not there
  };
  using Script = std::function<http::ClientResponse(const Sent&)>;

  struct Client {
    std::string secret;  // empty: public, or known by its keys
    std::string redirect_uri;
    std::string jwks;
  };
  // What the person does there.
  struct Consent {
    std::string account = "acct-ada";
    std::string granted{};  // empty: what was asked for
    std::string error{};    // instead of a code
    std::string error_description{};
  };

  ScriptedProvider();

  http::ClientResponse send(http::ClientRequest request) override;
  // What a good server answers, and does; for scripts of `instead` that spoil it.
  http::ClientResponse answer_to(const Sent& asked);

  // Opens the address that our page links to. Where its redirect leads: "/oauth/callback/…?…". Throws when a good
  // server would have shown an error of its own.
  std::string consent(const std::string& authorization_url, const Consent& person);
  std::string consent(const std::string& authorization_url) { return consent(authorization_url, Consent()); }

  void add_client(const std::string& origin, const std::string& id, Client client);

  // --- what it saw ---
  std::vector<Sent> sent(std::string_view url = {}) const;  // all, or those to one URL
  std::size_t calls(std::string_view url) const { return sent(url).size(); }
  std::size_t refreshes() const;
  std::size_t live_grants() const;
  std::vector<std::string> revoked() const;  // tokens, in their order
  void end_all_grants();                     // the person withdraws everything there
  void change_keys();                        // that it signs with

  // --- knobs ---
  bool rotates = true;
  bool sends_iss = true;
  int lifetime = 3600;
  Json token_extra = Json::object();           // merged into every token answer
  std::map<std::string, Json> metadata;        // by origin: merged into its document; null takes a member away
  std::map<std::string, Json> id_token_extra;  // by origin: merged into the claims
  std::map<std::string, Script> instead;       // by URL
  std::function<std::string(const std::string& url)> fetch;  // how it reads a client's document or keys
  std::function<Instant()> now;
  http::Client* beyond = nullptr;  // for every host that does not end in ".example"

  static http::ClientResponse answer(int status, std::string_view body, std::string_view type = "application/json");

 private:
  struct Code {
    std::string origin, client, redirect_uri, challenge, scope, nonce, account;
    bool used = false;
  };
  struct Grant {
    std::string origin, client, scope, account, refresh;
    std::set<std::string> old, access;
    bool live = true;
  };

  http::ClientResponse document(const std::string& origin) const;
  http::ClientResponse registered(const Sent& asked);
  http::ClientResponse token(const Sent& asked);
  http::ClientResponse redeemed(const Sent& asked, const std::string& client);
  http::ClientResponse refreshed(const Sent& asked, const std::string& client);
  http::ClientResponse revoke(const Sent& asked);
  http::ClientResponse tokens_of(Grant& grant, const std::string& nonce, bool new_refresh);
  std::string client_of(const Sent& asked) const;  // empty: not authenticated
  bool is_proven(const Sent& asked, const std::string& id, const Client& client) const;
  Client known_client(const std::string& origin, const std::string& id) const;
  std::string next(std::string_view kind);

  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, Client>> clients_;  // by origin
  std::map<std::string, Code> codes_;
  std::vector<Grant> grants_;
  std::vector<Sent> sent_;
  std::vector<std::string> revoked_;
  int count_ = 0;
  std::string public_jwk_;
  Secret private_key_;
};

}  // namespace countersign::flows
