// Webhook connections on a real store, made by the form, and what providers and strangers send to them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handoff/fixture.h"
#include "vault/webhook_signature.h"
#include "webhook/webhooks.h"

namespace countersign::webhook {

using namespace std::chrono_literals;
using domain::DeliveryVerdict;
using handoff::kAda;
using handoff::kBob;
using handoff::kCarl;
using handoff::reason_of;
using support::kWorkspace;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Headers = std::vector<http::Header>;

// Keeps what was sent, and answers or throws as a test wants.
class Receiver final : public http::Client {
 public:
  http::ClientResponse send(http::ClientRequest request) override {
    url = request.url;
    headers.clear();
    for (const http::ClientHeader& header : request.headers) headers[header.name] = header.value;
    body = view(request.body);
    ++times;
    return answer();
  }
  std::function<http::ClientResponse()> answer = [] { return vault::ScriptedClient::answer(204, ""); };
  std::string url;
  std::map<std::string, std::string> headers;
  std::string body;
  int times = 0;
};

class HookTest : public handoff::HandoffTest {
 protected:
  static constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  static constexpr std::string_view kGitSecret = "It's a Secret to Everybody";
  static constexpr EmbeddedFile kFiles[] = {{"any.json", R"({"slug": "any", "name": "Any", "description": "d",
        "documentation_url": "https://example.com/docs", "base_url": "person_enters",
        "templates": [{"slug": "hook", "kind": "webhook", "label": "deliveries",
                       "webhook": {"scheme": "standard_webhooks"}},
                      {"slug": "key", "kind": "bearer", "label": "API key",
                       "fields": [{"name": "token", "label": "API key"}]}]})"},
                                            {"git.json", R"({"slug": "git", "name": "Git", "description": "d",
        "documentation_url": "https://example.com/docs", "base_urls": ["https://api.git.example"],
        "templates": [{"slug": "hook", "kind": "webhook", "label": "deliveries",
                       "webhook": {"scheme": "body_hmac", "signature_header": "x-sig", "signature_prefix": "sha256=",
                                   "id_header": "x-id"}},
                      {"slug": "bare", "kind": "webhook", "label": "deliveries",
                       "webhook": {"scheme": "body_hmac", "signature_header": "x-sig"}}]})"}};

  struct Wish {
    std::string integration = "any";
    std::string form = "hook";
    domain::OwnerKind owner = domain::OwnerKind::kUser;
    std::string secret = std::string(kSecret);
    std::string target{};
  };
  handoff::Submitted submit(const Wish& wish) {
    const PersonId person = wish.owner == domain::OwnerKind::kUser ? kAda : kCarl;
    handoff::SecretFormRequest request;
    request.integration = wish.integration;
    request.auth_template = wish.form;
    request.owner = wish.owner;
    const auto link = handoffs.mint_secret_form(agent_of(kAda), request).link_token;
    handoffs.open(acting(person), link);
    handoff::Submission typed;
    typed.secrets.emplace("signing_secret", Secret::copy_of(wish.secret));
    if (!wish.target.empty()) typed.plain.emplace("base_url", wish.target);
    return handoffs.submit(acting(person), link, std::move(typed));
  }
  domain::Connection connect(const Wish& wish) { return std::get<handoff::Saved>(submit(wish)).connection; }
  domain::Connection connect() { return connect(Wish()); }
  // In both of these the first field that is wrong.
  std::string problem_of(const Wish& wish) {
    const auto submitted = submit(wish);
    const auto* problems = std::get_if<std::vector<handoff::FieldProblem>>(&submitted);
    return problems ? problems->front().field + ": " + problems->front().message : "";
  }

  std::string token_of(const domain::Connection& connection) const {
    const std::string address = hooks.address_of(connection);
    const std::string start = "https://broker.example/hooks/";
    EXPECT_TRUE(address.starts_with(start)) << address;
    return address.substr(start.size());
  }
  DeliveryVerdict take(std::string_view token, Headers headers, std::string_view body) {
    http::Request request;
    request.method = http::Method::kPost;
    request.headers = std::move(headers);
    append(request.body, body);
    return hooks.take(token, request);
  }
  // As a provider signs it, `late` seconds ago.
  Headers standard(std::string_view id, std::string_view body, std::chrono::seconds late = 0s,
                   std::string_view secret = kSecret) const {
    const auto sent = std::chrono::floor<std::chrono::seconds>(clock.now() - late).time_since_epoch().count();
    const std::string time = std::to_string(sent);
    const auto signature = vault::signature_of({}, Secret::copy_of(secret), {id, time, {}, body});
    return {{"webhook-id", std::string(id)},
            {"webhook-timestamp", time},
            {"webhook-signature", signature},
            {"content-type", "application/json"}};
  }
  Headers git(std::string_view id, std::string_view body) const {
    const domain::WebhookSpec spec{domain::WebhookScheme::kBodyHmac, "x-sig", "sha256=", "x-id", ""};
    return {{"x-sig", vault::signature_of(spec, Secret::copy_of(kGitSecret), {{}, {}, {}, body})},
            {"x-id", std::string(id)}};
  }
  DeliveryVerdict deliver(const domain::Connection& to, std::string_view id, std::string_view body,
                          std::chrono::seconds late = 0s) {
    return take(token_of(to), standard(id, body, late), body);
  }
  std::vector<domain::WebhookDelivery> kept(const domain::Connection& connection) const {
    return hooks.deliveries(acting(connection.owner.kind == domain::OwnerKind::kUser ? kAda : kCarl), connection.id);
  }
  std::vector<std::string> bodies(const domain::Connection& connection) const {
    std::vector<std::string> found;
    for (const auto& delivery : kept(connection)) found.push_back(delivery.body);
    return found;
  }

  Receiver receiver;
  catalog::Catalog catalog{kFiles, catalog::Mode::kServe};
  vault::Vault vault{store, ring, clock, random};
  vault::Bindings bindings{store, {}, clock, ids};
  handoff::Handoffs handoffs{store, catalog, vault, bindings, receiver, ring, clock, random, ids};
  handoff::Connections connections{store, clock};
  Webhooks hooks{store, catalog, vault, bindings, receiver, ring, clock, ids, {kWorkspace, "https://broker.example"}};
};

}  // namespace countersign::webhook
