#include "mcp/protocol.h"

#include <nlohmann/json.hpp>

#include "mcp/wording.h"

namespace countersign::mcp {

std::string_view name(Revision revision) {
  switch (revision) {
    case Revision::k20250618:
      return "2025-06-18";
    case Revision::k20251125:
      return "2025-11-25";
  }
  return {};
}

std::optional<Revision> parse_revision(std::string_view text) {
  for (const Revision revision : kRevisions) {
    if (name(revision) == text) return revision;
  }
  return std::nullopt;
}

Revision negotiate(std::string_view requested) { return parse_revision(requested).value_or(kLatest); }

std::variant<Revision, Fault> revision_of_header(std::optional<std::string_view> header) {
  if (!header) return kRevisions.front();
  if (const auto revision = parse_revision(*header)) return *revision;
  Json supported = Json::array();
  for (const Revision revision : kRevisions) supported.push_back(name(revision));
  return Fault{RpcCode::kInvalidRequest, "unsupported MCP-Protocol-Version " + quoted_name(*header),
               share({{"code", "unsupported_protocol_version"}, {"supported", std::move(supported)}})};
}

}  // namespace countersign::mcp
