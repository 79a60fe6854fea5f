// Keys of our own: ES256 (RFC 7518 section 3.4) alone.
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/wipe.h"
#include "crypto/jose.h"
#include "crypto/jose_handles.h"
#include "crypto/mac.h"

namespace countersign::crypto {
namespace {

constexpr const char* kAlgorithm = "ES256";

void wipe_and_free(void* bytes) {
  if (bytes == nullptr) return;
  base::wipe(bytes, ::malloc_usable_size(bytes));
  std::free(bytes);
}

// realloc() would free the old block as it is.
void* move_and_wipe(void* bytes, std::size_t size) {
  void* const moved = std::malloc(size);
  if (moved == nullptr || bytes == nullptr) return moved;
  std::memcpy(moved, bytes, std::min(size, ::malloc_usable_size(bytes)));
  wipe_and_free(bytes);
  return moved;
}

Error bad_signing_key(std::string_view what) {
  return Error(ErrorCode::kInternal, "bad_signing_key", "A request to the provider could not be signed.",
               std::string(what));
}

JoseText json_of(const Jwk& key, bool with_private_part) {
  JoseText text(cjose_jwk_to_json(key.get(), with_private_part, nullptr));
  if (!text) throw bad_signing_key("the key cannot be written");
  return text;
}

// RFC 7638 section 3: the required members alone, in this order, without white space.
std::string thumbprint(const Json& key) {
  const auto quoted = [&](const char* member) { return json_quote(key.at(member).get_ref<const std::string&>()); };
  return base64url(sha256(R"({"crv":)" + quoted("crv") + R"(,"kty":)" + quoted("kty") + R"(,"x":)" + quoted("x") +
                          R"(,"y":)" + quoted("y") + "}"));
}

// One that cannot sign, because its private part is missing, shows when it is asked to.
Jwk read_private_key(const Secret& private_key) {
  Jwk key(cjose_jwk_import(private_key.reveal().data(), private_key.size(), nullptr));
  if (!key) throw bad_signing_key("it is no JSON Web Key");
  if (cjose_jwk_get_kty(key.get(), nullptr) != CJOSE_JWK_KTY_EC ||
      cjose_jwk_EC_get_curve(key.get(), nullptr) != CJOSE_JWK_EC_P_256) {
    throw bad_signing_key("it is no key of P-256");
  }
  if (cjose_jwk_get_kid(key.get(), nullptr) == nullptr) throw bad_signing_key("it has no kid");
  return key;
}

JwsHeader header_for(const Jwk& key, std::string_view typ) {
  JwsHeader header(cjose_header_new(nullptr));
  const bool made = header && cjose_header_set(header.get(), "alg", kAlgorithm, nullptr) &&
                    cjose_header_set(header.get(), "kid", cjose_jwk_get_kid(key.get(), nullptr), nullptr) &&
                    cjose_header_set(header.get(), "typ", std::string(typ).c_str(), nullptr);
  if (!made) throw bad_signing_key("the header cannot be made");
  return header;
}

}  // namespace

void wipe_jose_memory() {
  static const bool done = [] {
    cjose_set_alloc_funcs(std::malloc, move_and_wipe, wipe_and_free);
    return true;
  }();
  static_cast<void>(done);
}

SigningKeyPair new_es256_key() {
  wipe_jose_memory();
  const Jwk key(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nullptr));
  if (!key) throw bad_signing_key("no key could be made");
  Json shown = parse_json(json_of(key, false).get());
  const std::string kid = thumbprint(shown);
  if (!cjose_jwk_set_kid(key.get(), kid.data(), kid.size(), nullptr)) throw bad_signing_key("the kid cannot be set");
  shown["kid"] = kid;
  shown["use"] = "sig";
  shown["alg"] = kAlgorithm;
  return {Secret::copy_of(json_of(key, true).get()), dump_json(shown)};
}

Secret sign_es256(const Secret& private_key, std::string_view typ, std::string_view payload) {
  wipe_jose_memory();
  const Jwk key = read_private_key(private_key);
  const JwsHeader header = header_for(key, typ);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(payload.data());
  const Jws jws(cjose_jws_sign(key.get(), header.get(), bytes, payload.size(), nullptr));
  const char* compact = nullptr;  // the JWS owns it
  if (!jws || !cjose_jws_export(jws.get(), &compact, nullptr)) throw bad_signing_key("it cannot sign");
  return Secret::copy_of(compact);
}

}  // namespace countersign::crypto
