// Puts a secret into an encoding without leaving it in memory that is not wiped, as std::string would. The same
// encodings as base/encoding.h and base/json.h; `bytes` belong to the caller. Pure; thread-safe.
#pragma once

#include <string_view>

#include "base/secret.h"
#include "base/wipe.h"

namespace countersign {

// RFC 4648 section 4, with padding.
Secret base64(std::string_view bytes);
// RFC 3986: everything but unreserved characters is escaped. Right in a query and in a form.
void append_percent_encoded(WipingBuffer& to, std::string_view text);
// A JSON string with its quotes. `text` is UTF-8, or comes out as what it is.
void append_json_quoted(WipingBuffer& to, std::string_view text);

}  // namespace countersign
