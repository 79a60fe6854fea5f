// Owners for what cjose hands out, and its memory: wiped when it is given back, because private keys pass through it
// as JSON. Inside crypto only.
#pragma once

#include <cjose/cjose.h>

#include <memory>

namespace countersign::crypto {

struct ReleaseJwk {
  void operator()(cjose_jwk_t* key) const noexcept { cjose_jwk_release(key); }
};
struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const noexcept { cjose_jws_release(jws); }
};
struct ReleaseHeader {
  void operator()(cjose_header_t* header) const noexcept { cjose_header_release(header); }
};
struct ReleaseText {
  void operator()(char* text) const noexcept { cjose_get_dealloc()(text); }
};
using Jwk = std::unique_ptr<cjose_jwk_t, ReleaseJwk>;
using Jws = std::unique_ptr<cjose_jws_t, ReleaseJws>;
using JwsHeader = std::unique_ptr<cjose_header_t, ReleaseHeader>;
using JoseText = std::unique_ptr<char, ReleaseText>;

// Before a private key gets near the library. Thread-safe; works once. The functions are the process's: nothing else
// in this program uses cjose or the JSON library under it.
void wipe_jose_memory();

}  // namespace countersign::crypto
