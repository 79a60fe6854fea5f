// The fuzz target over its stored corpus, and over every prefix and some changes of every byte of each entry.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/oauth_answers_fuzz.cc"

namespace countersign::oauth {
namespace {

void feed(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

TEST(OAuthAnswersCorpus, NothingOutOfItsBoundsIsTaken) {
  int entries = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/fuzz/corpus/oauth_answers")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    ASSERT_FALSE(text.empty()) << entry.path();
    feed(text);
    for (std::size_t i = 0; i < text.size(); ++i) {
      feed(text.substr(0, i));
      std::string changed = text;
      for (const char byte : {'"', '\\', '0', '{', ',', '\0', '\xff'}) {
        changed[i] = byte;
        feed(changed);
      }
    }
    ++entries;
  }
  EXPECT_GE(entries, 17);
}

}  // namespace
}  // namespace countersign::oauth
