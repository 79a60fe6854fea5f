// An operator's own integration files: what they add and replace, and that a mistake in them changes nothing.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "support/temp_dir.h"

namespace countersign::catalog {
namespace {

namespace fs = std::filesystem;

Json acme(const std::string& slug = "acme", const std::string& name = "Acme") {
  return {{"slug", slug},
          {"name", name},
          {"description", "An example."},
          {"documentation_url", "https://acme.example/docs"},
          {"base_urls", {"https://api.acme.example"}},
          {"templates",
           {{{"slug", "token"},
             {"kind", "bearer"},
             {"label", "token"},
             {"fields", {{{"name", "token"}, {"label", "token"}}}}}}}};
}

class OperatorFolderTest : public ::testing::Test {
 protected:
  OperatorFolderTest() { fs::create_directory(folder); }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder / name) << text; }
  void write(const std::string& name, const Json& json) { write(name, dump_json(json)); }
  Catalog open(Mode mode = Mode::kServe) { return Catalog(embedded::integrations(), mode, folder); }

  // What reload() complains about, or whether it changed anything.
  static std::string reloaded(Catalog& catalog) {
    try {
      return catalog.reload() ? "changed" : "same";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_EQ(error.reason(), "bad_integration");
      return error.message();
    }
  }
  std::string refusal() {
    try {
      open();
      return "opened";
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), "bad_integration");
      return error.message();
    }
  }

  support::TempDir dir;
  fs::path folder = dir.path() / "integrations";
};

TEST_F(OperatorFolderTest, AddsAndReplacesBySlug) {
  write("acme.json", acme());
  write("github.json", acme("github", "Our GitHub"));
  const Catalog catalog = open();
  EXPECT_EQ(catalog.get("acme")->name, "Acme");
  EXPECT_EQ(catalog.get("github")->name, "Our GitHub");
  EXPECT_EQ(catalog.get("stripe")->name, "Stripe");
}

TEST_F(OperatorFolderTest, OtherFilesHiddenOnesAndFoldersAreNoIntegrations) {
  write("README.md", std::string("# ours"));
  write(".acme.json", std::string("half written"));
  write("acme.json~", std::string("a copy"));
  fs::create_directory(folder / "old");
  EXPECT_EQ(refusal(), "opened");
}

TEST_F(OperatorFolderTest, FaultyFileStopsTheStart) {
  write("acme.json", acme("other"));
  EXPECT_EQ(refusal(), "acme.json: /slug: \"other\" must be the file's name without .json.");
}

TEST_F(OperatorFolderTest, MissingFolderStopsTheStart) {
  fs::remove(folder);
  EXPECT_EQ(refusal(), folder.string() + ": cannot be read: No such file or directory.");
}

TEST_F(OperatorFolderTest, LoopbackTargetIsForDevelopmentAlone) {
  Json json = acme();
  json["base_urls"][0] = "http://127.0.0.1:9";
  write("acme.json", json);
  EXPECT_NE(refusal(), "opened");
  EXPECT_EQ(open(Mode::kDev).get("acme")->base_urls.at(0), "http://127.0.0.1:9");
}

TEST_F(OperatorFolderTest, FileForDevelopmentNeitherAddsNorReplacesWhenServing) {
  Json json = acme("github", "Fake");
  json["only_in_dev"] = true;
  write("github.json", json);
  EXPECT_EQ(open(Mode::kServe).get("github")->name, "GitHub");
  EXPECT_EQ(open(Mode::kDev).get("github")->name, "Fake");
}

TEST_F(OperatorFolderTest, LinkWithinTheFolderIsFollowedAndOneOutOfItRefused) {
  fs::create_directory(folder / "..data");
  std::ofstream(folder / "..data" / "acme.json") << dump_json(acme());
  fs::create_symlink("..data/acme.json", folder / "acme.json");
  EXPECT_EQ(refusal(), "opened");

  std::ofstream(dir.path() / "beta.json") << dump_json(acme("beta"));
  fs::create_symlink("../beta.json", folder / "beta.json");
  EXPECT_EQ(refusal(), "beta.json: is a symbolic link that leads out of the folder.");
}

TEST_F(OperatorFolderTest, FolderBesideWithALongerNameIsOutside) {
  fs::create_directory(dir.path() / "integrations-old");
  std::ofstream(dir.path() / "integrations-old" / "acme.json") << dump_json(acme());
  fs::create_symlink("../integrations-old/acme.json", folder / "acme.json");
  EXPECT_EQ(refusal(), "acme.json: is a symbolic link that leads out of the folder.");
}

TEST_F(OperatorFolderTest, OnlyRegularFilesAreRead) {
  ASSERT_EQ(::mkfifo((folder / "acme.json").c_str(), 0600), 0);  // reading it would wait for ever
  EXPECT_EQ(refusal(), "acme.json: is no regular file.");
  fs::remove(folder / "acme.json");
  fs::create_directory(folder / "acme.json");
  EXPECT_EQ(refusal(), "acme.json: is no regular file.");
  fs::remove(folder / "acme.json");
  fs::create_symlink("nowhere.json", folder / "acme.json");
  EXPECT_EQ(refusal(), "acme.json: cannot be read: No such file or directory.");
}

TEST_F(OperatorFolderTest, FileOf256KiBIsReadAndALargerOneIsNot) {
  const std::string text = dump_json(acme());
  write("acme.json", text + std::string(256 * 1024 - text.size(), ' '));
  EXPECT_EQ(refusal(), "opened");
  write("acme.json", text + std::string(256 * 1024 + 1 - text.size(), ' '));
  EXPECT_EQ(refusal(), "acme.json: is larger than 256 KiB.");
}

