// Asks servers for their metadata, and remembers it for a while. Thread-safe; blocks on the network.
//
// Bounded: 64 KiB and 10 s a document, 20 s a discovery, three authorization servers tried, 256 servers remembered
// for an hour; a failure is not remembered. Every URL that came from outside passes http::Client's rules.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/oauth.h"
#include "http/client.h"
#include "oauth/server_metadata.h"

namespace countersign::oauth {

// What `oauth.probe` tells.
struct Probed {
  domain::OAuthServer server;
  std::string resource;             // from protected-resource metadata; empty: none
  std::vector<std::string> scopes;  // to ask for: the challenge's, else those the resource names; may be empty
};

class Discovery {
 public:
  Discovery(http::Client& client, const Clock& clock) : client_(client), clock_(clock) {}

  // Throws kUpstream `no_metadata` (none of the places has one), `bad_metadata`, `issuer_mismatch`, or what
  // http::Client throws. A first place that answers with another issuer is passed over; when all do: `issuer_mismatch`.
  domain::OAuthServer server(std::string_view issuer) const;
  // A protected resource (an MCP server, an API): its challenge or its metadata, then its authorization server.
  // Throws also kUpstream `resource_mismatch`.
  Probed resource(std::string_view url) const;
  // Whatever the URL is: a resource, else an issuer.
  Probed probe(std::string_view url) const;

 private:
  struct Search;  // how long one discovery may still take

  domain::OAuthServer server(std::string_view issuer, const Search& search) const;
  domain::OAuthServer ask_server(std::string_view issuer, const Search& search) const;
  Probed resource(std::string_view url, const Search& search) const;
  ResourceMetadata resource_metadata(std::string_view url, const BearerChallenge& challenge,
                                     const Search& search) const;
  domain::OAuthServer first_server(const std::vector<std::string>& issuers, const Search& search) const;
  BearerChallenge challenge_of(std::string_view url, const Search& search) const;
  // The body; nothing: there is none here.
  std::optional<std::string> document(const std::string& url, const Search& search) const;
  void remember(std::string_view issuer, const domain::OAuthServer& server) const;
  std::optional<domain::OAuthServer> remembered(std::string_view issuer) const;

  struct Remembered {
    domain::OAuthServer server;
    SteadyInstant until;
  };

  http::Client& client_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Remembered, std::less<>> remembered_;  // by issuer
};

}  // namespace countersign::oauth
