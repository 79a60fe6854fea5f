// A serious act on a page of its own: what it does and to what, the password again where the act demands a
// fresh proof, and one button that names both. GET shows it with ask(), POST does it with carry_out().
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "web/page_frame.h"

namespace countersign::web {

struct Choice {
  struct Option {
    std::string value;
    std::string text;
  };
  std::string name;
  std::string label;
  std::vector<Option> options;
  std::string chosen;  // a value; what came with the form wins
};

struct Act {
  enum class Weight { kPlain, kDangerous };
  enum class Proof { kNotNeeded, kFresh };

  Section section = Section::kNone;
  std::string verb;    // "Disable": before the object's name, in the heading and on the button
  std::string object;  // untrusted text; may be empty
  std::string lead;
  std::vector<std::string> effects{};  // a list below the lead
  std::string path;                    // where the form goes
  std::string back_path;               // the object's page
  std::string back_text;
  std::string stay = "Leave it as it is";  // beside the button: back to the object
  Weight weight = Weight::kPlain;
  Proof proof = Proof::kFresh;
  std::optional<Choice> choice{};
  std::vector<std::pair<std::string, std::string>> hidden{};
};

http::Response ask(const Services& services, const http::Call& call, const Act& act);
// Nothing: it is done. Otherwise the page again, with what stood in the way: the password, or a kConflict or
// kInvalidArgument of `perform`. Whatever else is thrown passes through.
std::optional<http::Response> carry_out(const Services& services, http::Call& call, const Act& act,
                                        const std::function<void(const domain::Acting&)>& perform);

}  // namespace countersign::web