TEST_F(OperatorFolderTest, MoreThan2000FilesAreRefusedBeforeOneIsRead) {
  for (int i = 0; i <= 2000; ++i) write("f" + std::to_string(i) + ".json", std::string("no JSON"));
  EXPECT_EQ(refusal(), folder.string() + ": has more than 2000 integration files.");
}

TEST_F(OperatorFolderTest, ReloadNoticesWhatCameWentChangedAndWasRenamed) {
  Catalog catalog = open();
  EXPECT_EQ(reloaded(catalog), "same");
  write("acme.json", acme());
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_EQ(catalog.get("acme")->name, "Acme");
  EXPECT_EQ(reloaded(catalog), "same");

  write("acme.json", acme("acme", "Acme 2"));
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_EQ(catalog.get("acme")->name, "Acme 2");

  write("beta.json.new", acme("beta", "Beta"));
  EXPECT_EQ(reloaded(catalog), "same");
  fs::rename(folder / "beta.json.new", folder / "beta.json");
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_NE(catalog.find("beta"), nullptr);

  fs::remove(folder / "acme.json");
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_EQ(catalog.find("acme"), nullptr);
}

TEST_F(OperatorFolderTest, ReloadNoticesAnotherFileOfTheSameSizeAndTime) {
  write("acme.json", acme("acme", "Acme A"));
  Catalog catalog = open();
  write("new", acme("acme", "Acme B"));
  const auto time = fs::last_write_time(folder / "acme.json");
  fs::last_write_time(folder / "new", time);
  fs::rename(folder / "new", folder / "acme.json");
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_EQ(catalog.get("acme")->name, "Acme B");
}

TEST_F(OperatorFolderTest, TouchedFileIsNoOtherIntegration) {
  write("acme.json", acme());
  Catalog catalog = open();
  const auto before = catalog.get("acme");
  ASSERT_EQ(::utime((folder / "acme.json").c_str(), nullptr), 0);
  fs::last_write_time(folder / "acme.json", fs::last_write_time(folder / "acme.json") + std::chrono::seconds(5));
  EXPECT_EQ(reloaded(catalog), "same");
  EXPECT_EQ(catalog.get("acme"), before);
}

TEST_F(OperatorFolderTest, RemovingAReplacementBringsTheBuiltInBack) {
  write("github.json", acme("github", "Ours"));
  Catalog catalog = open();
  fs::remove(folder / "github.json");
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_EQ(catalog.get("github")->name, "GitHub");
}

TEST_F(OperatorFolderTest, FaultKeepsWhatWasGoodAndIsSaidOncePerState) {
  write("acme.json", acme());
  Catalog catalog = open();
  write("acme.json", std::string("{"));
  write("beta.json", acme("beta"));
  EXPECT_TRUE(reloaded(catalog).starts_with("acme.json: ")) << reloaded(catalog);
  EXPECT_EQ(reloaded(catalog), "same");
  EXPECT_EQ(catalog.get("acme")->name, "Acme");
  EXPECT_EQ(catalog.find("beta"), nullptr) << "half of a faulty folder is in force";

  write("acme.json", std::string("{{"));
  EXPECT_TRUE(reloaded(catalog).starts_with("acme.json: "));
  EXPECT_EQ(reloaded(catalog), "same");

  write("acme.json", acme("acme", "Acme again"));
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_EQ(catalog.get("acme")->name, "Acme again");
  EXPECT_NE(catalog.find("beta"), nullptr);
}

TEST_F(OperatorFolderTest, FolderThatGoesAwayIsAFaultAndComesBack) {
  write("acme.json", acme());
  Catalog catalog = open();
  fs::rename(folder, dir.path() / "aside");
  EXPECT_EQ(reloaded(catalog), folder.string() + ": cannot be read: No such file or directory.");
  EXPECT_EQ(reloaded(catalog), "same");
  EXPECT_NE(catalog.find("acme"), nullptr);
  fs::rename(dir.path() / "aside", folder);
  EXPECT_EQ(reloaded(catalog), "same");
  fs::rename(folder, dir.path() / "aside");
  EXPECT_NE(reloaded(catalog), "same") << "a fault that came back is said again";
}

TEST_F(OperatorFolderTest, FoundIntegrationOutlivesAReload) {
  write("acme.json", acme());
  Catalog catalog = open();
  const IntegrationPtr held = catalog.get("acme");
  fs::remove(folder / "acme.json");
  EXPECT_EQ(reloaded(catalog), "changed");
  EXPECT_EQ(held->name, "Acme");
}

TEST_F(OperatorFolderTest, ReadersSeeTheOldStateOrTheNewNeverAMixture) {
  write("acme.json", acme("acme", "even"));
  write("beta.json", acme("beta", "even"));
  Catalog catalog = open();
  std::atomic<bool> done{false};
  std::atomic<int> mixed{0};
  std::thread reader([&] {
    while (!done) {
      std::string first;
      for (const IntegrationPtr& one : catalog.list()) {
        if (one->slug == "acme") first = one->name;
        if (one->slug == "beta" && one->name != first) ++mixed;
      }
    }
  });
  for (int i = 1; i <= 20; ++i) {
    const std::string name = i % 2 == 0 ? "even" : "odd no " + std::to_string(i);
    write("acme.json", acme("acme", name));
    write("beta.json", acme("beta", name));
    EXPECT_EQ(reloaded(catalog), "changed");
  }
  done = true;
  reader.join();
  EXPECT_EQ(mixed, 0);
}

TEST(CatalogWithoutAFolder, HasNothingToReload) {
  Catalog catalog(embedded::integrations(), Mode::kServe);
  EXPECT_FALSE(catalog.reload());
}

}  // namespace
}  // namespace countersign::catalog
