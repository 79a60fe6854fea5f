// What `audit verify` must find: the database is changed behind the broker's back, with its own SQLite.
#include "app/audit_check.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "app/keys.h"
#include "flows/in_process.h"
#include "sql/sqlite_store.h"
#include "vault/providers.h"

namespace countersign::app {
namespace {

using ::testing::HasSubstr;

// A broker that has lived a little and was stopped.
class AuditVerify : public ::testing::Test {
 protected:
  AuditVerify() {
    flows::InProcess program;
    const PersonId ada = program.add_person("ada", domain::Role::kMember);
    flows::Agent agent(program, program.issue_token(ada));
    flows::Browser browser(program);
    browser.sign_in(ada);
    for (int i = 0; i < 3; ++i) {
      const Json minted = agent.ask(R"({"integration":"demo","label":"note text"})");
      browser.get(flows::path_of(minted["url"]));
      browser.post(flows::path_of(minted["url"]) + "/submit", {{"secret.key", "x"}});
      if (i == 1) {
        program.application().write_checkpoint();
        std::filesystem::copy(program.dir(), older.path() / "copy", std::filesystem::copy_options::recursive);
      }
    }
    program.application().write_checkpoint();
    program.restart();  // closes the first one: everything is in the main file
    std::filesystem::copy(program.dir(), dir.path() / "data", std::filesystem::copy_options::recursive);
  }

  std::filesystem::path data() const { return dir.path() / "data"; }

  std::vector<std::string> findings() const {
    const SystemClock clock;
    crypto::SystemRandom random;
    IdSource ids(clock);
    Config config;
    config.data_dir = data();
    config.master_key_file = data() / "master.key";
    sql::SqliteStore store({.path = database_path(data()).string(), .mode = sql::Mode::kLook});
    const OpenedRing opened = open_ring(find_master_key(config, store), store, clock, random, ids);
    const RingMac mac(opened.ring);
    return verify_audit(store, mac, Checkpoints(checkpoints_path(data()), opened.ring, clock)).findings;
  }

  void change(const std::string& sql) const {
    SQLite::Database database(database_path(data()).string(), SQLite::OPEN_READWRITE);
    ASSERT_GT(database.exec(sql), 0) << sql;
  }

  std::string finding_after(const std::string& sql) const {
    change(sql);
    const auto found = findings();
    return found.empty() ? "nothing" : found.front();
  }

  support::TempDir dir;
  support::TempDir older;
};

TEST_F(AuditVerify, AnUntouchedRecordIsWell) { EXPECT_THAT(findings(), ::testing::IsEmpty()); }

// Its sealed credential is shredded, and the chain says so: nothing is missing.
TEST_F(AuditVerify, AConnectionThatGotAnotherSourceIsWell) {
  const std::map<std::string, std::string> environment{{"AGENT_DEMO", "env-secret-0123456789"}};
  flows::InProcess program(catalog::Mode::kDev, [&](ApplicationOptions& options) {
    options.config.env_prefix = "AGENT_";
    options.environment = environment;
  });
  const PersonId ada = program.add_person("ada", domain::Role::kAdmin);
  IdSource ids(program.clock());
  vault::Providers providers;
  providers.push_back(vault::env_provider("AGENT_", environment));
  const vault::Bindings bindings(program.application().store(), std::move(providers), program.clock(), ids);
  bindings.bind({kDefaultWorkspace, ada, domain::Role::kAdmin, program.clock().now()},
                {"env", "AGENT_DEMO", "demo", domain::Owner::user(ada)});
  flows::Agent agent(program, program.issue_token(ada));
  flows::Browser browser(program);
  browser.sign_in(ada);
  const Json minted = agent.ask(R"({"integration":"demo","label":"Main"})");
  browser.get(flows::path_of(minted["url"]));
  browser.post(flows::path_of(minted["url"]) + "/submit", {{"secret.key", "x"}});
  const http::Response asked = agent.post("/v1/connections", R"({"owner":"user","name":"Main","integration":"demo",)"
                                                             R"("template":"api-key","from":{"provider":"env",)"
                                                             R"("id":"AGENT_DEMO"}})");
  const Json replacement = flows::json_of(asked);
  browser.get(flows::path_of(replacement["url"]));
  ASSERT_EQ(browser.post(flows::path_of(replacement["url"]) + "/confirm").status, 303);
  program.application().write_checkpoint();
  program.restart();
  std::filesystem::remove_all(data());
  std::filesystem::copy(program.dir(), data(), std::filesystem::copy_options::recursive);
  EXPECT_THAT(findings(), ::testing::IsEmpty());
}

// An older secret of a client opens as well as the newer one: only the record knows which it is.
TEST_F(AuditVerify, FindsAnOAuthClientsSecretPutBack) {
  flows::InProcess program(catalog::Mode::kDev);
  flows::Browser browser(program);
  browser.sign_in(program.add_person("ada", domain::Role::kAdmin));
  browser.get("/integrations/github/clients/new");
  ASSERT_EQ(browser
                .post("/integrations/github/clients", {{"owner", "org"},
                                                       {"client_id", "client-1"},
                                                       {"auth", "client_secret_post"},
                                                       {"secret.client_secret", "secret-0123456789"}})
                .status,
            303);
  program.application().write_checkpoint();
  program.restart();
  std::filesystem::remove_all(data());
  std::filesystem::copy(program.dir(), data(), std::filesystem::copy_options::recursive);
  EXPECT_THAT(findings(), ::testing::IsEmpty());
  EXPECT_THAT(finding_after("update oauth_client_secrets set sealed = x'00'"), HasSubstr("the sealed secret of OAuth"));
  EXPECT_THAT(finding_after("delete from oauth_client_secrets"), HasSubstr("the sealed secret of OAuth"));
}

TEST_F(AuditVerify, FindsAnEditedEvent) {
  EXPECT_THAT(finding_after("update audit_events set actor = 'anonymous' where sequence = 5"), HasSubstr("event 5"));
}

TEST_F(AuditVerify, FindsARemovedEvent) {
  EXPECT_THAT(finding_after("delete from audit_events where sequence = 7"), HasSubstr("event 7 is missing"));
}

TEST_F(AuditVerify, FindsReorderedEvents) {
  change("update audit_events set sequence = 1000 where sequence = 6");
  change("update audit_events set sequence = 6 where sequence = 7");
  EXPECT_THAT(finding_after("update audit_events set sequence = 7 where sequence = 1000"), HasSubstr("event 6"));
}

TEST_F(AuditVerify, FindsACutTailAlthoughTheHeadWasCutToo) {
  change("delete from audit_notes where sequence > 10");
  change("delete from audit_events where sequence > 10");
  change("update audit_heads set count = 10, link = (select link from audit_events where sequence = 10)");
  const auto found = findings();
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(found, ::testing::Contains(HasSubstr("ends before event")));
}

TEST_F(AuditVerify, FindsARestoredOlderDatabase) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const auto from = older.path() / "copy" / (std::string("countersign.db") + suffix);
    std::filesystem::remove(data() / (std::string("countersign.db") + suffix));
    if (std::filesystem::exists(from)) std::filesystem::copy_file(from, data() / from.filename());
  }
  EXPECT_THAT(findings(), ::testing::Contains(HasSubstr("ends before event")));
}

