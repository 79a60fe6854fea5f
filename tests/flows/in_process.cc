#include "flows/in_process.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace countersign::flows {
namespace {

class Channel final : public http::Responder::Channel {
 public:
  explicit Channel(std::shared_ptr<Pending::State> state) : state_(std::move(state)) {}
  void respond(http::Response&& response) noexcept override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->response) state_->response = std::move(response);
    state_->answered.notify_all();
  }
  bool alive() const noexcept override {
    const std::lock_guard lock(state_->mutex);
    return state_->alive;
  }
  void hold() noexcept override {
    const std::lock_guard lock(state_->mutex);
    state_->held = true;
  }
  bool begin(http::Response&& head) noexcept override {
    respond(std::move(head));
    return alive();
  }
  bool push(std::string_view bytes) noexcept override {
    const std::lock_guard lock(state_->mutex);
    append(state_->response->body, bytes);
    return state_->alive;
  }
  void end() noexcept override {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
  }

 private:
  std::shared_ptr<Pending::State> state_;
};

std::string form_encoded(const std::map<std::string, std::string>& fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    body += (body.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  return body;
}

}  // namespace

Pending InProcess::begin(http::Method method, std::string_view target, Headers headers, std::string_view body,
                         std::string_view address) {
  http::Request request;
  request.method = method;
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.headers = std::move(headers);
  request.headers.push_back({"host", "127.0.0.1:7117"});
  append(request.body, body);
  request.client_address = address;
  request.id = "0123456789abcdef";
  request.received = clock_.steady_now();
  auto state = std::make_shared<Pending::State>();
  application_->handle(std::move(request), http::Responder(std::make_unique<Channel>(state)));
  return Pending(state);
}

PersonId InProcess::add_person(const std::string& login, domain::Role role) {
  return application_->people()
      .add(domain::Actor::command_line(), {app::kDefaultWorkspace, login, login + " the person", role})
      .id;
}

std::string InProcess::issue_token(PersonId owner, AgentId* id, domain::ScopeSet scopes) {
  const auto grant = application_->grants().issue(domain::Actor::command_line(),
                                                  {app::kDefaultWorkspace, owner, "test agent", scopes});
  if (id != nullptr) *id = grant.agent.id;
  return std::string(grant.token.reveal());
}

Headers Agent::headers() const {
  if (token_.empty()) return {};
  return {{"authorization", "Bearer " + token_}};
}

Pending Agent::begin_post(std::string_view target, std::string_view json, Headers more) {
  Headers all = headers();
  if (!json.empty()) all.push_back({"content-type", "application/json"});
  all.insert(all.end(), more.begin(), more.end());
  return program_.begin(http::Method::kPost, target, std::move(all), json, address_);
}

http::Response Agent::remove(std::string_view target, Headers more) {
  Headers all = headers();
  all.insert(all.end(), more.begin(), more.end());
  return program_.send(http::Method::kDelete, target, std::move(all), {}, address_);
}

Pending Agent::begin_mcp(std::string_view method, std::string_view params) {
  Headers all = headers();
  all.push_back({"content-type", "application/json"});
  all.push_back({"accept", "application/json, text/event-stream"});
  std::string body = R"({"jsonrpc":"2.0","id":7,"method":)" + json_quote(method);
  if (!params.empty()) body += R"(,"params":)" + std::string(params);
  return program_.begin(http::Method::kPost, "/mcp", std::move(all), body + "}", address_);
}

http::Response Agent::mcp(std::string_view method, std::string_view params) { return begin_mcp(method, params).wait(); }

Json Agent::call(const std::string& tool, const Json& arguments) {
  return json_of(mcp("tools/call", dump_json({{"name", tool}, {"arguments", arguments}})))["result"];
}

Json Agent::ask(std::string_view json_body) {
  const http::Response response = post("/v1/handoffs", json_body);
  if (response.status != 201) throw std::runtime_error("no handoff: " + text_of(response));
  return json_of(response);
}

std::string Browser::cookie_header() const {
  std::string header;
  for (const auto& [name, value] : cookies_) header += (header.empty() ? "" : "; ") + name + "=" + value;
  return header;
}

http::Response Browser::get(std::string_view target) {
  Headers headers;
  if (!cookies_.empty()) headers.push_back({"cookie", cookie_header()});
  http::Response response = program_.send(http::Method::kGet, target, std::move(headers), {}, address_);
  remember(response);
  return response;
}

http::Response Browser::post(std::string_view target, std::map<std::string, std::string> fields) {
  fields.emplace("csrf", csrf_);
  return post_raw(target, form_encoded(fields), {{"origin", std::string(kPublicUrl)}});
}

http::Response Browser::post_raw(std::string_view target, std::string_view body, Headers headers) {
  headers.push_back({"content-type", "application/x-www-form-urlencoded"});
  if (!cookies_.empty()) headers.push_back({"cookie", cookie_header()});
  http::Response response = program_.send(http::Method::kPost, target, std::move(headers), body, address_);
  remember(response);
  return response;
}

void Browser::sign_in(PersonId person) {
  const Secret link =
      program_.application().people().make_link(domain::Actor::command_line(), app::kDefaultWorkspace, person, 600s);
  const std::string target = "/sign-in/" + std::string(link.reveal());
  get(target);
  const http::Response response = post(target);
  if (response.status != 303) throw std::runtime_error("sign-in failed: " + text_of(response));
  get("/");
}

void Browser::remember(const http::Response& response) {
  for (const http::Header& header : response.headers) {
    if (header.name != "Set-Cookie") continue;
    const auto equals = header.value.find('=');
    const auto end = std::min(header.value.find(';'), header.value.size());
    cookies_[header.value.substr(0, equals)] = header.value.substr(equals + 1, end - equals - 1);
  }
  const std::string page = text_of(response);
  const std::string mark = "name=\"csrf\" value=\"";
  if (const auto at = page.find(mark); at != std::string::npos) {
    csrf_ = page.substr(at + mark.size(), page.find('"', at + mark.size()) - at - mark.size());
  }
}

std::string text_of(const http::Response& response) { return std::string(view(response.body)); }
Json json_of(const http::Response& response) { return parse_json(text_of(response), {.bytes = 1 << 20}); }
std::string path_of(const std::string& url) { return url.substr(kPublicUrl.size()); }

std::string header_of(const http::Response& response, std::string_view name) {
  for (const http::Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

}  // namespace countersign::flows
