#include "http/router.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"

namespace countersign::http {
namespace {

constexpr std::size_t kMaxSegments = 16;  // far above the longest pattern: what is longer matches nothing
constexpr std::size_t kDefaultBodyLimit = 64 * 1024;

struct Path {
  std::vector<std::string> segments;  // decoded; up to the first bad one
  bool good = true;
};

// One segment decoded once, or nothing when two readers could disagree about it (abuse case 101): what
// another normalisation would drop, climb over or split is refused instead.
std::optional<std::string> decode_segment(std::string_view encoded) {
  auto segment = percent_decode(encoded);
  if (!segment || segment->empty() || *segment == "." || *segment == "..") return std::nullopt;
  const auto forbidden = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '/' || c == '\\' || byte < 0x20 || byte == 0x7f;
  };
  if (std::any_of(segment->begin(), segment->end(), forbidden) || !is_utf8(*segment)) return std::nullopt;
  return segment;
}

Path split(std::string_view encoded) {
  Path path;
  if (encoded == "/") return path;
  path.segments.reserve(8);
  while (path.good && !encoded.empty()) {
    const std::size_t end = std::min(encoded.find('/', 1), encoded.size());
    auto segment = encoded.front() == '/' ? decode_segment(encoded.substr(1, end - 1)) : std::nullopt;
    path.good = segment.has_value() && path.segments.size() < kMaxSegments;
    if (path.good) path.segments.push_back(std::move(*segment));
    encoded.remove_prefix(end);
  }
  path.good = path.good && !path.segments.empty();
  return path;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_form_level(Access access) { return access == Access::kBrowserForm || access == Access::kAnonymousForm; }

// A route that would open a hole is a defect of ours and stops the start.
void check(const Route& route) {
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorCode::kInternal, "bad_route", "The route " + route.pattern + " " + std::string(why) + ".");
  };
  if (!route.handler) refuse("has no handler");
  if (route.method == Method::kHead || route.method == Method::kOther) refuse("has a method that no route can have");
  if (is_form_level(route.access) && (route.body != BodyKind::kForm || route.method != Method::kPost)) {
    refuse("checks a form, so it must be a POST that takes one");
  }
  if (route.access == Access::kBrowser && route.method != Method::kGet) {
    refuse("changes something for a browser session without a CSRF check");
  }
}

}  // namespace

struct Router::Node {
  struct Leaf {
    Route route;
    std::vector<std::string> parameters;  // names, in the order of the path
  };

  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
  std::unique_ptr<Node> any;  // `{name}`
  std::map<Method, Leaf> leaves;
  std::optional<Surface> surface;  // of the first route at or below
  bool mixed = false;              // others below have another one

  void note(Surface of_route) {
    if (surface && *surface != of_route) mixed = true;
    surface = of_route;
  }

  Node& child(const std::string& segment) {
    auto& place = is_parameter(segment) ? any : children[segment];
    if (!place) place = std::make_unique<Node>();
    return *place;
  }

  // The text of a segment wins over a parameter. The path alone decides, whatever the method: GET on a
  // resource that only takes POST is 405, it does not become another resource's id.
  const Node* find(std::span<const std::string> rest, std::vector<std::string_view>& values) const {
    if (rest.empty()) return leaves.empty() ? nullptr : this;
    if (const auto named = children.find(rest.front()); named != children.end()) {
      if (const Node* found = named->second->find(rest.subspan(1), values)) return found;
    }
    if (!any) return nullptr;
    values.push_back(rest.front());
    if (const Node* found = any->find(rest.subspan(1), values)) return found;
    values.pop_back();
    return nullptr;
  }

  // For a path without a route: how its nearest neighbours look.
  Surface nearest_surface(std::span<const std::string> segments) const {
    const Node* node = this;
    for (const std::string& segment : segments) {
      const auto named = node->children.find(segment);
      const Node* next = named != node->children.end() ? named->second.get() : node->any.get();
      if (next == nullptr) break;
      node = next;
    }
    return node->mixed ? Surface::kPage : node->surface.value_or(Surface::kPage);
  }

  std::vector<Method> methods() const {
    std::vector<Method> allowed;
    for (const auto& [method, leaf] : leaves) {
      allowed.push_back(method);
      if (method == Method::kGet) allowed.push_back(Method::kHead);
    }
    return allowed;
  }

  void collect(std::vector<const Route*>& routes) const {
    for (const auto& [method, leaf] : leaves) routes.push_back(&leaf.route);
    for (const auto& [segment, child] : children) child->collect(routes);
    if (any) any->collect(routes);
  }
};

void Router::add(Route route) {
  check(route);
  const Path path = split(route.pattern);
  if (!path.good) throw Error(ErrorCode::kInternal, "bad_route", "No path can match " + route.pattern + ".");
  if (!root_) root_ = std::make_shared<Node>();
  Node* node = root_.get();
  node->note(route.surface);
  std::vector<std::string> parameters;
  for (const std::string& segment : path.segments) {
    if (is_parameter(segment)) parameters.push_back(segment.substr(1, segment.size() - 2));
    node = &node->child(segment);
    node->note(route.surface);
  }
  const Method method = route.method;
  const std::string pattern = route.pattern;
  if (!node->leaves.try_emplace(method, Node::Leaf{std::move(route), std::move(parameters)}).second) {
    throw Error(ErrorCode::kInternal, "bad_route", "Two routes for " + pattern + ".");
  }
}

Router::Match Router::match(Method method, std::string_view encoded_path) const {
  Match match;
  if (!root_) return match;
  const Path path = split(encoded_path);
  std::vector<std::string_view> values;
  const Node* node = path.good ? root_->find(path.segments, values) : nullptr;
  if (node == nullptr) {
    match.surface = root_->nearest_surface(path.segments);
    return match;
  }
  const auto leaf = node->leaves.find(method == Method::kHead ? Method::kGet : method);
  if (leaf == node->leaves.end()) {
    match.allowed = node->methods();
    match.surface = node->leaves.begin()->second.route.surface;
    return match;
  }
  match.route = &leaf->second.route;
  match.surface = match.route->surface;
  for (std::size_t i = 0; i < values.size(); ++i) match.path_params.emplace(leaf->second.parameters[i], values[i]);
  return match;
}

std::size_t Router::body_limit(Method method, std::string_view encoded_path) const {
  const Match found = match(method, encoded_path);
  // Without a route the body is still read within the default, so that the answer is 404 or 405 and not 413.
  return found.route != nullptr ? found.route->body_limit : kDefaultBodyLimit;
}

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> routes;
  if (root_) root_->collect(routes);
  return routes;
}

}  // namespace countersign::http
