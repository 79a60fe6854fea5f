#include "web/authenticate.h"

#include <algorithm>

#include "base/error.h"
#include "web/cookies.h"

namespace countersign::web {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// RFC 9110 section 11.1: the scheme's name is case-insensitive.
bool starts_with_bearer(std::string_view value) {
  if (value.size() <= kBearer.size()) return false;
  return std::equal(kBearer.begin(), kBearer.end(), value.begin(), [](char expected, char c) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool expected_upper = expected >= 'A' && expected <= 'Z';
    return (upper ? c + 32 : c) == (expected_upper ? expected + 32 : expected);
  });
}

std::size_t count(const http::Request& request, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(request.headers.begin(), request.headers.end(),
                                                [&](const http::Header& header) { return header.name == name; }));
}

Error sign_in_needed() { return Error(ErrorCode::kUnauthenticated, kSignInNeeded, "Sign in first."); }

// What a person without a password may still do.
bool is_on_the_way_in(std::string_view path) { return path == "/welcome" || path == "/logout"; }

Error foreign_form(const Settings& settings, std::string detail) {
  return Error(ErrorCode::kPermissionDenied, "csrf",
               "This form was not sent from a page of this server. Open " + settings.public_url +
                   " (under exactly this address) and try again.",
               std::move(detail));
}

Error stale_form() {
  return Error(ErrorCode::kPermissionDenied, "csrf",
               "This form belongs to an earlier sign-in. Go back, load the page again and repeat the last step.");
}

}  // namespace

FormSource form_source(const http::Request& request, std::string_view public_url) {
  if (count(request, "origin") == 0) {
    return request.header("sec-fetch-site") == "same-origin" ? FormSource::kOurs : FormSource::kUnknown;
  }
  return request.header("origin") == public_url ? FormSource::kOurs : FormSource::kOtherOrigin;
}

Doorkeeper::Doorkeeper(identity::SignIn& sign_in, const identity::Grants& grants, const Settings& settings)
    : sign_in_(sign_in), grants_(grants), settings_(settings) {}

http::Caller Doorkeeper::authenticate(const http::Request& request, http::Access access) {
  switch (access) {
    case http::Access::kPublic:
      return {};
    case http::Access::kAgent:
      return agent(request);
    case http::Access::kAgentOrNobody:
      if (count(request, "authorization") == 0) return {};
      return agent(request);
    case http::Access::kBrowser:
      return person(request);
    case http::Access::kBrowserForm:
      // First, so that a forged form is told so even when the browser withheld the cookie.
      require_our_form(request);
      return person(request);
    case http::Access::kAnonymousForm:
      return visitor(request);
  }
  throw sign_in_needed();
}

http::Caller Doorkeeper::agent(const http::Request& request) const {
  const auto header = request.header("authorization");
  if (!header || !starts_with_bearer(*header)) {
    throw Error(ErrorCode::kUnauthenticated, "no_token",
                "Send exactly one Authorization header: `Bearer` and the agent's token.");
  }
  const domain::Agent agent = grants_.authenticate(header->substr(kBearer.size()));
  http::Caller caller;
  caller.kind = http::Caller::Kind::kAgent;
  caller.workspace = agent.workspace.value();
  caller.id = agent.id.value();
  caller.owner = agent.owner.value();
  caller.scopes = agent.scopes.bits();
  caller.writes_per_minute = agent.writes_per_minute;
  return caller;
}

http::Caller Doorkeeper::person(const http::Request& request) {
  const auto presence = present(sign_in_, settings_, request);
  if (!presence) throw sign_in_needed();
  if (presence->person.password_hash.empty() && !settings_.dev && !is_on_the_way_in(request.path)) {
    throw Error(ErrorCode::kPermissionDenied, kPasswordNeeded, "Choose a password first.");
  }
  return caller_of(*presence);
}

http::Caller Doorkeeper::visitor(const http::Request& request) const {
  require_our_form(request);
  const auto cookie = request.cookie(visitor_cookie_name(settings_));
  if (!cookie) {
    throw Error(ErrorCode::kPermissionDenied, kCookiesDropped, "Your browser did not send our cookie back.");
  }
  http::Caller caller;
  caller.csrf = sign_in_.visitor_csrf(*cookie);
  return caller;
}

void Doorkeeper::require_our_form(const http::Request& request) const {
  switch (form_source(request, settings_.public_url)) {
    case FormSource::kOurs:
      return;
    case FormSource::kOtherOrigin:
      throw foreign_form(settings_, "Origin: " + std::string(request.header("origin").value_or("(several)")));
    case FormSource::kUnknown:
      throw foreign_form(settings_, "neither Origin nor Sec-Fetch-Site: same-origin");
  }
}

void Doorkeeper::check_form(const http::Request& request, const http::Caller&, http::Access access,
                            const http::Form& form) {
  require_our_form(request);
  const std::string_view token = form.field("csrf");
  if (access == http::Access::kAnonymousForm) {
    const auto cookie = request.cookie(visitor_cookie_name(settings_));
    if (!cookie || !sign_in_.visitor_csrf_matches(*cookie, token)) throw stale_form();
    return;
  }
  const auto presence = present(sign_in_, settings_, request);
  if (!presence || !sign_in_.csrf_matches(presence->session, token)) throw stale_form();
}

std::optional<identity::Presence> present(identity::SignIn& sign_in, const Settings& settings,
                                          const http::Request& request) {
  const auto cookie = request.cookie(session_cookie_name(settings));
  if (!cookie) return std::nullopt;
  return sign_in.present(*cookie);
}

http::Caller caller_of(const identity::Presence& presence) {
  http::Caller caller;
  caller.kind = http::Caller::Kind::kPerson;
  caller.workspace = presence.person.workspace.value();
  caller.id = presence.person.id.value();
  caller.session = presence.session.id.value();
  caller.role = static_cast<int>(presence.person.role);
  caller.verified_at = presence.verified_at.time_since_epoch().count();
  caller.csrf = presence.csrf;
  return caller;
}

}  // namespace countersign::web
