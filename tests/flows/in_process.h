// The whole program in one process, without sockets: real store, real crypto, fake clock, seeded random.
// A test is a browser or an agent that hands it requests and reads the answers.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "app/application.h"
#include "app/data_dir.h"
#include "app/keys.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/master_key.h"
#include "crypto/system_random.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"
#include "support/temp_dir.h"

namespace countersign::flows {

using namespace std::chrono_literals;
using Headers = std::vector<http::Header>;

inline constexpr std::string_view kPublicUrl = "http://127.0.0.1:7117";
// Where requests come from unless a test says otherwise: this machine. The other is somebody else's.
inline constexpr std::string_view kHere = "127.0.0.1";
inline constexpr std::string_view kElsewhere = "203.0.113.9";

// One answer, now or later.
class Pending {
 public:
  struct State {
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<http::Response> response;
    bool alive = true;
    bool held = false;
    bool ended = false;  // of a stream, whose bytes are the body of `response`
  };
  explicit Pending(std::shared_ptr<State> state) : state_(std::move(state)) {}

  // Fails the test by an exception after a minute of real time: nothing here may take that long.
  http::Response wait() {
    std::unique_lock lock(state_->mutex);
    if (!state_->answered.wait_for(lock, 60s, [&] { return state_->response.has_value(); })) {
      throw std::runtime_error("no answer");
    }
    return *state_->response;
  }
  bool answered() const {
    const std::lock_guard lock(state_->mutex);
    return state_->response.has_value();
  }
  bool held() const {
    const std::lock_guard lock(state_->mutex);
    return state_->held;
  }
  bool ended() const {  // a stream
    const std::lock_guard lock(state_->mutex);
    return state_->ended;
  }
  void hang_up() {
    const std::lock_guard lock(state_->mutex);
    state_->alive = false;
  }

 private:
  std::shared_ptr<State> state_;
};

class InProcess {
 public:
  using Adjust = std::function<void(app::ApplicationOptions&)>;

  // `adjust` changes the options, at every start.
  explicit InProcess(catalog::Mode mode = catalog::Mode::kDev, Adjust adjust = {})
      : mode_(mode), adjust_(std::move(adjust)) {
    crypto::SystemRandom random;
    if (!std::filesystem::exists(key_path())) crypto::create_master_key_file(key_path(), random);
    start();
  }

  void start() {
    app::ApplicationOptions options;
    options.config.data_dir = dir_.path();
    options.config.master_key_file = key_path();
    options.config.workers = 4;
    options.mode = mode_;
    options.public_url = kPublicUrl;
    options.cookie_suffix = "_7117";
    options.password_cost = crypto::kCheapPasswordCost;
    if (adjust_) adjust_(options);
    application_ = std::make_unique<app::Application>(std::move(options), clock_, random_, log_);
  }
  // Down and up again on the same data.
  void restart() {
    application_.reset();
    start();
  }

  app::Application& application() { return *application_; }
  support::FakeClock& clock() { return clock_; }
  support::CapturedLog& log() { return log_; }
  const std::filesystem::path& dir() const { return dir_.path(); }
  std::filesystem::path key_path() const { return dir_.path() / "master.key"; }

  Pending begin(http::Method method, std::string_view target, Headers headers = {}, std::string_view body = {},
                std::string_view address = kHere);
  http::Response send(http::Method method, std::string_view target, Headers headers = {}, std::string_view body = {},
                      std::string_view address = kHere) {
    return begin(method, target, std::move(headers), body, address).wait();
  }

  PersonId add_person(const std::string& login, domain::Role role);
  // A grant; no owner: the workspace's.
  std::string issue_token(PersonId owner, AgentId* id = nullptr, domain::ScopeSet scopes = domain::ScopeSet::all());

 private:
  support::TempDir dir_;
  support::FakeClock clock_;
  crypto::SystemRandom random_;
  support::CapturedLog log_;
  catalog::Mode mode_;
  Adjust adjust_;
  std::unique_ptr<app::Application> application_;
};

// A program with a bearer token; an empty one is not sent.
class Agent {
 public:
  Agent(InProcess& program, std::string token, std::string_view address = kHere)
      : program_(program), token_(std::move(token)), address_(address) {}

  http::Response get(std::string_view target) { return begin_get(target).wait(); }
  Pending begin_get(std::string_view target) {
    return program_.begin(http::Method::kGet, target, headers(), {}, address_);
  }
  http::Response post(std::string_view target, std::string_view json, Headers more = {}) {
    return begin_post(target, json, std::move(more)).wait();
  }
  Pending begin_post(std::string_view target, std::string_view json, Headers more = {});
  http::Response remove(std::string_view target, Headers more = {});
  // A JSON-RPC request to /mcp; the answer's text.
  http::Response mcp(std::string_view method, std::string_view params);
  Pending begin_mcp(std::string_view method, std::string_view params);
  // The result of a tools/call.
  Json call(const std::string& tool, const Json& arguments);
  Json ask(std::string_view json_body);  // POST /v1/handoffs, 201 expected

 private:
  Headers headers() const;
  InProcess& program_;
  std::string token_;
  std::string address_;
};

// A browser: keeps cookies, finds forms' CSRF tokens, sends Origin.
class Browser {
 public:
  explicit Browser(InProcess& program, std::string_view address = kHere) : program_(program), address_(address) {}

  http::Response get(std::string_view target);
  // Posts with the CSRF token of the last page that had one.
  http::Response post(std::string_view target, std::map<std::string, std::string> fields = {});
  http::Response post_raw(std::string_view target, std::string_view body, Headers headers);
  void sign_in(PersonId person);
  const std::string& csrf() const { return csrf_; }
  std::string cookie_header() const;

 private:
  void remember(const http::Response& response);
  InProcess& program_;
  std::string address_;
  std::map<std::string, std::string> cookies_;
  std::string csrf_;
};

std::string text_of(const http::Response& response);
Json json_of(const http::Response& response);
// What stands behind the public URL, e.g. "/h/…".
std::string path_of(const std::string& url);
std::string header_of(const http::Response& response, std::string_view name);

}  // namespace countersign::flows
