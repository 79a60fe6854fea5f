#include "web/agent_tools.h"

#include <algorithm>

#include "base/error.h"

namespace countersign::web {

std::vector<AgentTool> agent_tools() {
  std::vector<AgentTool> tools;
  tools.push_back(connect_connector());
  tools.push_back(connections_create());
  tools.push_back(connections_create_handoff());
  tools.push_back(connections_get());
  tools.push_back(connections_list());
  tools.push_back(connections_refresh());
  tools.push_back(connections_remove());
  tools.push_back(create_auth_session());
  tools.push_back(disconnect_connector());
  tools.push_back(get_auth_session());
  tools.push_back(handoffs_cancel());
  tools.push_back(handoffs_get());
  tools.push_back(handoffs_wait());
  tools.push_back(integrations_list());
  tools.push_back(list_connectors());
  tools.push_back(oauth_cancel());
  tools.push_back(oauth_clients_create());
  tools.push_back(oauth_clients_create_handoff());
  tools.push_back(oauth_clients_list());
  tools.push_back(oauth_clients_register_dynamic());
  tools.push_back(oauth_clients_remove());
  tools.push_back(oauth_probe());
  tools.push_back(oauth_start());
  tools.push_back(providers_items());
  tools.push_back(providers_list());
  return tools;
}

const AgentTool& tool_named(const std::vector<AgentTool>& tools, std::string_view name) {
  const auto found =
      std::find_if(tools.begin(), tools.end(), [&](const AgentTool& tool) { return tool.description.name == name; });
  if (found == tools.end()) {
    throw Error(ErrorCode::kInternal, "unknown_tool", "This tool does not exist.", std::string(name));
  }
  return *found;
}

}  // namespace countersign::web
