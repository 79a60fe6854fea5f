#include "web/assets.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "base/error.h"

namespace countersign::web {
namespace {

constexpr std::string_view kFolder = "/static/";
constexpr std::string_view kForEver = "public, max-age=31536000, immutable";

// FNV-1a, 64 bit: tells versions apart; nothing depends on it being hard to collide.
std::string content_hash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

std::string hashed_name(const EmbeddedFile& file) {
  const auto dot = file.name.rfind('.');
  return std::string(file.name.substr(0, dot)) + "." + content_hash(file.bytes) + std::string(file.name.substr(dot));
}

std::string_view content_type(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  throw Error(ErrorCode::kInternal, "bad_asset", "A static file has a type nobody described.", std::string(name));
}

}  // namespace

Assets::Assets(std::span<const EmbeddedFile> files) {
  for (const EmbeddedFile& file : files) {
    content_type(file.name);  // fails at start, not at the first request
    std::string name = hashed_name(file);
    paths_.emplace(file.name, std::string(kFolder) + name);
    by_hashed_name_.emplace(std::move(name), file);
  }
}

const std::string& Assets::path(std::string_view file) const {
  const auto found = paths_.find(file);
  if (found == paths_.end()) throw Error(ErrorCode::kInternal, "no_such_asset", "A page could not be drawn.");
  return found->second;
}

http::Response Assets::serve(std::string_view name) const {
  const auto found = by_hashed_name_.find(name);
  if (found == by_hashed_name_.end()) {
    throw Error(ErrorCode::kNotFound, "not_found", "There is nothing at this address.");
  }
  return http::Response(200, content_type(found->second.name), found->second.bytes)
      .with("Cache-Control", kForEver)
      .with("X-Content-Type-Options", "nosniff")
      .with("Cross-Origin-Resource-Policy", "same-origin")
      .with("Content-Security-Policy", "default-src 'none'");
}

void add_asset_routes(http::Router& router, const Assets& assets) {
  http::Route route;
  route.pattern = std::string(kFolder) + "{file}";
  route.surface = http::Surface::kPage;
  route.handler = [&assets](http::Call& call) -> http::Outcome { return assets.serve(call.path_params["file"]); };
  router.add(std::move(route));
}

}  // namespace countersign::web
