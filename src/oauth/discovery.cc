#include "oauth/discovery.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/wipe.h"
#include "oauth/authorization_request.h"
#include "oauth/url.h"

namespace countersign::oauth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kDiscovery{20};
constexpr seconds kDocument{10};
constexpr seconds kChallenge{5};  // an MCP server may open a stream of events here and keep it open
constexpr std::size_t kLargestDocument = 64 * 1024;
constexpr std::chrono::hours kRemembered{1};
constexpr std::size_t kMostRemembered = 256;
constexpr std::size_t kMostServersTried = 3;

Error no_metadata(std::string_view of) {
  return Error(ErrorCode::kUpstream, "no_metadata",
               "No metadata could be found for " + host_of(of) +
                   ". It is no OAuth server, or one whose addresses must be entered by hand.");
}

// It is there and answered, only not with what is looked for: another place may still have it.
bool is_only_this_place(const Error& error) {
  return error.reason() == "upstream_too_large" || error.reason() == "upstream_malformed";
}

// The worst of what the places said: whoever answers in another's name is worse than whoever says nonsense.
class Findings {
 public:
  void add(const Error& error) {
    if (!worst_ || error.reason() != "bad_metadata") worst_ = error;
  }
  [[noreturn]] void report(Error none) const {
    if (worst_) throw Error(*worst_);
    throw none;
  }

 private:
  std::optional<Error> worst_;
};

std::vector<std::string> words_of(std::string_view scope) {
  std::vector<std::string> words;
  while (!scope.empty() && words.size() < kMostScopesTaken) {
    const std::size_t end = std::min(scope.find(' '), scope.size());
    if (end != 0) words.emplace_back(scope.substr(0, end));
    scope.remove_prefix(std::min(end + 1, scope.size()));
  }
  return words;
}

}  // namespace

struct Discovery::Search {
  const Clock& clock;
  SteadyInstant until;

  explicit Search(const Clock& now) : clock(now), until(now.steady_now() + kDiscovery) {}
  milliseconds at_most(seconds wanted) const {
    const auto left = std::chrono::duration_cast<milliseconds>(until - clock.steady_now());
    if (left <= milliseconds(0)) {
      throw Error(ErrorCode::kUpstream, "upstream_timeout", "The authorization server could not be found in time.");
    }
    return std::min<milliseconds>(wanted, left);
  }
};

domain::OAuthServer Discovery::server(std::string_view issuer) const { return server(issuer, Search(clock_)); }

Probed Discovery::resource(std::string_view url) const { return resource(url, Search(clock_)); }

Probed Discovery::probe(std::string_view url) const {
  const Search search(clock_);
  try {
    return resource(url, search);
  } catch (const Error& error) {
    if (error.reason() != "no_metadata" && error.reason() != "bad_metadata") throw;
  }
  // People copy an address with the slash that browsers show; an issuer may be written without it.
  const auto parts = parse_url(url);
  if (!parts || parts->path != "/") return {server(url, search), {}, {}};
  try {
    return {server(parts->origin(), search), {}, {}};
  } catch (const Error& error) {
    if (error.reason() != "issuer_mismatch") throw;
  }
  return {server(url, search), {}, {}};
}

domain::OAuthServer Discovery::server(std::string_view issuer, const Search& search) const {
  if (auto known = remembered(issuer)) return std::move(*known);
  domain::OAuthServer found = ask_server(issuer, search);
  remember(issuer, found);
  return found;
}

domain::OAuthServer Discovery::ask_server(std::string_view issuer, const Search& search) const {
  Findings findings;
  for (const std::string& url : server_metadata_urls(issuer)) {
    const auto text = document(url, search);
    if (!text) continue;
    try {
      return parse_server_metadata(*text, issuer);
    } catch (const Error& error) {
      findings.add(error);
    }
  }
  findings.report(no_metadata(issuer));
}

