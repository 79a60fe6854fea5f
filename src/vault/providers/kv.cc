// The provider `vault`: HashiCorp Vault or OpenBao, KV version 2, over its HTTP API.
//
// What is wiped: the token, the answer's bytes, every text in the parsed answer, and the value itself. What is
// not: the buffers in which the strict gate's lexer (nlohmann's) collects a text; they are freed as they are.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "base/json.h"
#include "vault/providers.h"
#include "vault/providers/refusals.h"
#include "vault/providers/small_file.h"

namespace countersign::vault {
namespace {

constexpr std::string_view kName = "vault";
constexpr std::size_t kLargestToken = 4096;
constexpr std::size_t kLargestAnswer = 256 * 1024;
constexpr std::size_t kLongestItem = 1024;
constexpr std::size_t kDeepest = 8;  // folders below the prefix that a list goes into
constexpr std::size_t kMostItems = 1000;
constexpr int kMostQuestions = 200;

// --- names: what is taken here stands in a URL as it is, and can lead nowhere else ---

bool is_segment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

// "agents/stripe": segments with single slashes between them.
bool is_path(std::string_view text) {
  while (true) {
    const std::size_t end = std::min(text.find('/'), text.size());
    if (!is_segment(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_loopback_address(std::string_view address) {
  constexpr std::array<std::string_view, 3> kLoopback{"http://127.0.0.1", "http://localhost", "http://[::1]"};
  return std::any_of(kLoopback.begin(), kLoopback.end(), [&](std::string_view start) {
    return address.starts_with(start) && (address.size() == start.size() || address[start.size()] == ':');
  });
}

std::string checked_address(std::string address) {
  if (address.ends_with('/')) address.pop_back();
  const bool plain_text = std::all_of(address.begin(), address.end(), [](char c) { return c > 0x20 && c < 0x7f; }) &&
                          address.find_first_of("?#@%") == std::string::npos;
  if (plain_text && (address.starts_with("https://") || is_loopback_address(address))) return address;
  throw bad_setting("vault_address", "must be an address like https://vault.example.com:8200");
}

std::string checked_path(std::string path, std::string_view setting) {
  if (path.ends_with('/')) path.pop_back();
  if (is_path(path)) return path;
  throw bad_setting(setting, "must be a path of names made of A-Z a-z 0-9 _ . and -");
}

// Empty, or with a slash at its end: "agents" does not open "agents-of-others".
std::string checked_prefix(std::string prefix) {
  return prefix.empty() ? prefix : checked_path(std::move(prefix), "vault_prefix") + "/";
}

struct Item {
  std::string path;
  std::string key;
};

Item parse_item(std::string_view text, std::string_view prefix) {
  const std::size_t hash = std::min(text.find('#'), text.size());
  const std::string_view path = text.substr(0, hash);
  const std::string_view key = text.substr(std::min(hash + 1, text.size()));
  const bool allowed = text.size() <= kLongestItem && path.starts_with(prefix) && is_path(path) && is_segment(key);
  if (!allowed) throw item_not_allowed(kName, "is not path#key below the configured prefix");
  return {std::string(path), std::string(key)};
}

// --- the token ---

Error no_token(const std::filesystem::path& file, std::string_view why) {
  return provider_failed(kName, "has no token here that can be used",
                         "the token file " + file.string() + " " + std::string(why));
}

void check_access(const Descriptor& file, const std::filesystem::path& path) {
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0 || !S_ISREG(facts.st_mode)) throw no_token(path, "is no regular file");
  if (facts.st_uid != ::geteuid()) throw no_token(path, "belongs to another user");
  if ((facts.st_mode & 0177) != 0) throw no_token(path, "can be read or changed by others; chmod it to 0600");
}

Secret read_token(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) throw no_token(path, "cannot be opened: " + std::generic_category().message(errno));
  check_access(file, path);
  auto token = read_file(file, kLargestToken + 1);
  if (!token) throw no_token(path, "cannot be read: " + std::generic_category().message(errno));
  drop_line_break(*token);
  const bool usable = !token->empty() && token->size() <= kLargestToken &&
                      std::all_of(token->begin(), token->end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!usable) throw no_token(path, "does not hold one line with a token");
  return Secret::copy_of(view(*token));
}

// --- the answer ---

void wipe_texts(Json& json) {
  if (json.is_string()) {
    auto& text = json.get_ref<std::string&>();
    base::wipe(text.data(), text.size());
  } else if (json.is_structured()) {
    for (Json& inner : json) wipe_texts(inner);
  }
}

class Answer {
 public:
  explicit Answer(int status, Json body = {}) : status_(status), body_(std::move(body)) {}
  Answer(Answer&& other) noexcept : status_(other.status_), body_(std::exchange(other.body_, Json())) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() { wipe_texts(body_); }

  int status() const { return status_; }
  // The value under these keys, one inside the other; nullptr when there is none.
  Json* find(std::initializer_list<const char*> keys) {
    Json* at = &body_;
    for (const char* key : keys) {
      const auto inner = at->is_object() ? at->find(key) : at->end();
      if (inner == at->end()) return nullptr;
      at = &*inner;
    }
    return at;
  }

 private:
  int status_;
  Json body_;
};

Answer read_answer(const http::ClientResponse& response) {
  if (response.status != 200) return Answer(response.status);
  JsonLimits limits;
  limits.bytes = kLargestAnswer;
  try {
    return Answer(response.status, parse_json(view(response.body), limits));
  } catch (const Error& error) {  // its words hold a byte's number and nothing of the text
    throw provider_failed(kName, "answered something that is not understood", error.message());
  }
}

[[noreturn]] void refuse(int status) {
  if (status == 404) throw unknown_item(kName);
  if (status == 401 || status == 403) {
    throw provider_failed(kName, "refuses this server's token, or its policy does not allow this",
                          "status " + std::to_string(status));
  }
  throw provider_failed(kName, "could not answer", "status " + std::to_string(status));
}

// What one look has found so far.
struct Listing {
  int questions = 0;
  std::vector<ProviderItem> items = {};
  bool full() const { return questions >= kMostQuestions || items.size() >= kMostItems; }
};

class KvProvider final : public Provider {
 public:
  KvProvider(KvOptions options, http::Client& client)
      : base_(checked_address(std::move(options.address)) + "/v1/" +
              checked_path(std::move(options.mount), "vault_mount") + "/"),
        prefix_(checked_prefix(std::move(options.prefix))),
        token_file_(std::move(options.token_file)),
        client_(client) {
    if (token_file_.empty()) throw bad_setting("vault_token_file", "must name the file that holds the token");
  }

  std::string_view name() const override { return kName; }
  std::string description() const override { return "secrets below " + base_ + "data/" + prefix_; }

  std::vector<ProviderItem> items() const override {
    Listing listing;
    list_folder(prefix_, 1, listing);
    std::sort(listing.items.begin(), listing.items.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return std::move(listing.items);
  }

  Secret resolve(std::string_view text) const override {
    const Item item = parse_item(text, prefix_);
    Answer answer = ask("data/" + item.path);
    if (answer.status() != 200) refuse(answer.status());
    Json* value = answer.find({"data", "data", item.key.c_str()});
    if (value == nullptr) throw unknown_item(kName);
    if (!value->is_string()) throw provider_failed(kName, "holds something else than text there", "");
    auto& secret = value->get_ref<std::string&>();
    if (secret.empty()) throw unknown_item(kName);
    return Secret(std::move(secret));
  }

 private:
  Answer ask(const std::string& path) const {
    http::ClientRequest request;
    request.url = base_ + path;
    request.headers.push_back({"X-Vault-Token", "", read_token(token_file_)});
    request.limits.total = std::chrono::seconds(5);
    request.limits.body_bytes = kLargestAnswer;
    return read_answer(send(std::move(request)));
  }

  // The client's own words name a place that agents need not know.
  http::ClientResponse send(http::ClientRequest request) const {
    try {
      return client_.send(std::move(request));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kUnavailable) throw;
      throw provider_failed(kName, "cannot be reached", error.what());
    }
  }

  // Below the top, what the token may not see is left out.
  void list_folder(const std::string& folder, std::size_t depth, Listing& listing) const {
    ++listing.questions;
    Answer answer = ask("metadata/" + folder + "?list=true");
    const int status = answer.status();
    if (status == 404 || (status == 403 && depth > 1)) return;  // 404: nothing is there
    if (status != 200) refuse(status);
    const Json* names = answer.find({"data", "keys"});
    if (names == nullptr || !names->is_array()) return;
    for (const Json& name : *names) {
      if (listing.full()) return;
      if (name.is_string()) list_name(folder, name.get_ref<const std::string&>(), depth, listing);
    }
  }

  void list_name(const std::string& folder, const std::string& name, std::size_t depth, Listing& listing) const {
    const bool is_folder = name.ends_with('/');
    if (!is_segment(std::string_view(name).substr(0, name.size() - (is_folder ? 1 : 0)))) return;
    if (!is_folder) {
      list_secret(folder + name, listing);
    } else if (depth < kDeepest) {
      list_folder(folder + name, depth + 1, listing);
    }
  }

  void list_secret(const std::string& path, Listing& listing) const {
    ++listing.questions;
    Answer answer = ask("subkeys/" + path + "?depth=1");
    if (answer.status() == 404 || answer.status() == 403) return;  // deleted, or not for this token
    if (answer.status() != 200) refuse(answer.status());
    const Json* keys = answer.find({"data", "subkeys"});
    if (keys == nullptr || !keys->is_object()) return;
    for (const auto& [key, value] : keys->items()) {
      std::string id = path;
      (id += '#') += key;
      if (!is_segment(key) || id.size() > kLongestItem || listing.items.size() >= kMostItems) continue;
      listing.items.push_back({id, id});
    }
  }

  const std::string base_;    // https://vault.example.com:8200/v1/secret/
  const std::string prefix_;  // empty, or with a slash at its end
  const std::filesystem::path token_file_;
  http::Client& client_;
};

}  // namespace

std::unique_ptr<Provider> kv_provider(KvOptions options, http::Client& client) {
  return std::make_unique<KvProvider>(std::move(options), client);
}

}  // namespace countersign::vault
