#include "web/people_words.h"

#include <array>
#include <utility>

namespace countersign::web {
namespace {

using Mark = std::pair<std::string_view, std::string_view>;

// The first that fits: browsers that build on another one name that, too.
constexpr std::array kBrowsers{Mark{"Edg/", "Edge"},      Mark{"OPR/", "Opera"},    Mark{"Firefox/", "Firefox"},
                               Mark{"Chrome/", "Chrome"}, Mark{"CriOS/", "Chrome"}, Mark{"FxiOS/", "Firefox"},
                               Mark{"Safari/", "Safari"}};
constexpr std::array kSystems{Mark{"Android", "Android"}, Mark{"iPhone", "iPhone"},  Mark{"iPad", "iPad"},
                              Mark{"Windows", "Windows"}, Mark{"Mac OS X", "macOS"}, Mark{"Linux", "Linux"}};

template <std::size_t N>
std::string_view first_of(const std::array<Mark, N>& marks, std::string_view text) {
  for (const auto& [mark, name] : marks) {
    if (text.find(mark) != std::string_view::npos) return name;
  }
  return {};
}

}  // namespace

std::string_view words_of(domain::Role role) {
  switch (role) {
    case domain::Role::kMember:
      return "Has agents and connections of their own, and sees what they did themselves.";
    case domain::Role::kApprover:
      return "May do what a member may, and decides on what waits for the workspace’s approval.";
    case domain::Role::kAdmin:
      return "May do what an approver may, and looks after people, all agents, the workspace’s connections and the "
             "audit "
             "record.";
  }
  return {};
}

Badge badge_of(const domain::Person& person) {
  if (person.disabled) return {"off", "Disabled"};
  if (person.password_hash.empty()) return {"warn", "No password yet"};
  return {"ok", "Active"};
}

std::string browser_of(std::string_view user_agent) {
  if (user_agent.empty()) return "a browser that does not say its name";
  const std::string_view browser = first_of(kBrowsers, user_agent);
  if (browser.empty()) return std::string(user_agent);
  const std::string_view system = first_of(kSystems, user_agent);
  return system.empty() ? std::string(browser) : std::string(browser) + " on " + std::string(system);
}

}  // namespace countersign::web
