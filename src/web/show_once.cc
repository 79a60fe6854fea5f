#include "web/show_once.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "web/cookies.h"

namespace countersign::web {
namespace {

// For what we make ourselves: neither JSON nor HTML has to escape it.
std::string_view plain_text_of(const Secret& secret, std::string_view where) {
  const std::string_view value = secret.reveal();
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!value.empty() && plain) return value;
  throw Error(ErrorCode::kInternal, "bad_secret", "Something went wrong on our side.", std::string(where));
}

http::Header cookie_of(const std::string& name, const Secret& value, std::string_view more) {
  http::Header header{"Set-Cookie", name + "="};
  header.value.reserve(header.value.size() + value.size() + kCookieAttributes.size() + more.size());
  header.value += value.reveal();
  header.value += kCookieAttributes;
  header.value += more;
  return header;
}

}  // namespace

http::Header set_cookie(const Settings& settings, const Secret& session_token) {
  return cookie_of(session_cookie_name(settings), session_token, "");
}

http::Header flow_cookie(const Settings& settings, HandoffId handoff, const Secret& proof) {
  return cookie_of(flow_cookie_name(settings, handoff), proof, "; Max-Age=600");
}

http::Response with_secret(int status, const Json& json, std::string_view name, const Secret& secret) {
  const std::string_view value = plain_text_of(secret, name);
  const std::string members = dump_json(json).substr(1);  // with the closing brace
  http::Response response(status, "application/json", "{");
  for (const std::string_view part : {std::string_view("\""), name, std::string_view("\":\""), value,
                                      std::string_view("\","), std::string_view(members)}) {
    append(response.body, part);
  }
  return response;
}

http::Response with_secret_shown(http::Response page, const Secret& secret) {
  const std::string_view value = plain_text_of(secret, kSecretPlace);
  std::string_view rest = view(page.body);
  WipingBuffer shown;
  shown.reserve(page.body.size() + 16 * value.size());
  std::size_t places = 0;
  for (auto at = rest.find(kSecretPlace); at != std::string_view::npos; at = rest.find(kSecretPlace)) {
    append(shown, rest.substr(0, at));
    append(shown, value);
    rest.remove_prefix(at + kSecretPlace.size());
    ++places;
  }
  if (places == 0) throw Error(ErrorCode::kInternal, "no_secret_place", "Something went wrong on our side.");
  append(shown, rest);
  page.body = std::move(shown);
  return page;
}

}  // namespace countersign::web
