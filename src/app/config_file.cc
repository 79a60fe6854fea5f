// TOML, and nothing else of the configuration: sections and keys become names and texts for apply().
#include <toml++/toml.h>

#include "app/config.h"
#include "base/error.h"

namespace countersign::app {
namespace {

ConfigPlace place_of(const std::filesystem::path& path, const toml::source_region& source) {
  return {path.string(), source.begin.line, source.begin.column};
}

std::string text_of(const toml::node& node, const ConfigPlace& place) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (const toml::array* list = node.as_array()) {
    std::string text;
    for (const toml::node& item : *list) text += (text.empty() ? "" : ",") + text_of(item, place);
    return text;
  }
  throw Error(ErrorCode::kInvalidArgument, "bad_config",
              place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) +
                  ": only text, whole numbers, true, false and lists of text are used here");
}

void apply_table(Config& config, const std::filesystem::path& path, const toml::table& table,
                 const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      apply_table(config, path, *inner, name + ".");
    } else {
      // The key's own place: that is what a person mends.
      const ConfigPlace place = place_of(path, key.source());
      apply(config, name, text_of(node, place), place);
    }
  }
}

}  // namespace

void apply_file(Config& config, const std::filesystem::path& path) {
  try {
    apply_table(config, path, toml::parse_file(path.string()), "");
  } catch (const toml::parse_error& error) {
    const ConfigPlace place = place_of(path, error.source());
    throw Error(ErrorCode::kInvalidArgument, "bad_config",
                place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
                    std::string(error.description()));
  }
}

}  // namespace countersign::app
