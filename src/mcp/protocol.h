// The protocol revisions we serve and how one of them is chosen.
//
// Both are of the handshake era; 2026-07-28 (metadata on every request) joins this enum when it works,
// and its switches then do not compile until they know it. 2025-03-26 stays out: it would oblige us to
// accept batches. Pure; thread-safe.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <variant>

#include "mcp/jsonrpc.h"

namespace countersign::mcp {

enum class Revision { k20250618, k20251125 };

inline constexpr std::array kRevisions = {Revision::k20250618, Revision::k20251125};  // oldest first
inline constexpr Revision kLatest = kRevisions.back();

std::string_view name(Revision revision);
std::optional<Revision> parse_revision(std::string_view text);

// `initialize`: the revision asked for if we serve it, else our latest; the client decides whether to go on.
Revision negotiate(std::string_view requested);

// The MCP-Protocol-Version header of any later request. Absent would mean 2025-03-26, which we do not
// serve; what is left of that revision is the same as in our oldest, so that one is assumed. An unknown
// value is a fault, to be sent with HTTP 400. Its code must stay outside -32020..-32099: a client that
// speaks both eras takes those for a modern server and would not fall back to `initialize`.
std::variant<Revision, Fault> revision_of_header(std::optional<std::string_view> header);

}  // namespace countersign::mcp
