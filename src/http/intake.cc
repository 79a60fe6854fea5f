#include "http/intake.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "http/head_scan.h"

namespace countersign::http {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// Nobody asked for a compressed answer; a small one could unpack to anything.
bool is_encoded(const ClientResponse& response) {
  return std::any_of(response.headers.begin(), response.headers.end(), [](const Header& field) {
    return field.name == "content-encoding" && !field.value.empty() && lower(field.value) != "identity";
  });
}

}  // namespace

std::optional<std::string_view> ClientResponse::header(std::string_view lower_case_name) const {
  std::optional<std::string_view> found;
  for (const Header& field : headers) {
    if (field.name != lower_case_name) continue;
    if (found) return std::nullopt;
    found = field.value;
  }
  return found;
}

bool Intake::fail(Fault fault) {
  fault_ = fault;
  return false;
}

bool Intake::take_header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > limits_.header_bytes) return fail(Fault::kHeaderBytes);
  if (++header_count_ > limits_.header_count) return fail(Fault::kHeaderCount);
  const bool starts_block = line.starts_with("HTTP/") && !in_trailers_;
  if (block_ended_ && !starts_block) in_trailers_ = true;
  if (in_trailers_) return true;
  block_ended_ = trim(line).empty();
  if (starts_block) {
    response_.headers.clear();
  } else if (!block_ended_) {
    take_field(line);
  }
  return true;
}

// A line that is no clean field is left out, and so is the field that a folded line (RFC 9112 section 5.2)
// would have continued: half a value may mean something else than the whole.
void Intake::take_field(std::string_view line) {
  const bool folded = line.starts_with(' ') || line.starts_with('\t');
  if (folded && last_kept_) response_.headers.pop_back();
  last_kept_ = false;
  const std::size_t colon = line.find(':');
  if (folded || colon == std::string_view::npos || !is_token(line.substr(0, colon))) return;
  const std::string_view value = trim(line.substr(colon + 1));
  if (has_control(value)) return;
  response_.headers.push_back({lower(line.substr(0, colon)), std::string(value)});
  last_kept_ = true;
}

bool Intake::take_body(std::string_view bytes) {
  in_trailers_ = true;
  if (is_encoded(response_)) return fail(Fault::kEncoded);
  if (bytes.size() > limits_.body_bytes - response_.body.size()) return fail(Fault::kBodyBytes);
  append(response_.body, bytes);
  return true;
}

ClientResponse Intake::finish(int status) && {
  response_.status = status;
  return std::move(response_);
}

}  // namespace countersign::http
