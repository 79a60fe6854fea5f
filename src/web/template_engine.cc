// The only file that knows ctemplate.
#include "web/template_engine.h"

#include <ctemplate/template.h>
#include <ctemplate/template_cache.h>
#include <ctemplate/template_dictionary.h>
#include <ctemplate/template_emitter.h>

#include <cstring>
#include <string>

#include "base/error.h"

namespace countersign::web {
namespace {

constexpr std::string_view kPragma = "{{%AUTOESCAPE context=\"HTML\"}}";
constexpr auto kStrip = ctemplate::STRIP_BLANK_LINES;
constexpr std::size_t kTypicalPage = 12 * 1024;

ctemplate::TemplateString borrow(std::string_view text) { return {text.data(), text.size()}; }

// Straight into memory that is wiped; ctemplate's own emitter would leave the page in a std::string.
class BufferEmitter final : public ctemplate::ExpandEmitter {
 public:
  explicit BufferEmitter(WipingBuffer& out) : out_(out) {}
  void Emit(char c) override { out_.push_back(c); }
  void Emit(const std::string& text) override { append(out_, text); }
  void Emit(const char* text) override { append(out_, text); }
  void Emit(const char* text, std::size_t size) override { append(out_, {text, size}); }

 private:
  WipingBuffer& out_;
};

// What in a template would weaken the escaping; empty when nothing does.
std::string_view weakness(std::string_view text) {
  if (!text.starts_with(kPragma)) return "does not begin with the auto-escape pragma";
  text.remove_prefix(kPragma.size());
  for (auto start = text.find("{{"); start != std::string_view::npos; start = text.find("{{", start + 2)) {
    const auto end = text.find("}}", start);
    if (end == std::string_view::npos) return "has a marker without an end";
    const std::string_view marker = text.substr(start + 2, end - start - 2);
    if (marker.starts_with('!')) continue;
    if (marker.find_first_of(":=%") != std::string_view::npos) return "has a modifier, pragma or delimiter change";
  }
  return "";
}

// `included`: the dictionary of an included template does not see its parent's values, so the outermost
// texts are made visible everywhere; inner ones stay where they are.
enum class Level { kOutermost, kInner };

void fill(ctemplate::TemplateDictionary& dictionary, const Values& values, Level level) {
  for (const auto& [name, text] : values.texts()) {
    if (level == Level::kOutermost) {
      dictionary.SetTemplateGlobalValue(borrow(name), borrow(text));
    } else {
      dictionary.SetValue(borrow(name), borrow(text));
    }
  }
  for (const Values::Child& child : values.children()) {
    ctemplate::TemplateDictionary* inner = nullptr;
    if (child.template_name.empty()) {
      inner = dictionary.AddSectionDictionary(borrow(child.name));
    } else {
      inner = dictionary.AddIncludeDictionary(borrow(child.name));
      inner->SetFilename(borrow(child.template_name));
    }
    fill(*inner, child.values, Level::kInner);
  }
}

}  // namespace

class TemplateEngine::Cache : public ctemplate::TemplateCache {};

TemplateEngine::TemplateEngine(std::span<const EmbeddedFile> templates) : cache_(std::make_unique<Cache>()) {
  for (const EmbeddedFile& file : templates) {
    std::string_view problem = weakness(file.bytes);
    if (problem.empty() && !cache_->StringToTemplateCache(borrow(file.name), borrow(file.bytes), kStrip)) {
      problem = "cannot be parsed, or has a value where no escaping is safe";
    }
    if (!problem.empty()) {
      throw Error(ErrorCode::kInternal, "bad_template",
                  "The template " + std::string(file.name) + " " + std::string(problem) + ".");
    }
  }
  cache_->Freeze();  // from here on ctemplate only reads: that is what makes render() thread-safe
}

TemplateEngine::~TemplateEngine() = default;

WipingBuffer TemplateEngine::render(std::string_view name, const Values& values) const {
  ctemplate::TemplateDictionary dictionary("page");
  fill(dictionary, values, Level::kOutermost);
  WipingBuffer page;
  page.reserve(kTypicalPage);
  BufferEmitter emitter(page);
  if (!cache_->ExpandNoLoad(borrow(name), kStrip, &dictionary, nullptr, &emitter)) {
    throw Error(ErrorCode::kInternal, "no_such_template", "A page could not be drawn.", std::string(name));
  }
  return page;
}

}  // namespace countersign::web
