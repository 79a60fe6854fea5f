// What a start refuses, and that it then has touched nothing; and the small parts of a start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "app/durable_file.h"
#include "app/exit_code.h"
#include "app/jobs.h"
#include "flows/in_process.h"

namespace countersign::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Start : public ::testing::Test {
 protected:
  // Why the application would not start on this data, or "started".
  std::pair<std::string, std::string> start() {
    Config config;
    config.data_dir = dir.path();
    config.master_key_file = dir.path() / "master.key";
    return start_with(std::move(config));
  }
  std::pair<std::string, std::string> start_with(Config config) {
    ApplicationOptions options;
    options.config = std::move(config);
    options.public_url = "http://127.0.0.1:1";
    options.password_cost = crypto::kCheapPasswordCost;
    try {
      Application application(std::move(options), clock, random, log);
      return {"started", ""};
    } catch (const Error& error) {
      return {error.reason(), error.message()};
    }
  }
  void make_key() { crypto::create_master_key_file(dir.path() / "master.key", random); }

  support::TempDir dir;
  support::FakeClock clock;
  crypto::SystemRandom random;
  support::CapturedLog log;
};

TEST_F(Start, AWrongMasterKeyIsToldApartFromALostOne) {
  make_key();
  ASSERT_EQ(start().first, "started");
  std::filesystem::rename(dir.path() / "master.key", dir.path() / "kept");
  const auto [lost, lost_words] = start();
  EXPECT_EQ(lost, "master_key_lost");
  EXPECT_THAT(lost_words, HasSubstr("Restore the key file"));
  make_key();
  const auto [wrong, wrong_words] = start();
  EXPECT_EQ(wrong, "wrong_master_key");
  std::filesystem::remove(dir.path() / "master.key");
  std::filesystem::rename(dir.path() / "kept", dir.path() / "master.key");
  EXPECT_EQ(start().first, "started") << "nothing was touched";
}

// Where systemd puts the master key it puts the agents' secrets, too, when they are credentials of the same unit.
TEST_F(Start, AMasterKeyThatIsACredentialIsNoItemOfTheFileProvider) {
  support::TempDir credentials;
  crypto::create_master_key_file(credentials.path() / "countersign-master-key", random);
  ::setenv("CREDENTIALS_DIRECTORY", credentials.path().c_str(), 1);
  Config config;
  config.data_dir = dir.path();
  EXPECT_EQ(start_with(config).first, "started");
  config.file_directory = credentials.path();
  const auto [reason, words] = start_with(config);
  EXPECT_EQ(reason, "bad_config");
  EXPECT_THAT(words, HasSubstr("this server's own files"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(Start, AnEmptyDatabaseBesideNotesOfEventsIsARollback) {
  make_key();
  ASSERT_EQ(start().first, "started");
  EXPECT_EQ(start().first, "started") << "killed before the first periodic note, as it were";
  std::ofstream(dir.path() / "audit-checkpoints.jsonl") << "{\"at\":1,\"count\":7,\"head\":\"\"}\n";
  for (const char* file : {"countersign.db", "countersign.db-wal", "countersign.db-shm"}) {
    std::filesystem::remove(dir.path() / file);
  }
  EXPECT_EQ(start().first, "audit_rolled_back");
}

TEST_F(Start, AMissingKeyWithoutDataIsNotCalledLost) { EXPECT_EQ(start().first, "master_key_missing"); }

TEST_F(Start, AFileThatIsNoDatabaseIsLeftAlone) {
  make_key();
  std::ofstream(dir.path() / "countersign.db") << std::string(8192, 'x');
  EXPECT_EQ(start().first, "corrupt");
  EXPECT_EQ(std::filesystem::file_size(dir.path() / "countersign.db"), 8192U);
}

TEST_F(Start, EachReasonThatCannotHealHasItsOwnExitCode) {
  const auto code = [](std::string_view reason) { return exit_code_of(Error(ErrorCode::kInternal, reason, "")); };
  EXPECT_EQ(code("bad_config"), ExitCode::kBadConfig);
  EXPECT_EQ(code("address_in_use"), ExitCode::kAddressInUse);
  EXPECT_EQ(code("data_unwritable"), ExitCode::kDataUnwritable);
  EXPECT_EQ(code("wrong_master_key"), ExitCode::kMasterKey);
  EXPECT_EQ(code("master_key_lost"), ExitCode::kMasterKey);
  EXPECT_EQ(code("schema_too_new"), ExitCode::kSchemaTooNew);
  EXPECT_EQ(code("corrupt"), ExitCode::kCorrupt);
  EXPECT_EQ(code("in_use"), ExitCode::kInUse);
  EXPECT_EQ(code("anything"), ExitCode::kFailed);
}

TEST(DurableFile, ReplacesAsAWholeAndFollowsNoPlantedLink) {
  support::TempDir dir;
  replace_file(dir.path() / "f", "one");
  replace_file(dir.path() / "f", "two");
  std::ifstream file(dir.path() / "f");
  std::string text;
  std::getline(file, text);
  EXPECT_EQ(text, "two");
  EXPECT_EQ(std::filesystem::status(dir.path() / "f").permissions(), std::filesystem::perms(0600));
  std::ofstream(dir.path() / "victim") << "kept";
  std::filesystem::create_symlink(dir.path() / "victim", dir.path() / "f.new");
  replace_file(dir.path() / "f", "three");
  std::ifstream victim(dir.path() / "victim");
  std::getline(victim, text);
  EXPECT_EQ(text, "kept");
  EXPECT_THROW(replace_file(dir.path() / "none" / "f", "x"), Error);
}

TEST(JobLoop, AJobThatThrowsComesRoundAgainAndIsLoggedOnce) {
  support::CapturedLog log;
  std::atomic<int> runs{0};
  {
    Jobs jobs(log);
    jobs.every(1ms, "failing", [&] {
      ++runs;
      throw std::runtime_error("no luck");
    });
    jobs.start();
    while (runs < 5) std::this_thread::yield();
  }
  const std::string text = log.text();
  EXPECT_THAT(text, HasSubstr("no luck"));
  EXPECT_EQ(text.find("no luck"), text.rfind("no luck"));
}

TEST(Readiness, FollowsTheDatabase) {
  flows::InProcess program;
  EXPECT_FALSE(program.application().unready().has_value());
  EXPECT_THAT(program.application().metrics().text(), HasSubstr("countersign_store_writable 1"));
}

}  // namespace
}  // namespace countersign::app
