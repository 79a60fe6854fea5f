// Whoever may write into the directory tries to get at something else. Each rule is tried on both ways of
// opening: the one call of newer kernels, and name by name.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/temp_dir.h"
#include "vault/providers.h"
#include "vault/words.h"

namespace countersign::vault {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FileProviderTest : public ::testing::TestWithParam<FileWalk> {
 protected:
  FileProviderTest() {
    write_file(secrets / "stripe", "canary-stripe\n");
    write_file(data / "countersign.db", "canary-database");
    write_file(key, "canary-master-key");
    provider = make();
  }

  std::unique_ptr<Provider> make() const {
    return file_provider(secrets, {data, key, dir.file("not-there")}, GetParam());
  }
  std::string refusal(std::string_view item) const {
    return reason_of([&] { provider->resolve(item); });
  }
  std::string value(std::string_view item) const { return std::string(provider->resolve(item).reveal()); }

  support::TempDir dir;
  const fs::path secrets = dir.path() / "secrets";
  const fs::path data = dir.path() / "data";
  const fs::path key = dir.path() / "keys" / "master.key";
  std::unique_ptr<Provider> provider;
};

INSTANTIATE_TEST_SUITE_P(BothWalks, FileProviderTest, ::testing::Values(FileWalk::kInOneCall, FileWalk::kStepByStep),
                         [](const auto& walk) {
                           return walk.param == FileWalk::kInOneCall ? "InOneCall" : "StepByStep";
                         });

TEST_P(FileProviderTest, ReadsAFileWithoutItsLastLineBreak) {
  EXPECT_EQ(provider->name(), "file");
  EXPECT_EQ(value("stripe"), "canary-stripe");
  write_file(secrets / "team/dos", "canary-a\r\n");
  EXPECT_EQ(value("team/dos"), "canary-a");
  write_file(secrets / "two", "canary-b\n\n");
  EXPECT_EQ(value("two"), "canary-b\n") << "one line break, no more";
  write_file(secrets / "bare", std::string("canary\0c", 8));
  EXPECT_EQ(value("bare"), std::string("canary\0c", 8));
  write_file(secrets / "stripe", "canary-new");
  EXPECT_EQ(value("stripe"), "canary-new") << "read on every use";
}

TEST_P(FileProviderTest, NothingAndEmptyAreUnknown) {
  write_file(secrets / "empty", "");
  write_file(secrets / "line", "\n");
  for (const char* item : {"none", "none/at/all", "stripe/below", "empty", "line"}) {
    EXPECT_EQ(refusal(item), "unknown_provider_item") << item;
  }
}

TEST_P(FileProviderTest, APathLeadsNowhereElse) {
  write_file(dir.path() / "outside", "canary");
  for (const char* item : {"../outside", "team/../../outside", "..", ".", "", "/", "./stripe", "stripe/", "team//x"}) {
    EXPECT_EQ(refusal(item), "item_not_allowed") << item;
  }
  EXPECT_EQ(refusal((dir.path() / "outside").string()), "item_not_allowed");
  EXPECT_EQ(refusal((secrets / "stripe").string()), "item_not_allowed") << "absolute, though inside";
  EXPECT_EQ(refusal(std::string_view("stripe\0x", 8)), "item_not_allowed");
  EXPECT_EQ(refusal("stri\npe"), "item_not_allowed");
  EXPECT_EQ(refusal("stri\xff"), "item_not_allowed");
  EXPECT_EQ(refusal(std::string(1025, 'a')), "item_not_allowed");
}

TEST_P(FileProviderTest, FollowsNoSymbolicLink) {
  write_file(dir.path() / "outside/secret", "canary");
  write_file(secrets / "team/inside", "canary");
  fs::create_symlink(dir.path() / "outside/secret", secrets / "out");
  fs::create_symlink("stripe", secrets / "in");
  fs::create_symlink("team", secrets / "folder-in");
  fs::create_symlink(dir.path() / "outside", secrets / "folder-out");
  fs::create_symlink("nowhere", secrets / "dangling");
  fs::create_symlink("circle", secrets / "circle");
  for (const char* item : {"out", "in", "folder-in/inside", "folder-out/secret", "dangling", "circle"}) {
    EXPECT_EQ(refusal(item), "item_not_allowed") << item;
  }
  EXPECT_THAT(ids_of(provider->items()), ElementsAre("stripe", "team/inside"));
}

TEST_P(FileProviderTest, AFileThatBecomesALinkIsNoticed) {
  EXPECT_EQ(value("stripe"), "canary-stripe");
  fs::rename(secrets / "stripe", secrets / "other");
  fs::create_symlink("other", secrets / "stripe");
  EXPECT_EQ(refusal("stripe"), "item_not_allowed");
}

TEST_P(FileProviderTest, OurOwnFilesAreRefusedUnderAnyName) {
  fs::create_hard_link(key, secrets / "innocent");
  fs::create_hard_link(data / "countersign.db", secrets / "team-notes");
  write_file(data / "backups/old.db", "canary");
  fs::create_directory(secrets / "team");
  fs::create_hard_link(data / "backups/old.db", secrets / "team/deep");
  for (const char* item : {"innocent", "team-notes", "team/deep"}) {
    EXPECT_EQ(refusal(item), "item_not_allowed") << item;
  }
  EXPECT_THAT(ids_of(provider->items()), ElementsAre("stripe"));
}

TEST_P(FileProviderTest, WhatBecomesOursLaterIsRefusedToo) {
  EXPECT_EQ(value("stripe"), "canary-stripe");
  fs::create_hard_link(secrets / "stripe", data / "countersign.db-wal");
  EXPECT_EQ(refusal("stripe"), "item_not_allowed");
  fs::remove(key);
  write_file(key, "canary-rotated");
  fs::create_hard_link(key, secrets / "rotated");
  EXPECT_EQ(refusal("rotated"), "item_not_allowed");
}

TEST_P(FileProviderTest, OursBehindALinkIsOurs) {
  fs::remove(key);
  write_file(dir.path() / "vault/real.key", "canary");
  fs::create_symlink(dir.path() / "vault/real.key", key);
  fs::create_hard_link(dir.path() / "vault/real.key", secrets / "copy");
  EXPECT_EQ(refusal("copy"), "item_not_allowed");
}

TEST_P(FileProviderTest, OnlyRegularFilesAndNothingHangs) {
  ASSERT_EQ(::mkfifo((secrets / "pipe").c_str(), 0600), 0);
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  const std::string name = (secrets / "socket").string();
  ASSERT_LT(name.size(), sizeof place.sun_path);
  name.copy(place.sun_path, name.size());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&place), sizeof place), 0);
  fs::create_directory(secrets / "folder");
  for (const char* item : {"pipe", "socket", "folder", "pipe/x"}) {
    const std::string reason = refusal(item);
    EXPECT_EQ(reason, item == std::string("pipe/x") ? "unknown_provider_item" : "item_not_allowed") << item;
  }
  EXPECT_THAT(ids_of(provider->items()), ElementsAre("stripe"));
  ::close(listener);
}

