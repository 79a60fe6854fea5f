#include "app/integration_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "app/exit_code.h"
#include "app/integration_commands.h"
#include "base/error.h"
#include "support/temp_dir.h"

namespace countersign::app {
namespace {

using catalog::Targets;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string acme(const std::string& name = "Acme", const std::string& url = "https://api.acme.example") {
  return R"({"slug": "acme", "name": ")" + name + R"(", "description": "An example.",
    "documentation_url": "https://acme.example/docs", "base_urls": [")" +
         url + R"("],
    "templates": [{"slug": "key", "kind": "bearer", "label": "key",
      "fields": [{"name": "key", "label": "key"}]}]})";
}

class IntegrationFiles : public ::testing::Test {
 protected:
  IntegrationFiles() { fs::create_directory(folder); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(dir.path() / name) << text;
    return dir.path() / name;
  }
  static std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string refusal(const fs::path& file, Targets targets = Targets::kHttps,
                      Existing existing = Existing::kRefuse) const {
    try {
      add_integration(folder, file, targets, existing);
      return "accepted";
    } catch (const Error& error) {
      return error.reason();
    }
  }
  bool folder_is_empty() const { return fs::is_empty(folder); }

  support::TempDir dir;
  fs::path folder = dir.path() / "integrations";
};

TEST_F(IntegrationFiles, GoodFileIsCopiedAsItStandsAndEverybodyMayReadIt) {
  const AddedIntegration added =
      add_integration(folder, write("acme.json", acme()), Targets::kHttps, Existing::kRefuse);
  EXPECT_EQ(added.slug, "acme");
  EXPECT_FALSE(added.replaced_file);
  EXPECT_EQ(added.path, folder / "acme.json");
  EXPECT_EQ(text_of(added.path), acme());
  EXPECT_EQ(fs::status(added.path).permissions() & fs::perms::others_read, fs::perms::others_read);
}

TEST_F(IntegrationFiles, WrongFileIsNotCopied) {
  EXPECT_EQ(refusal(write("acme.json", "{")), "bad_integration");
  EXPECT_EQ(refusal(write("other.json", acme())), "bad_integration") << "named after another slug";
  EXPECT_EQ(refusal(write("acme.json", std::string(300'000, ' ') + acme())), "bad_integration");
  EXPECT_EQ(refusal(dir.path() / "missing.json"), "file_unreadable");
  EXPECT_EQ(refusal(folder), "file_unreadable");
  EXPECT_TRUE(folder_is_empty());
}

TEST_F(IntegrationFiles, TargetOnThisMachineIsForDevelopmentAlone) {
  const fs::path file = write("acme.json", acme("Acme", "http://127.0.0.1:9000"));
  EXPECT_EQ(refusal(file), "bad_integration");
  EXPECT_TRUE(folder_is_empty());
  EXPECT_EQ(refusal(file, Targets::kHttpsAndLoopback), "accepted");
}

TEST_F(IntegrationFiles, FileThatIsThereStaysUnlessItIsSaid) {
  const fs::path file = write("acme.json", acme());
  add_integration(folder, file, Targets::kHttps, Existing::kRefuse);
  write("acme.json", acme("Acme again"));
  EXPECT_EQ(refusal(file), "integration_exists");
  EXPECT_EQ(text_of(folder / "acme.json"), acme());
  EXPECT_TRUE(add_integration(folder, file, Targets::kHttps, Existing::kReplace).replaced_file);
  EXPECT_EQ(text_of(folder / "acme.json"), acme("Acme again"));
}

TEST_F(IntegrationFiles, LinkThatLeadsNowhereCountsAsAFileThatIsThere) {
  fs::create_symlink(dir.path() / "elsewhere", folder / "acme.json");
  EXPECT_EQ(refusal(write("acme.json", acme())), "integration_exists");
}

class IntegrationCommands : public IntegrationFiles {
 protected:
  // What the command said, with its exit code behind it.
  template <class Command>
  static std::string said(Command command) {
    ::testing::internal::CaptureStdout();
    const auto code = static_cast<int>(command());
    return ::testing::internal::GetCapturedStdout() + "exit " + std::to_string(code);
  }
  Config config() const {
    Config config;
    config.integrations_folder = folder;
    return config;
  }
};

TEST_F(IntegrationCommands, AddedFileIsListedAndTested) {
  EXPECT_THAT(said([&] { return integration_add(config(), write("acme.json", acme()), Existing::kRefuse); }),
              ::testing::AllOf(HasSubstr("Added acme: "), HasSubstr("exit 0")));
  EXPECT_THAT(said([&] { return integration_list(config(), Output::kText); }),
              ::testing::AllOf(HasSubstr("acme  Acme  key (bearer)\n"), HasSubstr("github  GitHub  ")));
  EXPECT_THAT(said([&] { return integration_list(config(), Output::kJson); }), HasSubstr(R"("slug":"acme")"));
  EXPECT_THAT(said([&] { return integration_test(config(), "acme", Ask::kNobody, Output::kText); }),
              ::testing::AllOf(HasSubstr("acme  Acme\n  key  bearer  key\n"), HasSubstr("exit 0")));
}

TEST_F(IntegrationCommands, WithoutAFolderNothingCanBeAdded) {
  const fs::path file = write("acme.json", acme());
  try {
    integration_add(Config(), file, Existing::kRefuse);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(exit_code_of(error), ExitCode::kBadConfig);
  }
}

TEST_F(IntegrationCommands, FaultyFileInTheFolderIsAFaultOfTheConfiguration) {
  std::ofstream(folder / "acme.json") << "{";
  try {
    integration_list(config(), Output::kText);
    FAIL() << "listed";
  } catch (const Error& error) {
    EXPECT_EQ(exit_code_of(error), ExitCode::kBadConfig);
  }
}

TEST_F(IntegrationCommands, UnknownSlugNamesTheNearest) {
  try {
    integration_test(config(), "githib", Ask::kNobody, Output::kText);
    FAIL() << "found";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("did you mean \"github\"?"));
    EXPECT_EQ(exit_code_of(error), ExitCode::kFailed);
  }
}

TEST_F(IntegrationCommands, DevelopmentsIntegrationIsThereOnlyWithoutADataFolder) {
  Config serving = config();
  serving.data_dir = dir.path() / "data";
  EXPECT_THAT(said([&] { return integration_list(config(), Output::kText); }), HasSubstr("demo  "));
  EXPECT_THAT(said([&] { return integration_list(serving, Output::kText); }), ::testing::Not(HasSubstr("\ndemo  ")));
}

// Every integration of the product comes to something, and each OAuth one says how it stands with PKCE.
TEST_F(IntegrationCommands, EveryShippedIntegrationPassesTheDryCheck) {
  const catalog::Catalog shipped(embedded::integrations(), catalog::Mode::kDev);
  for (const auto& integration : shipped.list()) {
    const std::string text = said([&] { return integration_test({}, integration->slug, Ask::kNobody, Output::kText); });
    EXPECT_THAT(text, HasSubstr("exit 0")) << integration->slug;
    for (const auto& form : integration->templates) {
      EXPECT_TRUE(!form.oauth || text.find("    pkce ") != std::string::npos) << integration->slug;
    }
  }
}

}  // namespace
}  // namespace countersign::app
