// Vault's KV engine as the provider sees it: a server that is asked for exactly one place, and not believed.
#include <sys/stat.h>
#include <unistd.h>

#include "support/scripted_server.h"
#include "support/temp_dir.h"
#include "vault/providers.h"
#include "vault/scripted_client.h"
#include "vault/words.h"

namespace countersign::vault {
namespace {

using support::ScriptedServer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kStripe =
    R"({"request_id":"1","lease_duration":0,"data":{"data":{"api-key":"canary-value","empty":"","port":5432,)"
    R"("null":null,"inner":{"a":"canary"}},"metadata":{"version":3,"destroyed":false}},"warnings":null})";

class KvProviderTest : public ::testing::Test {
 protected:
  KvProviderTest() { put_token("canary-token\n"); }

  void put_token(std::string_view token, mode_t mode = 0600) {
    write_file(token_file, token);
    ASSERT_EQ(::chmod(token_file.c_str(), mode), 0);
  }
  KvOptions options(std::string prefix = "agents/") const {
    return {"https://vault.example.com:8200", "secret", std::move(prefix), token_file};
  }
  // What resolving comes to when the server always answers so.
  std::string outcome(int status, std::string_view body, std::string_view item = "agents/stripe#api-key") const {
    ScriptedClient client(ScriptedClient::always(status, std::string(body)));
    return reason_of([&] { kv_provider(options(), client)->resolve(item); });
  }