TEST_P(FileProviderTest, TheKernelsFilesAreNone) {
  const auto proc = file_provider("/proc/self", {data}, GetParam());
  EXPECT_EQ(reason_of([&] { proc->resolve("environ"); }), "item_not_allowed");
  EXPECT_EQ(reason_of([&] { proc->resolve("cmdline"); }), "item_not_allowed");
}

TEST_P(FileProviderTest, SizeIsLimited) {
  write_file(secrets / "most", std::string(64 * 1024, 'x'));
  write_file(secrets / "more", std::string(64 * 1024 + 1, 'x'));
  EXPECT_EQ(value("most").size(), 64U * 1024);
  EXPECT_EQ(refusal("more"), "item_not_allowed");
  EXPECT_THAT(ids_of(provider->items()), ElementsAre("most", "stripe"));
}

TEST_P(FileProviderTest, AFileThatAnybodyMayWriteIsRefused) {
  fs::permissions(secrets / "stripe", fs::perms(0666));
  EXPECT_EQ(refusal("stripe"), "item_not_allowed");
  EXPECT_THAT(provider->items(), IsEmpty());
  fs::permissions(secrets / "stripe", fs::perms(0664));
  EXPECT_EQ(value("stripe"), "canary-stripe") << "a group is the operator's choice";
}

TEST_P(FileProviderTest, HiddenFilesAreNone) {
  write_file(secrets / ".hidden", "canary");
  write_file(secrets / ".git/config", "canary");
  write_file(secrets / "team/.env", "canary");
  for (const char* item : {".hidden", ".git/config", "team/.env"}) EXPECT_EQ(refusal(item), "item_not_allowed") << item;
  EXPECT_THAT(ids_of(provider->items()), ElementsAre("stripe"));
}

TEST_P(FileProviderTest, FourNamesDeepAndNoDeeper) {
  write_file(secrets / "a/b/c/d", "canary");
  write_file(secrets / "a/b/c/e/f", "canary");
  EXPECT_EQ(value("a/b/c/d"), "canary");
  EXPECT_EQ(refusal("a/b/c/e/f"), "item_not_allowed");
  EXPECT_THAT(ids_of(provider->items()), ElementsAre("a/b/c/d", "stripe"));
}

TEST_P(FileProviderTest, ListsNoMoreThanAThousand) {
  for (int i = 0; i < 1005; ++i) write_file(secrets / ("n" + std::to_string(i)), "x");
  EXPECT_EQ(provider->items().size(), 1000U);
}

TEST_P(FileProviderTest, TheDirectoryIsApartFromOurs) {
  const auto refuse = [&](const fs::path& directory) {
    return reason_of([&] { file_provider(directory, {data / "", key}, GetParam()); });
  };
  fs::create_directories(data / "shared");
  fs::create_symlink(data / "shared", dir.path() / "alias");
  EXPECT_EQ(refuse(data), "bad_config") << "is one of ours";
  EXPECT_EQ(refuse(data / "shared"), "bad_config") << "lies in one";
  EXPECT_EQ(refuse(dir.path() / "alias"), "bad_config") << "lies in one, behind a link";
  EXPECT_EQ(refuse(dir.path()), "bad_config") << "holds one";
  EXPECT_EQ(refuse(key.parent_path()), "bad_config") << "holds a file of ours";
  EXPECT_EQ(refuse("/"), "bad_config");
  EXPECT_EQ(refuse(dir.path() / "nowhere"), "bad_config");
  EXPECT_EQ(refuse(secrets / "stripe"), "bad_config") << "no folder";
  fs::create_directory(dir.path() / "data-of-others");
  EXPECT_EQ(refuse(dir.path() / "data-of-others"), "none") << "only begins like one of ours";
}

TEST_P(FileProviderTest, ADirectoryThatIsGoneIsTheProvidersFault) {
  fs::remove_all(secrets);
  EXPECT_EQ(refusal("stripe"), "provider_failed");
  EXPECT_EQ(reason_of([&] { provider->items(); }), "provider_failed");
}

TEST_P(FileProviderTest, NoRefusalRepeatsTheItem) {
  try {
    provider->resolve("canary-name/../x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()), ::testing::Not(HasSubstr("canary-name")));
  }
}

}  // namespace
}  // namespace countersign::vault
