// What a page shows, as a small tree: names with texts, sections with values of their own, and parts
// (other templates) that are included. Built for one rendering and thrown away; not shared.
//
// Every text passes through visible() on its way in, and is escaped for its place by the template engine
// on its way out. Names are constants of ours in CAPITALS; ctemplate keeps each name it ever saw.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/visible_text.h"

namespace countersign::web {

class Values {
 public:
  struct Child;

  Values();
  ~Values();
  Values(Values&&) noexcept;
  Values& operator=(Values&&) noexcept;

  Values& set(std::string_view name, std::string_view text, std::size_t limit = kVisibleLimit);
  // The text is set, and the section of the same name plus `_GIVEN` shown, when there is a text.
  Values& set_if_any(std::string_view name, std::string_view text);

  // Shows the section once, with this tree's values.
  Values& show(std::string_view section);
  // Either the one section or the other; an empty name stands for none.
  Values& show_either(bool condition, std::string_view section, std::string_view otherwise = {});
  // Shows the section once more, with values of its own; what is returned lives as long as this.
  Values& add(std::string_view section);
  // Puts a template where {{>PLACE}} stands; the texts of the outermost Values are seen in it, too.
  Values& include(std::string_view place, std::string_view template_name);

  const std::vector<std::pair<std::string, std::string>>& texts() const { return texts_; }
  const std::list<Child>& children() const { return children_; }

 private:
  std::vector<std::pair<std::string, std::string>> texts_;
  std::list<Child> children_;
};

struct Values::Child {
  std::string name;
  std::string template_name;  // empty: a section
  Values values;
};

}  // namespace countersign::web
