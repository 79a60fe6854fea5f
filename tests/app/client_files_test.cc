#include "app/client_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "support/temp_dir.h"

namespace countersign::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kToken = "cs_agent_0123456789abc_secret-part-of-the-token";

class ClientFiles : public ::testing::Test {
 protected:
  static ClientEntry entry() { return {"countersign", "http://127.0.0.1:7117/mcp", Secret::copy_of(kToken)}; }
  std::filesystem::path file(ClientKind kind) const { return client_file(kind, home); }
  void write(const std::filesystem::path& path, std::string_view text) const {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  support::TempDir dir;
  std::filesystem::path home = dir.file("home");
};

TEST_F(ClientFiles, ClaudeGetsItsEntryBesideWhatItHad) {
  const auto path = file(ClientKind::kClaude);
  write(path, R"({"numStartups": 7, "mcpServers": {"other": {"command": "x"}, "countersign": {"url": "old"}}})");
  install_client(ClientKind::kClaude, path, entry());
  const Json content = parse_json(text_of(path));
  EXPECT_EQ(content.at("numStartups"), 7);
  EXPECT_EQ(content.at("mcpServers").at("other").at("command"), "x");
  const Json& ours = content.at("mcpServers").at("countersign");
  EXPECT_EQ(ours.at("type"), "http");
  EXPECT_EQ(ours.at("url"), "http://127.0.0.1:7117/mcp");
  EXPECT_EQ(ours.at("headers").at("Authorization"), "Bearer " + std::string(kToken));
}

TEST_F(ClientFiles, AFileWithATokenIsItsOwnersAlone) {
  for (const auto kind : {ClientKind::kClaude, ClientKind::kCursor}) {
    const auto path = file(kind);
    write(path, "{}");
    ::chmod(path.c_str(), 0644);
    install_client(kind, path, entry());
    EXPECT_EQ(mode_of(path), 0600U);
  }
}

TEST_F(ClientFiles, VsCodeAndCodexGetNoToken) {
  for (const auto kind : {ClientKind::kVsCode, ClientKind::kCodex}) {
    const auto path = file(kind);
    install_client(kind, path, entry());
    EXPECT_THAT(text_of(path), Not(HasSubstr("secret-part")));
    EXPECT_THAT(text_of(path), HasSubstr("http://127.0.0.1:7117/mcp"));
  }
  const Json vscode = parse_json(text_of(file(ClientKind::kVsCode)));
  EXPECT_EQ(vscode.at("inputs").at(0).at("password"), true);
  EXPECT_EQ(vscode.at("servers").at("countersign").at("headers").at("Authorization"),
            "Bearer ${input:countersign-token}");
}

TEST_F(ClientFiles, InstallingTwiceIsInstallingOnce) {
  const auto path = file(ClientKind::kVsCode);
  install_client(ClientKind::kVsCode, path, entry());
  const std::string once = text_of(path);
  install_client(ClientKind::kVsCode, path, entry());
  EXPECT_EQ(text_of(path), once);
}

TEST_F(ClientFiles, AFileItCannotKeepWholeIsLeftAlone) {
  const auto path = file(ClientKind::kCursor);
  for (const char* text : {"{ // my servers\n}", "[]", "{\"mcpServers\": []}", "{\"a\":1} trailing"}) {
    write(path, text);
    EXPECT_THROW(install_client(ClientKind::kCursor, path, entry()), Error) << text;
    EXPECT_EQ(text_of(path), text);
  }
  const auto codex = file(ClientKind::kCodex);
  write(codex, "[mcp_servers.countersign]\nurl = \"mine\"\n");
  EXPECT_THROW(install_client(ClientKind::kCodex, codex, entry()), Error);
  EXPECT_EQ(text_of(codex), "[mcp_servers.countersign]\nurl = \"mine\"\n");
}

TEST_F(ClientFiles, ALinkToTheFileStaysALink) {
  const auto path = file(ClientKind::kClaude);
  write(home / "kept/claude.json", "{}");
  std::filesystem::create_symlink(home / "kept/claude.json", path);
  install_client(ClientKind::kClaude, path, entry());
  EXPECT_TRUE(std::filesystem::is_symlink(path));
  EXPECT_THAT(text_of(home / "kept/claude.json"), HasSubstr("mcpServers"));
}

}  // namespace
}  // namespace countersign::app
