#include "oauth/token_answer.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "handoff/base_url.h"
#include "http/media_type.h"
#include "oauth/answer_body.h"
#include "oauth/url.h"

namespace countersign::oauth {
namespace {

using domain::OAuthSpec;
using domain::TokenShape;

constexpr std::int64_t kLongestLifetime = 10LL * 366 * 24 * 3600;
constexpr std::size_t kMostScopes = 200;
constexpr std::size_t kLongestScope = 256;
constexpr std::size_t kLongestKept = 512;
constexpr std::string_view kOffline = "offline_access";

// A whole answer is refused at the first thing that is not as it may be. Does not leave this file.
Error bad(std::string_view reason) {
  return Error(ErrorCode::kUpstream, reason, "The answer of the token endpoint is not what it must be.");
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool holds(const std::vector<std::string>& scopes, std::string_view scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

// Reads one answer; throws bad().
class Reader {
 public:
  Reader(const SecretJson& json, const OAuthSpec& spec) : json_(json), spec_(spec), shape_(spec.answer) {}

  TokenAnswer read() const {
    check_token_type();
    TokenAnswer answer;
    answer.access_token = token_at(json_, shape_.access_token);
    if (answer.access_token.empty()) throw bad("bad_token");
    answer.refresh_token = optional_token(shape_.refresh_token);
    answer.id_token = optional_token("/id_token");
    answer.lifetime = lifetime();
    answer.scopes = scopes();
    answer.kept = kept();
    answer.base_url = base_url();
    if (spec_.account.from == domain::AccountFrom::kTokenAnswer) {
      auto [id, label] = account_in(json_, spec_.account);
      answer.account_id = std::move(id);
      answer.account_label = std::move(label);
    }
    return answer;
  }

 private:
  // RFC 6749 section 7.1: a token of a type that one does not understand must not be used. Nothing but Bearer is
  // understood: others are bound to a key, and sent as a bearer they would lose that.
  void check_token_type() const {
    if (!json_.has(shape_.token_type)) {
      if (shape_.token_type_optional) return;
      throw bad("missing_token_type");
    }
    const auto type = json_.text(shape_.token_type);
    if (!type || !http::equal_ignoring_case(*type, "bearer")) throw bad("unknown_token_type");
  }

  Secret optional_token(std::string_view pointer) const {
    if (!json_.has(pointer)) return {};
    Secret token = token_at(json_, pointer);
    if (token.empty()) throw bad("bad_token");
    return token;
  }

  std::int64_t number_at(std::string_view pointer) const {
    if (const auto number = json_.integer(pointer)) return *number;
    const auto text = json_.text(pointer);
    std::int64_t number = -1;
    if (!text || !shape_.numeric_text) throw bad("bad_expires_in");
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size()) throw bad("bad_expires_in");
    return number;
  }
  std::optional<std::chrono::seconds> lifetime() const {
    if (!json_.has(shape_.expires_in)) return std::nullopt;
    const std::int64_t number = number_at(shape_.expires_in);
    const std::int64_t lasts = shape_.milliseconds ? number / 1000 : number;
    if (lasts < 1 || lasts > kLongestLifetime) throw bad("bad_expires_in");
    return std::chrono::seconds(lasts);
  }

  std::string_view separator() const {
    if (!shape_.scope_separator.empty()) return shape_.scope_separator;
    return spec_.scope_separator.empty() ? std::string_view(" ") : std::string_view(spec_.scope_separator);
  }
  // An empty text says that nothing was granted; saying nothing, that all was (RFC 6749 section 5.1).
  std::optional<std::vector<std::string>> scopes() const {
    if (!json_.has(shape_.scope)) return std::nullopt;
    std::vector<std::string> all;
    if (const auto list = json_.texts(shape_.scope)) {  // as some servers write it
      for (const std::string_view scope : *list) add_scope(scope, all);
      return all;
    }
    const auto text = json_.text(shape_.scope);
    if (!text) throw bad("bad_scope");
    std::string_view rest = *text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(separator()), rest.size());
      add_scope(rest.substr(0, end), all);
      rest.remove_prefix(std::min(end + separator().size(), rest.size()));
    }
    return all;
  }
  static void add_scope(std::string_view scope, std::vector<std::string>& all) {
    scope.remove_prefix(std::min(scope.find_first_not_of(' '), scope.size()));
    scope = scope.substr(0, scope.find_last_not_of(' ') + 1);
    if (scope.empty()) return;
    if (scope.size() > kLongestScope || !is_visible(scope) || all.size() == kMostScopes) throw bad("bad_scope");
    all.emplace_back(scope);
  }

