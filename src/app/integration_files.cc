#include "app/integration_files.h"

#include <fstream>
#include <iterator>

#include "app/durable_file.h"
#include "base/error.h"
#include "catalog/operator_folder.h"

namespace countersign::app {
namespace {

constexpr mode_t kReadableByAll = 0644;  // no secret is in it, and the broker may run as somebody else

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(catalog::kLargestFile + 1, '\0');  // one more: the reader refuses what is too large
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!std::filesystem::is_regular_file(file) || stream.bad()) {
    throw Error(ErrorCode::kNotFound, "file_unreadable", file.string() + " cannot be read, or is no file.");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

AddedIntegration add_integration(const std::filesystem::path& folder, const std::filesystem::path& file,
                                 catalog::Targets targets, Existing existing) {
  const std::string text = text_of(file);
  AddedIntegration added;
  added.slug = catalog::parse_integration(file.filename().string(), text, targets).slug;
  added.path = folder / (added.slug + ".json");
  added.replaced_file = std::filesystem::exists(std::filesystem::symlink_status(added.path));
  if (added.replaced_file && existing == Existing::kRefuse) {
    throw Error(ErrorCode::kConflict, "integration_exists",
                added.path.string() + " exists already. To put this one in its place, say --replace.");
  }
  replace_file(added.path, text, kReadableByAll);
  return added;
}

}  // namespace countersign::app
