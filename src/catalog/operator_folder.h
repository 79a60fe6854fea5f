// The folder with an operator's own integration files: *.json directly in it, hidden ones left out. Looking at
// it costs a stat() per file and reads nothing. Thread-safe, it holds no state.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace countersign::catalog {

inline constexpr std::size_t kLargestFile = 256 * 1024;

class OperatorFolder {
 public:
  explicit OperatorFolder(std::filesystem::path path) : path_(std::move(path)) {}

  // A text that is another one as soon as a file came, went, was renamed or written; what is wrong with the
  // folder itself is part of it. Two writes of the same length within one tick of the file system's clock
  // look alike.
  std::string look() const;

  // Gives each file's name and text to `take`, in the order of the names. Throws `bad_integration`: the folder
  // cannot be read, has too many files or one that is too large, no regular file, or a symbolic link that
  // leads out of it.
  void read(const std::function<void(const std::string& name, const std::string& text)>& take) const;

 private:
  struct Listing {
    std::vector<std::string> names;  // sorted
    std::string problem;             // empty: none
  };

  Listing list() const;
  std::string read_file(const std::string& name) const;

  const std::filesystem::path path_;
};

}  // namespace countersign::catalog
