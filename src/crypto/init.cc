#include "crypto/init.h"

#include <sodium.h>

#include "base/error.h"

namespace countersign::crypto {

void initialise() {
  if (sodium_init() < 0) {
    throw Error(ErrorCode::kInternal, "crypto_unavailable", "The cryptographic library did not start.", "sodium_init");
  }
}

}  // namespace countersign::crypto
