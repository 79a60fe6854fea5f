// The configuration files of agents' programs, and our entry in each. Everything else in them stays as it is
// (JSON loses its layout); a file that is no plain JSON is left alone and the entry is printed instead.
//
// Claude Code and Cursor keep the token in their own file, which is made readable for its owner alone. VS Code
// asks for it once and keeps it itself; Codex reads it from an environment variable.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "domain/state_machine.h"

namespace countersign::app {

enum class ClientKind { kClaude, kVsCode, kCursor, kCodex };
inline constexpr domain::Names<ClientKind, 4> kClientNames{{"claude", "vscode", "cursor", "codex"}};

struct ClientEntry {
  std::string name = "countersign";
  std::string mcp_url;
  Secret token;
};

// Below the home directory; where the program itself looks for it.
std::filesystem::path client_file(ClientKind kind, const std::filesystem::path& home);

// Throws what install_client() would for this file, and changes nothing.
void check_client_file(ClientKind kind, const std::filesystem::path& file);
// Adds or replaces our entry, atomically. Throws kConflict `client_file_unreadable` for a file it cannot keep
// whole, kUnavailable `data_unwritable`. What the person has to do next, in words without the token.
std::string install_client(ClientKind kind, const std::filesystem::path& file, const ClientEntry& entry);

}  // namespace countersign::app
