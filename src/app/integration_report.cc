// How a TemplateCheck is written down: as JSON for programs, and as text for people.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/integration_check.h"
#include "base/one_line.h"

namespace countersign::app {
namespace {

constexpr std::size_t kLongestValue = 300;
constexpr std::size_t kWidestName = 38;  // of the file's keys, but for two

std::string_view kind_of(const Difference& difference) {
  return difference.kind == Difference::Kind::kWrong ? "wrong" : "unused";
}

std::string row(std::string_view name, std::string_view value) {
  std::string line = "    " + std::string(name);
  line.append(name.size() < kWidestName ? kWidestName - name.size() : 1, ' ');
  return line + std::string(value) + "\n";
}

// What the provider says is a stranger's text, and a terminal obeys some of it.
std::string row_of(const Difference& difference) {
  const std::string provider = one_line(difference.provider, kLongestValue);
  const bool wrong = difference.kind == Difference::Kind::kWrong;
  return row(difference.what, wrong ? "WRONG: the file says " + difference.file + ", the provider " +
                                          (provider.empty() ? "nothing" : provider)
                                    : "not in the file; the provider has " + provider);
}

std::string verdict(const TemplateCheck& check) {
  if (!check.problem.empty()) return row("metadata", "PROBLEM: " + one_line(check.problem, kLongestValue));
  if (!check.not_asked.empty()) return row("metadata", "not asked for: " + check.not_asked);
  if (check.asked.empty()) return {};
  const std::string of = one_line(check.asked, kLongestValue);
  return row("metadata", is_good(check) ? "of " + of + " agrees" : "of " + of + " says otherwise");
}

}  // namespace

Json json_of(const TemplateCheck& check) {
  Json facts = Json::object();
  for (const auto& [name, value] : check.facts) facts[name] = value;
  Json json{{"slug", check.slug}, {"kind", check.kind}, {"label", check.label}, {"facts", std::move(facts)}};
  if (!check.authorization_url.empty()) json["authorization_url"] = check.authorization_url;
  if (!check.asked.empty()) json["asked"] = check.asked;
  if (!check.not_asked.empty()) json["not_asked"] = check.not_asked;
  if (!check.problem.empty()) json["problem"] = check.problem;
  Json list = Json::array();
  for (const Difference& one : check.differences) {
    list.push_back({{"kind", kind_of(one)}, {"what", one.what}, {"file", one.file}, {"provider", one.provider}});
  }
  json["differences"] = std::move(list);
  return json;
}

std::string text_of(const TemplateCheck& check) {
  std::string text = "  " + check.slug + "  " + check.kind + "  " + check.label + "\n";
  for (const auto& [name, value] : check.facts) text += row(name, value);
  if (!check.authorization_url.empty()) text += row("a person would be sent to", check.authorization_url);
  for (const Difference& one : check.differences) text += row_of(one);
  return text + verdict(check);
}

}  // namespace countersign::app