Probed Discovery::resource(std::string_view url, const Search& search) const {
  (void)resource_metadata_urls(url);  // whether it is a URL at all, before anything is asked
  const BearerChallenge challenge = challenge_of(url, search);
  ResourceMetadata metadata = resource_metadata(url, challenge, search);
  std::vector<std::string> scopes = words_of(challenge.scope);
  if (scopes.empty()) scopes = std::move(metadata.scopes);
  return {first_server(metadata.authorization_servers, search), std::move(metadata.resource), std::move(scopes)};
}

ResourceMetadata Discovery::resource_metadata(std::string_view url, const BearerChallenge& challenge,
                                              const Search& search) const {
  // RFC 9728 section 5.1: what the challenge names is the document; nothing else is tried behind its back.
  const std::vector<std::string> places = challenge.resource_metadata.empty()
                                              ? resource_metadata_urls(url)
                                              : std::vector<std::string>{challenge.resource_metadata};
  Findings findings;
  for (const std::string& place : places) {
    const auto text = document(place, search);
    if (!text) continue;
    try {
      return parse_resource_metadata(*text, url);
    } catch (const Error& error) {
      findings.add(error);
    }
  }
  findings.report(no_metadata(url));
}

// In the order of the resource's document: the first that can be used is the one (RFC 9728 section 7.6).
domain::OAuthServer Discovery::first_server(const std::vector<std::string>& issuers, const Search& search) const {
  std::optional<Error> first;
  for (std::size_t i = 0; i < std::min(issuers.size(), kMostServersTried); ++i) {
    try {
      return server(issuers[i], search);
    } catch (const Error& error) {
      if (!first) first = error;
    }
  }
  if (first) throw Error(*first);
  throw Error(ErrorCode::kUpstream, "no_metadata", "The resource names no authorization server.");
}

// What an unauthenticated request is told. Whatever else comes of it, the well-known places are still there.
BearerChallenge Discovery::challenge_of(std::string_view url, const Search& search) const {
  http::ClientRequest request;
  request.url = std::string(url);
  request.headers.push_back({"Accept", "application/json", {}});
  request.limits.total = search.at_most(kChallenge);
  request.limits.body_bytes = kLargestDocument;
  http::ClientResponse response;
  try {
    response = client_.send(std::move(request));
  } catch (const Error& error) {
    if (is_only_this_place(error) || error.reason() == "upstream_timeout") return {};
    throw;
  }
  if (response.status != 401) return {};
  for (const http::Header& header : response.headers) {
    if (header.name != "www-authenticate") continue;
    BearerChallenge challenge = parse_bearer_challenge(header.value);
    if (!challenge.resource_metadata.empty() && !is_endpoint(challenge.resource_metadata)) {
      throw Error(ErrorCode::kUpstream, "bad_metadata", "The resource names a place for its metadata that is no URL.");
    }
    if (!challenge.resource_metadata.empty() || !challenge.scope.empty()) return challenge;
  }
  return {};
}

std::optional<std::string> Discovery::document(const std::string& url, const Search& search) const {
  http::ClientRequest request;
  request.url = url;
  request.headers.push_back({"Accept", "application/json", {}});
  request.limits.total = search.at_most(kDocument);
  request.limits.body_bytes = kLargestDocument;
  try {
    const http::ClientResponse response = client_.send(std::move(request));
    if (response.status == 200) return std::string(view(response.body));
  } catch (const Error& error) {
    if (!is_only_this_place(error)) throw;
  }
  return std::nullopt;
}

std::optional<domain::OAuthServer> Discovery::remembered(std::string_view issuer) const {
  const std::lock_guard lock(mutex_);
  const auto found = remembered_.find(issuer);
  if (found == remembered_.end() || found->second.until <= clock_.steady_now()) return std::nullopt;
  return found->second.server;
}

void Discovery::remember(std::string_view issuer, const domain::OAuthServer& server) const {
  const std::lock_guard lock(mutex_);
  remembered_.insert_or_assign(std::string(issuer), Remembered{server, clock_.steady_now() + kRemembered});
  if (remembered_.size() <= kMostRemembered) return;
  const auto oldest = std::min_element(remembered_.begin(), remembered_.end(),
                                       [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
  remembered_.erase(oldest);
}

}  // namespace countersign::oauth
