#include "catalog/catalog.h"

#include <algorithm>

#include "base/closest.h"
#include "base/error.h"
#include "catalog/json_object.h"
#include "catalog/operator_folder.h"

namespace countersign::catalog {
namespace {

using BySlug = std::map<std::string, IntegrationPtr, std::less<>>;

bool is_known_in(Mode mode, const domain::Integration& integration) {
  return mode == Mode::kDev || !integration.only_in_dev;
}

BySlug load_built_in(std::span<const EmbeddedFile> files, Mode mode) {
  BySlug by_slug;
  for (const EmbeddedFile& file : files) {
    auto integration = std::make_shared<const domain::Integration>(parse_integration(file.name, file.bytes));
    if (!is_known_in(mode, *integration)) continue;
    if (!by_slug.emplace(integration->slug, integration).second) {
      throw bad_integration(file.name, "/slug", "\"" + integration->slug + "\" is taken by another file");
    }
  }
  return by_slug;
}

bool same(const BySlug& a, const BySlug& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return one.first == other.first && (one.second == other.second || *one.second == *other.second);
  });
}

}  // namespace

Catalog::Catalog(std::span<const EmbeddedFile> files, Mode mode, std::filesystem::path folder)
    : mode_(mode), folder_(std::move(folder)), built_in_(load_built_in(files, mode)) {
  // Looked at before it is read: what changes in between is noticed by the next reload.
  if (!folder_.empty()) seen_ = OperatorFolder(folder_).look();
  by_slug_ = load();
}

std::shared_ptr<const Catalog::BySlug> Catalog::load() const {
  auto by_slug = std::make_shared<BySlug>(built_in_);
  if (folder_.empty()) return by_slug;
  const Targets targets = mode_ == Mode::kDev ? Targets::kHttpsAndLoopback : Targets::kHttps;
  OperatorFolder(folder_).read([&](const std::string& name, const std::string& text) {
    auto integration = std::make_shared<const domain::Integration>(parse_integration(name, text, targets));
    if (is_known_in(mode_, *integration)) (*by_slug)[integration->slug] = integration;
  });
  return by_slug;
}

std::shared_ptr<const Catalog::BySlug> Catalog::current() const {
  const std::lock_guard lock(mutex_);
  return by_slug_;
}

bool Catalog::reload() {
  if (folder_.empty()) return false;
  const std::lock_guard one_at_a_time(reloading_);
  std::string look = OperatorFolder(folder_).look();
  if (look == seen_) {
    faulty_.clear();
    return false;
  }
  std::shared_ptr<const BySlug> next;
  try {
    next = load();
  } catch (const Error& error) {
    std::string state = look + error.message();
    if (state == faulty_) return false;
    faulty_ = std::move(state);
    throw;
  }
  seen_ = std::move(look);
  faulty_.clear();
  if (same(*current(), *next)) return false;
  const std::lock_guard lock(mutex_);
  by_slug_ = std::move(next);
  return true;
}

IntegrationPtr Catalog::find(std::string_view slug) const {
  const auto by_slug = current();
  const auto found = by_slug->find(slug);
  return found == by_slug->end() ? nullptr : found->second;
}

IntegrationPtr Catalog::get(std::string_view slug) const {
  const auto by_slug = current();
  if (const auto found = by_slug->find(slug); found != by_slug->end()) return found->second;
  std::vector<std::string_view> known;
  for (const auto& [name, integration] : *by_slug) known.push_back(name);
  std::string message = "There is no integration of that name" + did_you_mean(slug, known);
  if (!message.ends_with('?')) message += '.';
  throw Error(ErrorCode::kNotFound, "unknown_integration", std::move(message)).recovery("integrations.list");
}

std::vector<IntegrationPtr> Catalog::list() const {
  const auto by_slug = current();
  std::vector<IntegrationPtr> all;
  all.reserve(by_slug->size());
  for (const auto& [slug, integration] : *by_slug) all.push_back(integration);
  return all;
}

}  // namespace countersign::catalog