  // What is missing is missing: a refresh need not repeat it, so the caller decides.
  domain::Parameters kept() const {
    domain::Parameters fields;
    for (const domain::KeptValue& keep : spec_.keep) {
      if (!json_.has(keep.from)) continue;
      const auto text = plain_text_at(json_, keep.from);
      if (!text || text->empty() || text->size() > kLongestKept || !is_visible(*text)) throw bad("bad_kept_value");
      fields.emplace_back(keep.field, *text);
    }
    return fields;
  }

  // Calls with the token go there: so it is one of the hosts that the integration's file names, or none.
  std::string base_url() const {
    if (spec_.base_url.from.empty() || !json_.has(spec_.base_url.from)) return {};
    const auto text = json_.text(spec_.base_url.from);
    if (!text) throw bad("bad_base_url");
    const auto parsed = handoff::parse_base_url(*text);
    const std::string* const url = std::get_if<std::string>(&parsed);
    if (url == nullptr || !is_allowed(*url)) throw bad("bad_base_url");
    return *url;
  }
  bool is_allowed(std::string_view url) const {
    const auto parts = parse_url(url);
    const auto fits = [&](std::string_view suffix) {
      if (!suffix.starts_with('.')) return parts->host == suffix;
      return parts->host.size() > suffix.size() && parts->host.ends_with(suffix);
    };
    // A port would be another server on the provider's machine; on this one, in development, it is the only way.
    return parts && (parts->host == parts->authority || is_loopback(parts->host)) &&
           std::any_of(spec_.base_url_hosts.begin(), spec_.base_url_hosts.end(), fits);
  }

  const SecretJson& json_;
  const OAuthSpec& spec_;
  const TokenShape& shape_;
};

TokenRefusal malformed(const http::ClientResponse& response, std::string_view error) {
  TokenRefusal refusal;
  refusal.error = error;
  refusal.status = response.status;
  refusal.may_have_arrived = true;
  return refusal;
}

// An error that came with status 200: GitHub has `error` in place of a token, Slack a flag.
bool is_error(const SecretJson& json, const TokenShape& shape) {
  if (!shape.ok.empty() && json.boolean(shape.ok) != true) return true;
  return json.has("/error") && !json.has(shape.access_token);
}

}  // namespace

std::vector<std::string> granted_by(const std::optional<std::vector<std::string>>& named,
                                    const domain::OAuthAccount& account) {
  std::vector<std::string> granted = named.value_or(account.granted);
  const bool proved = account.refreshable && holds(account.asked, kOffline);
  if (proved && !holds(granted, kOffline)) granted.emplace_back(kOffline);
  return granted;
}

std::size_t shortfall(const std::vector<std::string>& asked, const std::vector<std::string>& granted) {
  return static_cast<std::size_t>(
      std::count_if(asked.begin(), asked.end(), [&](const auto& scope) { return !holds(granted, scope); }));
}

TokenResult read_token_answer(const http::ClientResponse& response, const OAuthSpec& spec) {
  // RFC 6749 section 5.1 wants 200; 201 is said by some who made something.
  if (response.status != 200 && response.status != 201) return read_refusal(response);
  const auto json = json_of(response);
  if (!json) return malformed(response, "bad_answer");
  if (is_error(*json, spec.answer)) return read_refusal(response);
  if (json->has("/error")) return malformed(response, "bad_answer");  // a token and an error: which one is it?
  try {
    return Reader(*json, spec).read();
  } catch (const Error& error) {
    return malformed(response, error.reason());
  }
}

}  // namespace countersign::oauth
