#include "web/values.h"

namespace countersign::web {

Values::Values() = default;
Values::~Values() = default;
Values::Values(Values&&) noexcept = default;
Values& Values::operator=(Values&&) noexcept = default;

Values& Values::set(std::string_view name, std::string_view text, std::size_t limit) {
  texts_.emplace_back(name, visible(text, limit));
  return *this;
}

Values& Values::set_if_any(std::string_view name, std::string_view text) {
  if (text.empty()) return *this;
  return set(name, text).show(std::string(name) + "_GIVEN");
}

Values& Values::show(std::string_view section) {
  add(section);
  return *this;
}

Values& Values::show_either(bool condition, std::string_view section, std::string_view otherwise) {
  const std::string_view chosen = condition ? section : otherwise;
  return chosen.empty() ? *this : show(chosen);
}

Values& Values::add(std::string_view section) {
  return children_.emplace_back(Child{std::string(section), {}, {}}).values;
}

Values& Values::include(std::string_view place, std::string_view template_name) {
  return children_.emplace_back(Child{std::string(place), std::string(template_name), {}}).values;
}

}  // namespace countersign::web
