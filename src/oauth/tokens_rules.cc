#include "oauth/tokens_rules.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "oauth/tokens.h"

namespace countersign::oauth {
namespace {

using domain::ConnectionState;
using std::chrono::milliseconds;

constexpr milliseconds kFirstWait = std::chrono::seconds(30);
constexpr milliseconds kLongestWait = std::chrono::hours(1);

// A token that lives shorter than the leeway would be renewed on every call: half its life is enough.
milliseconds leeway_of(const domain::OAuthAccount& account, const domain::OAuthSpec& spec) {
  if (account.refreshed_at == Instant() || account.expires_at <= account.refreshed_at) return spec.leeway;
  return std::min<milliseconds>(spec.leeway, (account.expires_at - account.refreshed_at) / 2);
}

// The same for a connection at every run, different between connections: ids are times and alike, so they are mixed.
milliseconds spread_of(ConnectionId id, milliseconds leeway) {
  const auto most = static_cast<std::uint64_t>(std::min<milliseconds>(leeway / 5, kMostSpread).count());
  std::uint64_t mixed = static_cast<std::uint64_t>(id.value()) * 0x9e3779b97f4a7c15U;
  mixed ^= mixed >> 32;
  return milliseconds(mixed % (most + 1));
}

bool is_due(const Standing& standing, Urgency urgency, Instant now) {
  const domain::OAuthAccount& account = *standing.account;
  if (account.expires_at == Instant()) return false;
  milliseconds leeway = leeway_of(account, standing.spec);
  if (urgency == Urgency::kEarly) leeway += spread_of(account.connection, leeway);
  return account.expires_at <= now + leeway;
}

}  // namespace

bool has_ended(const domain::OAuthAccount& account, Instant now) {
  return account.expires_at != Instant() && account.expires_at <= now;
}

bool is_leased(const Standing& standing, Instant now) {
  return standing.connection.state == ConnectionState::kRefreshing && standing.account->lease_until > now;
}

bool is_wanted(const Standing& standing, Urgency urgency, Instant now) {
  if (urgency == Urgency::kLeftBehind) return standing.connection.state == ConnectionState::kRefreshing;
  if (is_due(standing, urgency, now)) return true;
  return urgency == Urgency::kNow && standing.account->refreshed_at + kForcedEvery <= now;
}

std::string_view not_renewable(const Standing& standing) {
  if (!standing.client || standing.client->removed_at != Instant()) return "client_removed";
  if (standing.client->grant == domain::OAuthGrant::kClientCredentials || standing.account->refreshable) return {};
  return "no_refresh_token";
}

Instant next_try(int failures, std::optional<std::chrono::seconds> retry_after, Instant now, Random& random) {
  const milliseconds wait = std::min(kLongestWait, kFirstWait * (1 << std::clamp(failures, 0, 7)));
  std::array<std::byte, sizeof(std::uint32_t)> bytes{};
  random.fill(bytes);
  std::uint32_t drawn = 0;
  std::memcpy(&drawn, bytes.data(), sizeof drawn);
  const milliseconds jittered = wait * 4 / 5 + milliseconds(drawn % (wait.count() * 2 / 5 + 1));
  return now + std::max<milliseconds>(jittered, retry_after.value_or(std::chrono::seconds(0)));
}

bool may_have_rotated(std::string_view problem) {
  constexpr std::array<std::string_view, 13> kLost{
      "upstream_timeout", "upstream_lost",  "upstream_malformed", "upstream_too_large", "bad_answer",
      "server_error",     "bad_token",      "missing_token_type", "unknown_token_type", "bad_expires_in",
      "bad_scope",        "bad_kept_value", "bad_base_url"};
  return std::find(kLost.begin(), kLost.end(), problem) != kLost.end();
}

std::string reauth_cause(std::string_view problem) {
  if (problem == "invalid_grant") return "the provider does not accept its refresh token any more";
  if (problem == "rotation_lost") return "the provider may have rotated the token while its answer was lost";
  if (problem == "no_refresh_token")
    return "its access token has ended, and the provider gave nothing to renew it with";
  if (problem == "client_removed") return "the OAuth client that it was connected with was removed";
  return "the provider refuses it (" + std::string(problem) + ")";
}

}  // namespace countersign::oauth
