// Rules that every template and asset of the product keeps.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>

#include "base/error.h"
#include "web/assets.h"
#include "web/template_engine.h"

namespace countersign::web {
namespace {

std::size_t count(std::string_view text, std::string_view piece) {
  std::size_t found = 0;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) ++found;
  return found;
}

TEST(Templates, AllOfThemAreSafeToLoad) { EXPECT_NO_THROW(TemplateEngine{embedded::templates()}); }

TEST(Templates, NoneHasAnInlineScriptAStyleOrAnEventHandler) {
  const std::regex handler("\\son[a-z]+\\s*=", std::regex::icase);
  for (const EmbeddedFile& file : embedded::templates()) {
    const std::string text(file.bytes);
    // One script file of ours in the frame of all pages, and no other.
    const bool frame = file.name == "layout.html";
    EXPECT_EQ(count(text, "<script"), frame ? 1U : 0U) << file.name;
    EXPECT_EQ(count(text, "<script src=\"{{SCRIPT}}\"></script>"), frame ? 1U : 0U) << file.name;
    for (const char* tag :
         {"<style", " style=", "<iframe", "<object", "<embed", "<base", "<meta http-equiv", "javascript:", "http://"}) {
      EXPECT_EQ(count(text, tag), 0U) << file.name << " has " << tag;
    }
    EXPECT_FALSE(std::regex_search(text, handler)) << file.name;
  }
}

// A search form changes nothing and goes into the address: the token has no business there.
TEST(Templates, EveryFormPostsWithItsTokenOrOnlyAsks) {
  for (const EmbeddedFile& file : embedded::templates()) {
    const std::size_t asking = count(file.bytes, "method=\"get\"");
    EXPECT_EQ(count(file.bytes, "<form "), count(file.bytes, "method=\"post\"") + asking) << file.name;
    EXPECT_EQ(count(file.bytes, "method=\"post\""), count(file.bytes, "name=\"csrf\" value=\"{{CSRF}}\"")) << file.name;
    for (auto at = file.bytes.find("method=\"get\""); at != std::string_view::npos;
         at = file.bytes.find("method=\"get\"", at + 1)) {
      const auto end = file.bytes.find("</form>", at);
      EXPECT_EQ(count(file.bytes.substr(at, end - at), "csrf"), 0U) << file.name;
    }
  }
}

TEST(Templates, EveryInputHasALabelAndNoPasswordIsPrefilled) {
  const std::regex visible_input("<input id=\"(f-[^\"]*)\"[^>]*>");
  for (const EmbeddedFile& file : embedded::templates()) {
    const std::string text(file.bytes);
    for (std::sregex_iterator input(text.begin(), text.end(), visible_input), end; input != end; ++input) {
      EXPECT_EQ(count(text, "<label for=\"" + (*input)[1].str() + "\""), 1U) << file.name << " " << (*input)[1];
      const bool prefilled_password = count(input->str(), "type=\"password\"") > 0 && count(input->str(), "value=") > 0;
      EXPECT_FALSE(prefilled_password) << file.name;
    }
  }
}

TEST(Assets, NameChangesWithTheContent) {
  const EmbeddedFile first{"site.css", "a{}"}, second{"site.css", "b{}"};
  const Assets old_version(std::span(&first, 1)), new_version(std::span(&second, 1));
  EXPECT_NE(old_version.path("site.css"), new_version.path("site.css"));
  EXPECT_TRUE(old_version.path("site.css").starts_with("/static/site."));
}

TEST(Assets, AreServedUnderTheirHashedNameAlone) {
  const Assets assets(embedded::assets());
  const std::string name = assets.path("site.css").substr(std::string_view("/static/").size());
  const http::Response response = assets.serve(name);
  EXPECT_EQ(response.status, 200);
  EXPECT_GT(response.body.size(), 1000U);
  EXPECT_THROW(assets.serve("site.css"), Error);
  EXPECT_THROW(assets.serve("../CMakeLists.txt"), Error);
}

TEST(Assets, NothingComesFromElsewhere) {
  for (const EmbeddedFile& file : embedded::assets()) {
    const std::string text(file.bytes);
    for (const char* piece : {"url(", "@import", "@font-face"}) EXPECT_EQ(count(text, piece), 0U) << file.name;
    const bool links = file.name.ends_with(".css") && count(text, "://") > 0;
    EXPECT_FALSE(links) << file.name;
  }
}

}  // namespace
}  // namespace countersign::web
