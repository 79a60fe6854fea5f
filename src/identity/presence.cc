// Browser sessions after sign-in: are they alive, who is it, and the form tokens that go with them.
#include <array>

#include "base/encoding.h"
#include "crypto/mac.h"
#include "crypto/token.h"
#include "identity/sign_in.h"

namespace countersign::identity {
namespace {

constexpr std::string_view kSessionKind = "session";
constexpr std::size_t kVisitorBytes = 32;

std::string session_csrf(const crypto::KeyRing& keys, const domain::BrowserSession& session) {
  return base64url(
      crypto::mac(keys.key(crypto::KeyPurpose::kCsrf), {"session form", session.id.text(), session.token_hash}));
}

bool same(std::string_view a, std::string_view b) { return crypto::equal(as_bytes(a), as_bytes(b)); }

// Who has nothing to prove it with is not asked.
Instant proof_of(const domain::Person& person, const domain::BrowserSession& session, Instant now) {
  return person.password_hash.empty() ? now : session.verified_at;
}

}  // namespace

bool is_alive(const domain::BrowserSession& session, Instant now, const SessionLimits& limits) {
  return session.ended_at == Instant{} && now < session.expires_at && now < session.last_seen_at + limits.idle;
}

std::optional<Presence> SignIn::present(std::string_view cookie) {
  const auto token = crypto::parse_token(cookie);
  if (!token || token->kind != kSessionKind) return std::nullopt;
  const Instant now = clock_.now();
  auto presence = store_.read([&](const store::Snapshot& at) -> std::optional<Presence> {
    auto session = at.sessions().find(SessionId(token->row_key));
    const bool genuine = crypto::token_matches(keys_.key(crypto::KeyPurpose::kToken), *token,
                                               session ? std::string_view(session->token_hash) : std::string_view());
    if (!genuine || !is_alive(*session, now, limits_)) return std::nullopt;
    auto person = at.people().find(session->workspace, session->person);
    if (!person || person->disabled) return std::nullopt;
    const Instant verified_at = proof_of(*person, *session, now);
    return Presence{*std::move(session), *std::move(person), {}, verified_at};
  });
  if (!presence) return std::nullopt;
  presence->csrf = session_csrf(keys_, presence->session);
  if (now - presence->session.last_seen_at >= kSeenInterval) last_seen_.note(presence->session.id.value(), now);
  return presence;
}

void SignIn::write_last_seen() {
  const auto seen = last_seen_.take();
  if (seen.empty()) return;
  store_.transact([&](store::Transaction& tx) {
    for (const LastSeen::Sighting& sighting : seen) tx.sessions().touch(SessionId(sighting.row_key), sighting.at);
  });
}

void SignIn::sign_out(const Presence& presence) {
  const Instant now = clock_.now();
  const domain::AuditEvent event{presence.session.workspace,
                                 now,
                                 domain::Actor::person(presence.person.id),
                                 "session.ended",
                                 presence.session.id.text(),
                                 {{"reason", "signed_out"}},
                                 {}};
  // False when another tab was faster: it is over either way.
  store_.transact([&](store::Transaction& tx) { tx.sessions().end(presence.session.id, now, event); });
}

bool SignIn::csrf_matches(const domain::BrowserSession& session, std::string_view token) const {
  return same(session_csrf(keys_, session), token);
}

std::string SignIn::new_visitor() const {
  std::array<std::byte, kVisitorBytes> bytes{};
  random_.fill(bytes);
  return base64url(bytes);
}

std::string SignIn::visitor_csrf(std::string_view visitor) const {
  return base64url(crypto::mac(keys_.key(crypto::KeyPurpose::kCsrf), {"visitor form", visitor}));
}

bool SignIn::visitor_csrf_matches(std::string_view visitor, std::string_view token) const {
  // An absent cookie is no visitor, or everybody without one would share a token.
  const auto bytes = parse_base64url(visitor);
  return bytes && bytes->size() == kVisitorBytes && same(visitor_csrf(visitor), token);
}

}  // namespace countersign::identity
