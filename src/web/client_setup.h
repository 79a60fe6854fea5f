// How an agent's program is told of this server, ready to copy, for each of the programs people use. Pure.
//
// A token stands in a command or a file that a person pastes, never in a link: links are kept in histories and
// handed to other programs. So each line says where the token goes, and the page fills it in (show_once.h) or not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace countersign::web {

struct SetupLine {
  std::string text;
  bool has_token = false;  // it stands between `text` and `rest`
  std::string rest;
};

struct SetupBlock {
  std::string label;  // "Command", or the file's name
  std::vector<SetupLine> lines;
};

// A program that can be told by a link, without a token. Percent-encoded by the template.
enum class SetupLink { kNone, kCursor, kVsCode };

struct ClientSetup {
  std::string_view id;     // "claude-code": the tab
  std::string_view title;  // "Claude Code"
  std::string_view how;    // what to do with the blocks
  std::vector<SetupBlock> blocks;
  SetupLink link = SetupLink::kNone;
  std::string link_config;  // what stands behind the link
};

// In the order of the tabs. `public_url` without a trailing slash.
std::vector<ClientSetup> client_setups(std::string_view public_url);

}  // namespace countersign::web
