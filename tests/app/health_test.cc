#include "app/health.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/scripted_server.h"

namespace countersign::app {
namespace {

using support::ScriptedServer;

std::string base_of(const ScriptedServer& server) { return server.url(""); }

TEST(Health, ReadyIsZeroAndNotReadyIsOne) {
  ScriptedServer ready(ScriptedServer::always(ScriptedServer::answer("ready\n")));
  EXPECT_EQ(check_health(base_of(ready)), ExitCode::kOk);
  EXPECT_EQ(check_health(base_of(ready) + "/"), ExitCode::kOk);
  for (const std::string& request : ready.requests()) EXPECT_EQ(request.substr(0, 21), "GET /readyz HTTP/1.1\r");
  for (const char* status : {"503 Service Unavailable", "404 Not Found", "302 Found", "204 No Content"}) {
    ScriptedServer other(ScriptedServer::always(ScriptedServer::answer("", status)));
    EXPECT_EQ(check_health(base_of(other)), ExitCode::kFailed) << status;
  }
}

TEST(Health, ABrokerThatCannotBeAskedIsAFailureWithItsReason) {
  std::string nobody;
  { nobody = base_of(ScriptedServer(ScriptedServer::always(""))); }
  for (const std::string& url : {nobody, std::string("http://10.0.0.1:7118"), std::string("nonsense")}) {
    try {
      check_health(url);
      FAIL() << url;
    } catch (const Error& error) {
      EXPECT_EQ(exit_code_of(error), ExitCode::kFailed) << error.what();
    }
  }
}

TEST(Health, TheListenerOfTheConfigurationIsAskedOnThisMachine) {
  Config config;
  EXPECT_EQ(ops_url_of(config), "http://127.0.0.1:7118");
  config.ops_listen = {"0.0.0.0", 9};
  EXPECT_EQ(ops_url_of(config), "http://127.0.0.1:9");
  config.ops_listen = {"::", 9};
  EXPECT_EQ(ops_url_of(config), "http://[::1]:9");
}

}  // namespace
}  // namespace countersign::app
