// A state in a word and its kind; static/site.css adds a shape and a colour, so that none of them stands alone.
#pragma once

#include <string_view>

#include "web/values.h"

namespace countersign::web {

struct Badge {
  std::string_view kind;  // ok, warn, bad or off
  std::string_view word;
};

// For `<span class="badge {{BADGE_KIND}}">{{BADGE}}</span>`.
inline void show_badge(const Badge& badge, Values& values) {
  values.set("BADGE_KIND", badge.kind).set("BADGE", badge.word);
}

}  // namespace countersign::web
