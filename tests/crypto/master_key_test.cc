#include "crypto/master_key.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/system_random.h"
#include "crypto/temporary_folder.h"
#include "crypto/test_keys.h"
#include "support/seeded_random.h"

namespace countersign::crypto {
namespace {

// 32 zero bytes: 43 times the sextet zero.
const std::string kZeroKeyText = std::string(43, 'A');
const std::string kZeroKeyLine = "countersign-kek-1:" + kZeroKeyText + "\n";

class MasterKeyFile : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view content, mode_t mode = 0600) const {
    std::ofstream(file) << content;
    ::chmod(file.c_str(), mode);
    return file;
  }
  std::string content() const {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  // The reason of the refusal; every refusal names the file and none quotes it.
  std::string refusal(const std::filesystem::path& path, MasterKeySource source = MasterKeySource::kFile) const {
    try {
      load_master_key(path, source);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_NE(error.message().find(path.string()), std::string::npos);
      EXPECT_EQ(std::string(error.what()).find("AAAA"), std::string::npos);
      return error.reason();
    }
    return "accepted";
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder / "master.key";
  SystemRandom random;
};

TEST_F(MasterKeyFile, IsLoadedAsItWasCreated) {
  const MasterKey created = create_master_key_file(file, random);
  EXPECT_EQ(load_master_key(file).id(), created.id());
  EXPECT_THAT(content(), testing::MatchesRegex("countersign-kek-1:[A-Za-z0-9_-]{43}\n")) << content();
}

TEST_F(MasterKeyFile, IsCreatedForTheOwnerAloneWhateverTheUmask) {
  const mode_t before = ::umask(0277);
  create_master_key_file(file, random);
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, mode_t{S_IFREG | 0600});
  EXPECT_EQ(status.st_nlink, 1U);
}

TEST_F(MasterKeyFile, IsNeverOverwritten) {
  const std::string id = create_master_key_file(file, random).id();
  const std::string before = content();
  try {
    create_master_key_file(file, random);
    FAIL() << "overwritten";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConflict);
    EXPECT_EQ(error.reason(), "master_key_exists");
  }
  EXPECT_EQ(content(), before);
}

TEST_F(MasterKeyFile, IsNotWrittenThroughADanglingLink) {
  std::filesystem::create_symlink(folder / "elsewhere", file);
  EXPECT_THROW(create_master_key_file(file, random), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
}

TEST_F(MasterKeyFile, IsCreatedOnceByManyAtOnce) {
  std::atomic<int> created{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      try {
        create_master_key_file(file, random);
        ++created;
      } catch (const Error& error) {
        EXPECT_EQ(error.reason(), "master_key_exists");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(refusal(file), "accepted");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);  // no drafts left
}

TEST_F(MasterKeyFile, SaysWhenItCannotBeWritten) {
  try {
    create_master_key_file(folder / "missing/master.key", random);
    FAIL() << "created";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
    EXPECT_EQ(error.reason(), "master_key_unwritable");
  }
}

TEST_F(MasterKeyFile, MayLackItsNewlineAndBeReadOnly) {
  EXPECT_EQ(refusal(write(kZeroKeyLine)), "accepted");
  EXPECT_EQ(refusal(write(kZeroKeyLine.substr(0, kZeroKeyLine.size() - 1))), "accepted");
  EXPECT_EQ(refusal(write(kZeroKeyLine, 0400)), "accepted");
}

TEST_F(MasterKeyFile, RefusesEveryOtherContent) {
  const std::string line = kZeroKeyLine.substr(0, kZeroKeyLine.size() - 1);
  const std::string others[] = {
      "",
      "\n",
      kZeroKeyText,
      std::string(32, '\0'),
      std::string(64, '0'),
      "countersign-kek-2:" + kZeroKeyText,
      "Countersign-kek-1:" + kZeroKeyText,
      line + "\r\n",
      line + "\n\n",
      line + " ",
      " " + line,
      line + "A",
      line + "=",
      line.substr(1),
      line.substr(0, line.size() - 1),
      line.substr(0, line.size() - 1) + "B",
      line.substr(0, line.size() - 1) + "+",
      line.substr(0, line.size() - 1) + std::string(1, '\0'),
      kZeroKeyLine + kZeroKeyLine,
      std::string(1'000'000, 'A'),
  };
  for (const std::string& other : others)
    EXPECT_EQ(refusal(write(other)), "master_key_malformed") << other.substr(0, 80);
}

TEST_F(MasterKeyFile, RefusesWhenOthersCouldReadOrChangeIt) {
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0601, 0610, 0644, 0666, 0777, 0700}) {
    EXPECT_EQ(refusal(write(kZeroKeyLine, mode)), "master_key_permissions") << std::oct << mode;
  }
}

TEST_F(MasterKeyFile, RefusesAFileOfAnotherUser) {
  std::filesystem::path foreign = "/etc/passwd";  // somebody else's, unless we are root and can give one away
  if (::geteuid() == 0) {
    foreign = write(kZeroKeyLine);
    ASSERT_EQ(::chown(foreign.c_str(), 65534, 65534), 0);
  }
  EXPECT_EQ(refusal(foreign), "master_key_permissions");
}

TEST_F(MasterKeyFile, AcceptsACredentialThatSystemdGrantsByItsGroupBit) {
  EXPECT_EQ(refusal(write(kZeroKeyLine, 0440), MasterKeySource::kSystemdCredential), "accepted");
  EXPECT_EQ(refusal(write(kZeroKeyLine, 0400), MasterKeySource::kSystemdCredential), "accepted");
  for (const mode_t mode : {0444, 0404, 0460, 0402, 0510}) {
    EXPECT_EQ(refusal(write(kZeroKeyLine, mode), MasterKeySource::kSystemdCredential), "master_key_permissions")
        << mode;
  }
}

TEST_F(MasterKeyFile, TellsAMissingFileFromAnUnreadableOne) {
  EXPECT_EQ(refusal(file), "master_key_missing");
  EXPECT_EQ(refusal(folder.path()), "master_key_unreadable");
  EXPECT_EQ(refusal(write(kZeroKeyLine) / "below"), "master_key_unreadable");
}

TEST_F(MasterKeyFile, DoesNotHangOnAPipe) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(refusal(file), "master_key_unreadable");
}

TEST(MasterKey, HasAnIdThatNamesItAndHidesIt) {
  const MasterKey key(test_key());
  EXPECT_THAT(key.id(), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(key.id(), MasterKey(test_key()).id());
  EXPECT_NE(key.id(), MasterKey(test_key(1)).id());
  EXPECT_EQ(hex(test_key().reveal()).find(key.id().substr(0, 8)), std::string::npos);
}

TEST(MasterKey, UnwrapsOnlyWhatItWrappedForTheSamePlace) {
  support::SeededRandom random;
  const MasterKey key(test_key());
  const std::string wrapped = key.wrap(test_key(7), "place", random);
  const auto unwrapped = key.unwrap(wrapped, "place");
  ASSERT_TRUE(unwrapped);
  EXPECT_EQ(hex(unwrapped->reveal()), hex(test_key(7).reveal()));
  EXPECT_FALSE(key.unwrap(wrapped, "other place"));
  EXPECT_FALSE(MasterKey(test_key(1)).unwrap(wrapped, "place"));
  EXPECT_EQ(wrapped.find(as_text(test_key(7).reveal())), std::string::npos);
}

}  // namespace
}  // namespace countersign::crypto