  support::TempDir dir;
  const std::filesystem::path token_file = dir.path() / "token";
};

TEST_F(KvProviderTest, AsksForOneSecretWithTheToken) {
  ScriptedClient client(ScriptedClient::always(200, std::string(kStripe)));
  const auto provider = kv_provider(options(), client);
  EXPECT_EQ(provider->name(), "vault");
  EXPECT_EQ(provider->resolve("agents/stripe#api-key").reveal(), "canary-value");
  ASSERT_EQ(client.sent.size(), 1U);
  EXPECT_EQ(client.sent[0].method, http::Method::kGet);
  EXPECT_EQ(client.sent[0].url, "https://vault.example.com:8200/v1/secret/data/agents/stripe");
  EXPECT_THAT(client.sent[0].headers, ElementsAre("X-Vault-Token: canary-token"));
  EXPECT_LE(client.sent[0].limits.body_bytes, 256U * 1024);
}

TEST_F(KvProviderTest, FindsTheTokenThatIsThereNow) {
  ScriptedClient client(ScriptedClient::always(200, std::string(kStripe)));
  const auto provider = kv_provider(options(), client);
  provider->resolve("agents/stripe#api-key");
  put_token("canary-renewed");
  provider->resolve("agents/stripe#api-key");
  EXPECT_THAT(client.sent.at(1).headers, ElementsAre("X-Vault-Token: canary-renewed"));
}

TEST_F(KvProviderTest, ATokenFileThatOthersMayReadIsRefused) {
  ScriptedClient client(ScriptedClient::always(200, std::string(kStripe)));
  const auto provider = kv_provider(options(), client);
  const auto refusal = [&] { return reason_of([&] { provider->resolve("agents/stripe#api-key"); }); };
  for (const mode_t mode : {0644U, 0640U, 0604U, 0620U, 0666U, 0700U}) {
    put_token("canary-token", mode);
    EXPECT_EQ(refusal(), "provider_failed") << std::oct << mode;
  }
  for (const char* text : {"", "\n", "two\nlines", "canary token", "canary\ttoken", "canary\r\nX-Evil: 1"}) {
    put_token(text);
    EXPECT_EQ(refusal(), "provider_failed") << text;
  }
  put_token(std::string(4097, 'x'));
  EXPECT_EQ(refusal(), "provider_failed");
  std::filesystem::remove(token_file);
  EXPECT_EQ(refusal(), "provider_failed");
  ASSERT_EQ(::mkfifo(token_file.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "provider_failed");
  EXPECT_THAT(client.sent, IsEmpty());
}

TEST_F(KvProviderTest, ATokenFileOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(token_file.c_str(), 65534, 65534), 0);
  EXPECT_EQ(outcome(200, kStripe), "provider_failed");
}

TEST_F(KvProviderTest, APathStaysBelowThePrefix) {
  ScriptedClient client(ScriptedClient::always(200, std::string(kStripe)));
  const auto provider = kv_provider(options("agents"), client);
  for (const char* item : {"other/stripe#api-key",
                           "agents#api-key",
                           "agents/#api-key",
                           "agents-of-others/x#api-key",
                           "/agents/x#api-key",
                           "agents/../other#api-key",
                           "agents/./x#api-key",
                           "agents/..#api-key",
                           "agents//x#api-key",
                           "agents/x/#api-key",
                           "agents/%2e%2e/x#api-key",
                           "agents/x?version=1#api-key",
                           "agents/x;y#api-key",
                           "agents/x y#api-key",
                           "agents/x\r\nHost: evil#api-key",
                           "agents/\xc3\xa4#api-key",
                           "agents/stripe",
                           "agents/stripe#",
                           "agents/stripe#..",
                           "agents/stripe#a#b",
                           "agents/stripe#a/b",
                           "#api-key",
                           ""}) {
    EXPECT_EQ(reason_of([&] { provider->resolve(item); }), "item_not_allowed") << item;
  }
  EXPECT_EQ(reason_of([&] { provider->resolve("agents/" + std::string(1100, 'x') + "#k"); }), "item_not_allowed");
  EXPECT_THAT(client.sent, IsEmpty()) << "refused before anybody is asked";
  EXPECT_EQ(reason_of([&] { provider->resolve("agents/team/a.b_c-d#api-key"); }), "none");
}

TEST_F(KvProviderTest, EveryStatusHasItsMeaning) {
  EXPECT_EQ(outcome(404, R"({"errors":["canary"]})"), "unknown_provider_item");
  for (const int status : {201, 204, 302, 307, 400, 401, 403, 412, 429, 472, 473, 500, 502, 503}) {
    EXPECT_EQ(outcome(status, kStripe), "provider_failed") << status;
  }
}

TEST_F(KvProviderTest, AServerThatDoesNotAnswerIsTheProvidersFault) {
  for (const char* reason : {"upstream_timeout", "upstream_tls", "upstream_too_large", "upstream_address_refused"}) {
    ScriptedClient client(ScriptedClient::failing(ErrorCode::kUpstream, reason));
    EXPECT_EQ(reason_of([&] { kv_provider(options(), client)->resolve("agents/stripe#api-key"); }), "provider_failed");
  }
  ScriptedClient busy(ScriptedClient::failing(ErrorCode::kUnavailable, "outbound_busy"));
  EXPECT_EQ(reason_of([&] { kv_provider(options(), busy)->resolve("agents/stripe#api-key"); }), "outbound_busy");
}

TEST_F(KvProviderTest, OnlyTextIsAValue) {
  EXPECT_EQ(outcome(200, kStripe, "agents/stripe#none"), "unknown_provider_item");
  EXPECT_EQ(outcome(200, kStripe, "agents/stripe#empty"), "unknown_provider_item");
  for (const char* item : {"agents/stripe#port", "agents/stripe#null", "agents/stripe#inner"}) {
    EXPECT_EQ(outcome(200, kStripe, item), "provider_failed") << item;
  }
}

TEST_F(KvProviderTest, HostileAnswersAreRefusedInOurOwnWords) {
  for (const std::string& body :
       {std::string(), std::string("<html>canary</html>"), std::string(R"({"data":{"data":{"api-key":"canary")"),
        std::string(R"({"data":{"data":{"api-key":"canary-a","api-key":"canary-b"}}})"),
        std::string(R"({"data":{"data":{"api-key":"canary\ud800"}}})"), std::string(R"({"data":{"data":1e999}})"),
        std::string(100'000, '['), "\"" + std::string(300'000, 'x') + "\"",
        std::string(R"({"data":{"data":{"api-key":"canary\u0000"}}})")}) {
    EXPECT_EQ(outcome(200, body), "provider_failed") << body.substr(0, 60);
  }
  for (const char* body : {"{}", "[]", "null", "\"canary\"", R"({"data":null})", R"({"data":[]})", R"({"data":{}})",
                           R"({"data":{"data":["api-key"]}})"}) {
    EXPECT_EQ(outcome(200, body), "unknown_provider_item") << body;
  }
}

// Folders and secrets of a small store; everything else is not there.
http::ClientResponse small_store(const std::string& url) {
  const std::string path = url.substr(url.find("/secret/") + 8);
  if (path == "metadata/agents/?list=true") {
    return ScriptedClient::answer(200, R"({"data":{"keys":["stripe","team/","..","a b","../","secret/","gone",7]}})");
  }
  if (path == "metadata/agents/team/?list=true") return ScriptedClient::answer(200, R"({"data":{"keys":["github"]}})");
  if (path == "metadata/agents/secret/?list=true") return ScriptedClient::answer(403, "{}");
  if (path == "subkeys/agents/stripe?depth=1") {
    return ScriptedClient::answer(200,
                                  R"({"data":{"subkeys":{"test":null,"live":null,"odd key":null},"metadata":{}}})");
  }
  if (path == "subkeys/agents/team/github?depth=1") {
    return ScriptedClient::answer(200, R"({"data":{"subkeys":{"pat":null},"metadata":{}}})");
  }
  return ScriptedClient::answer(404, R"({"errors":[]})");
}

TEST_F(KvProviderTest, ListsKeysWithoutReadingAValue) {
  ScriptedClient client(small_store);
  const auto items = kv_provider(options(), client)->items();
  EXPECT_THAT(ids_of(items), ElementsAre("agents/stripe#live", "agents/stripe#test", "agents/team/github#pat"));
  for (const auto& sent : client.sent) {
    EXPECT_THAT(sent.url, ::testing::Not(::testing::HasSubstr("/data/")));
    EXPECT_THAT(sent.url, ::testing::Not(::testing::HasSubstr("..")));
    EXPECT_THAT(sent.headers, Contains("X-Vault-Token: canary-token"));
  }
}

TEST_F(KvProviderTest, AnEmptyStoreHasNoItemsAndAForbiddenOneSaysSo) {
  ScriptedClient empty(ScriptedClient::always(404, R"({"errors":[]})"));
  EXPECT_THAT(kv_provider(options(""), empty)->items(), IsEmpty());
  EXPECT_EQ(empty.sent.at(0).url, "https://vault.example.com:8200/v1/secret/metadata/?list=true");
  for (const int status : {403, 500, 307}) {
    ScriptedClient client(ScriptedClient::always(status, "{}"));
    EXPECT_EQ(reason_of([&] { kv_provider(options(), client)->items(); }), "provider_failed") << status;
  }
}

TEST_F(KvProviderTest, AListEndsWhateverTheServerSays) {
  // Every folder holds itself again, and two hundred secrets beside it.
  std::string keys = R"({"data":{"keys":["again/")";
  for (int i = 0; i < 200; ++i) keys += ",\"s" + std::to_string(i) + "\"";
  keys += "],\"subkeys\":{\"a\":null,\"b\":null}}}";
  ScriptedClient client(ScriptedClient::always(200, keys));
  EXPECT_FALSE(kv_provider(options(), client)->items().empty());
  EXPECT_EQ(client.sent.size(), 200U);

  std::string many = R"({"data":{"keys":["one"],"subkeys":{"a":null)";
  for (int i = 0; i < 1500; ++i) many += ",\"k" + std::to_string(i) + "\":null";
  ScriptedClient wide(ScriptedClient::always(200, many + "}}}"));
  EXPECT_EQ(kv_provider(options(), wide)->items().size(), 1000U);
}

TEST_F(KvProviderTest, FollowsNoRedirect) {
  ScriptedServer other(ScriptedServer::always(ScriptedServer::answer(kStripe)));
  ScriptedServer standby(ScriptedServer::always(ScriptedServer::answer(
      "", "307 Temporary Redirect", "Location: " + other.url("/v1/secret/data/agents/x") + "\r\n")));
  http::CurlClientOptions loopback;
  loopback.allow_loopback_http = true;
  http::CurlClient client(loopback);
  const auto provider = kv_provider({standby.url(), "secret", "agents/", token_file}, client);
  EXPECT_EQ(reason_of([&] { provider->resolve("agents/x#api-key"); }), "provider_failed");
  EXPECT_EQ(other.connections(), 0U);
  ASSERT_EQ(standby.requests().size(), 1U);
  EXPECT_THAT(standby.requests()[0], ::testing::HasSubstr("\r\nX-Vault-Token: canary-token\r\n"));
}

TEST_F(KvProviderTest, RefusesASettingThatCouldLeadElsewhere) {
  ScriptedClient client(ScriptedClient::always(200, "{}"));
  const auto refusal = [&](KvOptions wanted) { return reason_of([&] { kv_provider(std::move(wanted), client); }); };
  for (const char* address : {"", "vault.example.com", "http://vault.example.com", "http://127.0.0.1.evil.example",
                              "https://user@vault.example.com", "https://vault.example.com?x", "ftp://vault",
                              "https://vault.example.com#", "https://vault example.com", "http://localhost.evil"}) {
    EXPECT_EQ(refusal({address, "secret", "", token_file}), "bad_config") << address;
  }
  for (const char* address : {"https://vault.example.com", "https://vault.example.com:8200/", "http://127.0.0.1:8200",
                              "http://localhost", "http://[::1]:8200"}) {
    EXPECT_EQ(refusal({address, "secret", "", token_file}), "none") << address;
  }
  for (const char* path : {"..", "a/../b", "a//b", "a?b", "/a", "a b"}) {
    EXPECT_EQ(refusal({"https://v", path, "", token_file}), "bad_config") << path;
    EXPECT_EQ(refusal({"https://v", "secret", path, token_file}), "bad_config") << path;
  }
  EXPECT_EQ(refusal({"https://v", "", "", token_file}), "bad_config") << "a mount is needed";
  EXPECT_EQ(refusal({"https://v", "secret", "", ""}), "bad_config") << "so is a token";
}

}  // namespace
}  // namespace countersign::vault
