// libsodium's start-up: picks the implementations for this CPU and opens the random source.
#pragma once

namespace countersign::crypto {

// Once in main, so that a failure shows at the start; calling it again is harmless, and making a Key does.
// Thread-safe. Throws Error kInternal `crypto_unavailable`.
void initialise();

}  // namespace countersign::crypto
