// The files of static/, under names that carry a hash of their content: a browser may keep them for ever,
// and a new version has a new name. Immutable after construction; thread-safe.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/embedded_file.h"
#include "http/router.h"

namespace countersign::web {

class Assets {
 public:
  explicit Assets(std::span<const EmbeddedFile> files);

  // "/static/site.0123456789abcdef.css" for "site.css". Throws kInternal for a file that does not exist.
  const std::string& path(std::string_view file) const;
  // By the name behind /static/. Throws kNotFound.
  http::Response serve(std::string_view hashed_name) const;

 private:
  std::map<std::string, std::string, std::less<>> paths_;
  std::map<std::string, EmbeddedFile, std::less<>> by_hashed_name_;
};

void add_asset_routes(http::Router& router, const Assets& assets);

}  // namespace countersign::web

namespace countersign::embedded {
std::span<const EmbeddedFile> assets();
}
