#include "web/template_engine.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace countersign::web {
namespace {

constexpr std::string_view kPragma = "{{%AUTOESCAPE context=\"HTML\"}}";

std::string rendered(std::string_view text, const Values& values) {
  const std::string source = std::string(kPragma) + std::string(text);
  const std::array files{EmbeddedFile{"page.html", source}};
  const WipingBuffer page = TemplateEngine(files).render("page.html", values);
  return std::string(view(page));
}

std::string rendered_with(std::string_view text, std::string_view value) {
  Values values;
  values.set("X", value);
  return rendered(text, values);
}

bool refused(std::string_view source) {
  const std::array files{EmbeddedFile{"page.html", source}};
  try {
    TemplateEngine engine(files);
    return false;
  } catch (const Error& error) {
    return error.reason() == "bad_template" && error.message().find("page.html") != std::string::npos;
  }
}

TEST(TemplateEngine, TextIsEscaped) {
  EXPECT_EQ(rendered_with("<p>{{X}}</p>", "<script>alert(1)</script> & \"q\" 'a'"),
            "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot; &#39;a&#39;</p>");
}

TEST(TemplateEngine, AttributeCannotBeLeft) {
  const std::string page = rendered_with("<input value=\"{{X}}\">", "\" onfocus=\"alert(1)\" x='");
  EXPECT_EQ(page.find("onfocus=\""), std::string::npos) << page;
  EXPECT_EQ(std::count(page.begin(), page.end(), '"'), 2) << page;
}

TEST(TemplateEngine, LinkToAScriptIsDefused) {
  for (const char* url : {"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>1</script>",
                          "vbscript:x", " javascript:alert(1)"}) {
    const std::string page = rendered_with("<a href=\"{{X}}\">x</a>", url);
    EXPECT_EQ(page.find("script:"), std::string::npos) << page;
    EXPECT_EQ(page.find("data:"), std::string::npos) << page;
  }
  EXPECT_EQ(rendered_with("<a href=\"{{X}}\">x</a>", "https://docs.example/a?b=c"),
            "<a href=\"https://docs.example/a?b=c\">x</a>");
}

// The engine escapes such a piece for HTML alone: what may hold '?' or '#' is percent-encoded by the page.
TEST(TemplateEngine, PieceOfAPathCannotLeaveTheAttribute) {
  EXPECT_EQ(rendered_with("<a href=\"/h/{{X}}\">x</a>", "a\"b"), "<a href=\"/h/a&quot;b\">x</a>");
  EXPECT_EQ(rendered_with("<a href=\"/h/{{X}}\">x</a>", "01jd8w3m5k2va.Ab-_9"),
            "<a href=\"/h/01jd8w3m5k2va.Ab-_9\">x</a>");
}

TEST(TemplateEngine, TitleIsEscaped) {
  EXPECT_EQ(rendered_with("<title>{{X}}</title>", "</title><script>"), "<title>&lt;/title&gt;&lt;script&gt;</title>");
}

TEST(TemplateEngine, HiddenCharactersAreShown) {
  EXPECT_EQ(rendered_with("<p>{{X}}</p>", "a\u202eb"), "<p>a⟦U+202E⟧b</p>");
}

TEST(TemplateEngine, SectionsRepeatAndSeeTheValuesAround) {
  Values values;
  values.set("X", "out");
  values.add("ROW").set("Y", "1");
  values.add("ROW").set("Y", "<2>");
  EXPECT_EQ(rendered("{{#ROW}}{{X}}{{Y}};{{/ROW}}{{#NONE}}never{{/NONE}}", values), "out1;out&lt;2&gt;;");
}

TEST(TemplateEngine, IncludedTemplateIsEscapedAndSeesTheOutermostTexts) {
  const std::string frame = std::string(kPragma) + "<main>{{>BODY}}</main>";
  const std::string body = std::string(kPragma) + "<p title=\"{{X}}\">{{Y}}</p>";
  const std::array files{EmbeddedFile{"frame.html", frame}, EmbeddedFile{"body.html", body}};
  Values values;
  values.set("X", "\"<");
  values.include("BODY", "body.html").set("Y", "<b>");
  const WipingBuffer page = TemplateEngine(files).render("frame.html", values);
  EXPECT_EQ(view(page), "<main><p title=\"&quot;&lt;\">&lt;b&gt;</p></main>");
}

TEST(TemplateEngine, RefusesATemplateThatWeakensTheEscaping) {
  const std::string pragma(kPragma);
  EXPECT_TRUE(refused("<p>{{X}}</p>"));
  EXPECT_TRUE(refused("{{%AUTOESCAPE context=\"JAVASCRIPT\"}}{{X}}"));
  EXPECT_TRUE(refused(pragma + "<p>{{X:none}}</p>"));
  EXPECT_TRUE(refused(pragma + "{{%AUTOESCAPE context=\"CSS\"}}{{X}}"));
  EXPECT_TRUE(refused(pragma + "{{=<< >>=}}<p><<X>></p>"));
  EXPECT_TRUE(refused(pragma + "<p>{{X"));
  EXPECT_FALSE(refused(pragma + "<p>{{X}}</p>"));
}

TEST(TemplateEngine, UnknownTemplateIsADefectNotAnEmptyPage) {
  const TemplateEngine engine(embedded::templates());
  EXPECT_THROW(engine.render("no_such.html", Values()), Error);
}

TEST(TemplateEngine, ManyThreadsDrawAtOnce) {
  const TemplateEngine engine(embedded::templates());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        Values values;
        values.set("TITLE", "x");
        EXPECT_GT(engine.render("layout.html", values).size(), 100U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace countersign::web