TEST_F(AuditVerify, FindsAnExchangedNoteButNotAnErasedOne) {
  change("delete from audit_notes where sequence = (select min(sequence) from audit_notes where note = 'note text')");
  EXPECT_THAT(findings(), ::testing::IsEmpty());
  EXPECT_THAT(finding_after("update audit_notes set note = 'other' where note = 'note text'"),
              HasSubstr("note of event"));
}

TEST_F(AuditVerify, FindsACredentialPutBackOrTakenAway) {
  EXPECT_THAT(
      finding_after(
          "update connection_secrets set sealed = (select sealed from connection_secrets order by connection limit 1)"),
      HasSubstr("sealed credential"));
}

TEST_F(AuditVerify, FindsARemovedConnectionPutBack) {
  change("update connections set state = 'revoked' where id = (select min(id) from connections)");
  EXPECT_THAT(findings(), ::testing::Contains(HasSubstr("the chain says otherwise")));
}

TEST_F(AuditVerify, SaysThatWithoutACheckpointItCannotTell) {
  std::filesystem::remove(checkpoints_path(data()));
  EXPECT_THAT(findings(), ::testing::Contains(HasSubstr("there is no checkpoint")));
}

TEST_F(AuditVerify, FindsAForgedCheckpoint) {
  std::filesystem::path file = checkpoints_path(data());
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  in.close();
  const auto count = text.find("\"count\":") + 8;
  text.replace(count, 1, text[count] == '1' ? "2" : "1");
  std::ofstream(file) << text;
  EXPECT_THAT(findings(), ::testing::Contains(HasSubstr("signature")));
}

TEST_F(AuditVerify, ABrokerRefusesToStartOnARolledBackDatabase) {
  change("delete from audit_notes where sequence > 10");
  change("delete from audit_events where sequence > 10");
  change("update audit_heads set count = 10, link = (select link from audit_events where sequence = 10)");
  ApplicationOptions options;
  options.config.data_dir = data();
  options.config.master_key_file = data() / "master.key";
  options.public_url = "http://127.0.0.1:1";
  const SystemClock clock;
  crypto::SystemRandom random;
  support::CapturedLog log;
  try {
    Application application(std::move(options), clock, random, log);
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "audit_rolled_back");
  }
}

TEST_F(AuditVerify, ExportIsOneObjectALineInOrder) {
  sql::SqliteStore store({.path = database_path(data()).string(), .mode = sql::Mode::kLook});
  std::int64_t expected = 0;
  export_audit(store, [&](std::string_view line) {
    const Json event = parse_json(line);
    EXPECT_EQ(event["sequence"], ++expected);
    EXPECT_FALSE(event["action"].get<std::string>().empty());
  });
  EXPECT_GT(expected, 10);
}

}  // namespace
}  // namespace countersign::app
