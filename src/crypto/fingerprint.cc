#include "crypto/fingerprint.h"

#include "base/encoding.h"
#include "crypto/mac.h"

namespace countersign::crypto {

std::string fingerprint(const Key& fingerprint_key, std::string_view scope, const Secret& secret) {
  return hex(mac(fingerprint_key, {"fingerprint", scope, secret.reveal()})).substr(0, 16);
}

}  // namespace countersign::crypto
