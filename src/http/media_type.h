// Does a Content-Type name the type that a route takes? Pure; thread-safe.
#pragma once

#include <string_view>

namespace countersign::http {

// Case is ignored, parameters are allowed (RFC 9110 section 8.3.1), a charset must be UTF-8.
bool is_media_type(std::string_view content_type, std::string_view wanted);

// ASCII only, as header names and tokens are compared.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace countersign::http
