#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "support/temp_dir.h"

namespace countersign::app {
namespace {

using ::testing::HasSubstr;

class ConfigFile : public ::testing::Test {
 protected:
  std::string failure_of(const std::string& text) {
    const std::string path = dir.file("c.toml");
    std::ofstream(path) << text;
    try {
      Config config;
      apply_file(config, path);
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), "bad_config");
      return error.message();
    }
    return "accepted";
  }
  support::TempDir dir;
};

TEST_F(ConfigFile, TheCommentedExampleIsTheDefaults) {
  Config example;
  apply_file(example, std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "config/countersign.toml");
  Config defaults;
  defaults.data_dir = "/var/lib/countersign";
  for (const ConfigKey& key : config_keys()) EXPECT_EQ(key.show(example), key.show(defaults)) << key.name;
}

TEST_F(ConfigFile, TheExampleNamesEveryKey) {
  std::ifstream file(std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "config/countersign.toml");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (const ConfigKey& key : config_keys()) {
    const std::string name(key.name.substr(key.name.find('.') + 1));
    EXPECT_THAT(text, HasSubstr(name + " =")) << key.name;
  }
}

TEST_F(ConfigFile, AnUnknownKeyNamesItsPlaceAndTheRightOne) {
  const std::string message = failure_of("[server]\n  lisen = \"127.0.0.1:1\"\n");
  EXPECT_THAT(message, HasSubstr("c.toml:2:3"));
  EXPECT_THAT(message, HasSubstr("did you mean \"server.listen\"?"));
}

TEST_F(ConfigFile, BrokenTomlNamesItsPlace) { EXPECT_THAT(failure_of("[server\n"), HasSubstr("c.toml:1:")); }

TEST_F(ConfigFile, AMissingFileIsSaid) {
  Config config;
  EXPECT_THROW(apply_file(config, dir.file("none.toml")), Error);
}

TEST_F(ConfigFile, EachWrongValueSaysWhatIsAsked) {
  EXPECT_THAT(failure_of("[server]\nworkers = 0\n"), HasSubstr("from 1 to 1024"));
  EXPECT_THAT(failure_of("[server]\nworkers = \"many\"\n"), HasSubstr("whole number"));
  EXPECT_THAT(failure_of("[server]\nlisten = \"here\"\n"), HasSubstr("address and a port"));
  EXPECT_THAT(failure_of("[server]\nlisten = \"127.0.0.1:99999\"\n"), HasSubstr("65535"));
  EXPECT_THAT(failure_of("[server]\nallow_plain_http = 1\n"), HasSubstr("true or false"));
  EXPECT_THAT(failure_of("[server]\npublic_url = \"https://a.example/path\"\n"), HasSubstr("without a path"));
  EXPECT_THAT(failure_of("[server]\npublic_url = \"ftp://a\"\n"), HasSubstr("https://"));
  EXPECT_THAT(failure_of("[log]\nlevel = \"loud\"\n"), HasSubstr("debug, info, warning, error"));
  EXPECT_THAT(failure_of("[server]\nlisten = 2026-11-21\n"), HasSubstr("c.toml:2:"));
  EXPECT_EQ(failure_of("[server]\ntrusted_proxies = [\"10.0.0.1\", \"10.0.0.2\"]\n"), "accepted");
}

TEST(ConfigEnvironment, WinsOverTheFileAndRefusesUnknownNames) {
  Config config;
  const char* good[] = {"COUNTERSIGN__SERVER__LISTEN=127.0.0.1:9", "COUNTERSIGN__LOG__LEVEL=debug", "OTHER=1", nullptr};
  apply_environment(config, good);
  EXPECT_EQ(config.listen.port, 9);
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
  const char* bad[] = {"COUNTERSIGN__SERVER__LISEN=1", nullptr};
  EXPECT_THROW(apply_environment(config, bad), Error);
}

TEST(ConfigWhole, APublicListenerNeedsAProxyOrAWord) {
  Config config;
  config.listen = {"0.0.0.0", 80};
  config.public_url = "https://a.example";
  EXPECT_THROW(check_whole(config), Error);
  config.trusted_proxies = {"10.0.0.1"};
  EXPECT_NO_THROW(check_whole(config));
  config.trusted_proxies.clear();
  EXPECT_THROW(check_whole(config), Error) << "https, and nobody who ends TLS";
  config.allow_plain_http = true;
  config.public_url = "http://a.example";
  EXPECT_NO_THROW(check_whole(config));
  config.public_url.clear();
  EXPECT_THROW(check_whole(config), Error) << "links need a name";
}

TEST(ConfigWhole, PlainHttpIsForThisMachineOnly) {
  Config config;
  config.public_url = "http://127.0.0.1:7117";
  EXPECT_NO_THROW(check_whole(config));
  config.public_url = "http://broker.example";
  EXPECT_THROW(check_whole(config), Error);
  config.public_url.clear();
  config.ops_listen = {"0.0.0.0", 1};
  EXPECT_THROW(check_whole(config), Error) << "metrics are not for the network";
}

TEST(ListenAddresses, AreReadAndJudged) {
  EXPECT_EQ(parse_listen_address("[::1]:8").host, "::1");
  EXPECT_TRUE(is_loopback(parse_listen_address("[::1]:8")));
  EXPECT_TRUE(is_loopback(parse_listen_address("localhost:8")));
  EXPECT_FALSE(is_loopback(parse_listen_address("10.0.0.1:8")));
  EXPECT_THROW(parse_listen_address(":8"), Error);
  EXPECT_THROW(parse_listen_address("127.0.0.1"), Error);
}

}  // namespace
}  // namespace countersign::app
