// The audit record through its pages: who reads what, filters and cursors that cannot be forged (F102), and files
// that no spreadsheet runs.
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "web/audit_facts.h"
#include "web/audit_file.h"
#include "web/fixture.h"

namespace countersign::web::audit_pages {
namespace {

constexpr std::string_view kPassword = "violet-harbour-tuba";

class AuditPages : public WebTest {
 protected:
  domain::Person with_password(std::string login, domain::Role role) {
    const domain::Person person = add_person(std::move(login), role);
    people.set_password(by, kHome, person.id, Secret::copy_of(kPassword));
    return person;
  }
  std::string page(std::string_view path) { return text_of(get(path, session.get())); }
  void record(std::string_view action, std::string object, std::string note = {}) {
    store.transact([&](store::Transaction& tx) {
      tx.audit().record(
          {kHome, clock.now(), domain::Actor::person(ada.id), action, object, {{"how", "by hand"}}, note});
    });
  }
  std::int64_t newest() const {
    return trail.page({kHome, boss.id, domain::Role::kAdmin, clock.now()}, {}, 0, 1).entries.front().row.sequence;
  }
  http::Response take_file(Fields fields, std::string_view password = {}) {
    fields.emplace_back("csrf", session.csrf);
    if (!password.empty()) fields.emplace_back("step_up_password", password);
    return post("/audit/export", session.post(), fields);
  }

  const domain::Person boss = with_password("boss", domain::Role::kAdmin);
  const domain::Person ada = with_password("ada", domain::Role::kMember);
  const Session session = sign_in_as(boss.id);
};

TEST_F(AuditPages, AdminsReadEverythingOthersWhatTheyDid) {
  const Session member = sign_in_as(ada.id);
  record("handoff.declined", "ho_0000000000001");
  const std::string all = page("/audit");
  EXPECT_THAT(all, HasSubstr("<code>handoff.declined</code>"));
  EXPECT_THAT(all, HasSubstr("the command line"));
  EXPECT_THAT(all, HasSubstr("ada the person (ada)"));
  const std::string own = text_of(get("/audit", member.get()));
  EXPECT_THAT(own, HasSubstr("<code>handoff.declined</code>"));
  EXPECT_THAT(own, Not(HasSubstr("the command line")));
  EXPECT_THAT(own, Not(HasSubstr("boss")));
  EXPECT_THAT(own, Not(HasSubstr("Export")));
  // Asking for somebody else's changes nothing.
  const std::string sly = text_of(get("/audit?actor=person:" + boss.id.text(), member.get()));
  EXPECT_THAT(sly, Not(HasSubstr("<td data-label=\"Who\"><bdi class=\"foreign\">boss")));
}

TEST_F(AuditPages, FilterIsKeptInTheAddressAndInTheForm) {
  record("handoff.declined", "ho_0000000000001");
  const std::string fitting = page("/audit?action=handoff.&actor=person:" + ada.id.text());
  EXPECT_THAT(fitting, HasSubstr("<code>handoff.declined</code>"));
  EXPECT_THAT(fitting, Not(HasSubstr("<code>person.created</code>")));
  EXPECT_THAT(fitting, HasSubstr("name=\"action\" type=\"text\" value=\"handoff.\""));
  EXPECT_THAT(fitting, HasSubstr("<option value=\"person:" + ada.id.text() + "\" selected>"));
  EXPECT_THAT(fitting, HasSubstr("/audit/export?actor=person%3A" + ada.id.text() + "&amp;action=handoff."));
  EXPECT_THAT(page("/audit?object=ho_0000000000001"), HasSubstr("handoff.declined"));
  EXPECT_THAT(page("/audit?object=ho_0000000000002"), HasSubstr("No event fits."));
}

TEST_F(AuditPages, DaysAreWholeAndBothIncluded) {
  const std::string today = iso_time(clock.now()).substr(0, 10);
  const std::string tomorrow = iso_time(clock.now() + std::chrono::hours(24)).substr(0, 10);
  const std::string yesterday = iso_time(clock.now() - std::chrono::hours(24)).substr(0, 10);
  EXPECT_THAT(page("/audit?from=" + today + "&until=" + today), HasSubstr("person.created"));
  EXPECT_THAT(page("/audit?from=" + tomorrow), HasSubstr("No event fits."));
  EXPECT_THAT(page("/audit?until=" + yesterday), HasSubstr("No event fits."));
}

TEST_F(AuditPages, F102_ForgedFiltersAndCursorsAreRefusedInWords) {
  for (const char* query :
       {"actor=%27%20or%201=1--", "actor=person:", "actor=person:ag_0000000000001", "actor=system:1", "actor=PERSON",
        "action=a%27;drop%20table", "action=%25", "object=a%20b", "object=%E2%80%AE", "from=yesterday",
        "from=2026-13-01", "from=2026-02-30", "until=1", "from=2026-11-21&until=2026-11-20", "from=0000-01-01"}) {
    const http::Response refused = get(std::string("/audit?") + query, session.get());
    EXPECT_EQ(refused.status, 400) << query;
    EXPECT_THAT(text_of(refused), Not(HasSubstr("drop"))) << query;
    EXPECT_EQ(get(std::string("/audit/export?") + query, session.get()).status, 400) << query;
  }
  for (const char* place : {"", "0", "-1", "1.5", "1%20", "0x10", "99999999999999999999", "ho_1", "%27"}) {
    EXPECT_EQ(get(std::string("/audit?before=") + place, session.get()).status, 400) << place;
  }
  EXPECT_EQ(get("/audit?before=9223372036854775807", session.get()).status, 200);
  EXPECT_EQ(get("/audit/export?format=exe", session.get()).status, 400);
  EXPECT_THAT(text_of(get("/audit?from=yesterday", session.get())), HasSubstr("A day is written as 2026-11-21."));
}

TEST_F(AuditPages, PagesGoOnWhereTheLastOneEndedWithTheSameFilter) {
  for (int i = 0; i < 60; ++i) record("test.happened", "xx_" + std::to_string(i));
  const std::string first = page("/audit?action=test.");
  EXPECT_THAT(first, HasSubstr("xx_59<"));
  EXPECT_THAT(first, Not(HasSubstr("xx_9<")));
  const auto at = first.find("/audit?action=test.&amp;before=");
  ASSERT_NE(at, std::string::npos);
  std::string path = first.substr(at, first.find('"', at) - at);
  path.replace(path.find("&amp;"), 5, "&");
  const std::string second = page(path);
  EXPECT_THAT(second, HasSubstr("xx_9<"));
  EXPECT_THAT(second, Not(HasSubstr("xx_10<")));
  EXPECT_THAT(second, HasSubstr("Back to the newest"));
  EXPECT_THAT(second, Not(HasSubstr("Older ones")));
}

TEST_F(AuditPages, EventIsShownWithItsFactsAndNoteAsTextAlone) {
  record("test.happened", "co_0000000000001", "<script>x</script>\u202e=1");
  const std::string event = page("/audit/" + std::to_string(newest()));
  EXPECT_THAT(event, HasSubstr("<dt>how</dt><dd><bdi class=\"foreign\">by hand</bdi></dd>"));
  EXPECT_THAT(event, HasSubstr("&lt;script&gt;x&lt;/script&gt;⟦U+202E⟧=1"));
  EXPECT_THAT(event, HasSubstr("href=\"/connections/co_0000000000001\""));
  EXPECT_THAT(event, HasSubstr("<dt>Link</dt>"));
}

TEST_F(AuditPages, EventOfOthersLooksLikeNone) {
  const Session member = sign_in_as(ada.id);
  const http::Response foreign = get("/audit/1", member.get());
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(text_of(foreign), text_of(get("/audit/999999", member.get())));
  EXPECT_EQ(get("/audit/" + std::to_string(newest()), member.get()).status, 200) << "their own sign-in";
  for (const char* place : {"0", "-1", "x", "99999999999999999999", "9223372036854775807"}) {
    EXPECT_EQ(get(std::string("/audit/") + place, session.get()).status, 404) << place;
  }
}

TEST_F(AuditPages, ChainIsReportedAsItStands) {
  EXPECT_THAT(page("/audit"), HasSubstr("<span class=\"badge ok\">Verified</span> Up to #10,423, just now."));
  chain = {};
  EXPECT_THAT(page("/audit"), HasSubstr("Not checked yet"));
  chain = {7, clock.now(), "event 8 or the one before it was changed"};
  const std::string broken = page("/audit");
  EXPECT_THAT(broken, HasSubstr("<span class=\"badge bad\">Does not verify</span>"));
  EXPECT_THAT(broken, HasSubstr("event 8 or the one before it was changed"));
}

TEST_F(AuditPages, FileIsForAdminsWithAFreshProof) {
  const Session member = sign_in_as(ada.id);
  EXPECT_EQ(get("/audit/export", member.get()).status, 403);
  EXPECT_EQ(post("/audit/export", member.post(), {{"csrf", member.csrf}, {"format", "csv"}}).status, 403);
  clock.advance(std::chrono::minutes(6));
  EXPECT_THAT(page("/audit/export?format=jsonl"), HasSubstr("<option value=\"jsonl\" selected>"));
  EXPECT_THAT(page("/audit/export"), HasSubstr("name=\"step_up_password\""));
  for (const std::string_view wrong : {"", "not-the-right-one"}) {
    const http::Response asked = take_file({{"format", "csv"}, {"action", "person."}}, wrong);
    EXPECT_EQ(asked.status, 422);
    EXPECT_EQ(header_of(asked, "Content-Disposition"), "");
    EXPECT_THAT(text_of(asked), HasSubstr("name=\"action\" value=\"person.\""));
  }
  const http::Response file = take_file({{"format", "csv"}}, kPassword);
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(header_of(file, "Content-Type"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(header_of(file, "Content-Disposition"),
            "attachment; filename=\"countersign-audit-" + iso_time(clock.now()).substr(0, 10) + ".csv\"");
  EXPECT_EQ(header_of(file, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(take_file({{"format", "exe"}}).status, 422);
}

TEST_F(AuditPages, FileHoldsWhatTheFilterLetsThrough) {
  record("test.happened", "xx_1", "=HYPERLINK(\"x\")");
  const std::string csv = text_of(take_file({{"format", "csv"}, {"action", "test."}}));
  EXPECT_TRUE(csv.starts_with("\"sequence\",\"at\",\"actor\",\"action\",\"object\",\"facts\",\"note\"\r\n")) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2);
  EXPECT_THAT(csv, HasSubstr("\"'=HYPERLINK(\"\"x\"\")\"\r\n"));
  const http::Response lines = take_file({{"format", "jsonl"}, {"action", "test."}});
  const Json event = parse_json(text_of(lines));
  EXPECT_EQ(event["object"], "xx_1");
  EXPECT_EQ(event["facts"]["how"], "by hand");
  EXPECT_EQ(event["note"], "=HYPERLINK(\"x\")");
  EXPECT_EQ(event["link"].get<std::string>().size(), 64U);
}

TEST(AuditFile, CellThatASpreadsheetWouldRunIsDisarmed) {
  for (const char* hostile : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "－1", "＋1", "＠x"}) {
    EXPECT_EQ(csv_cell(hostile), "\"'" + std::string(hostile) + "\"");
  }
  for (const char* harmless : {"", "a=1", "person:pe_1", "{\"a\":1}", "7"}) {
    EXPECT_EQ(csv_cell(harmless).substr(0, 2) == "\"'", false) << harmless;
  }
  EXPECT_EQ(csv_cell("a\"b\nc"), "\"a\"\"b\nc\"");
}

TEST(AuditFile, WhatIsLeftOutIsSaid) {
  const auto file_of = [](AuditFormat format, int events) {
    AuditFile file(format, 2);
    for (int i = 0; i < events; ++i) {
      store::AuditEntry entry;
      entry.row.sequence = i + 1;
      entry.row.facts = "{}";
      file.add(entry);
    }
    return std::string(view(file.take()));
  };
  EXPECT_EQ(file_of(AuditFormat::kCsv, 2).find("older events"), std::string::npos);
  EXPECT_THAT(file_of(AuditFormat::kCsv, 3), HasSubstr("the newest 2 alone."));
  const std::string lines = file_of(AuditFormat::kJsonLines, 3);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  EXPECT_TRUE(parse_json(lines.substr(lines.rfind('\n', lines.size() - 2) + 1)).contains("remark"));
}

TEST(AuditFacts, TimeIsWrittenForMachines) {
  using namespace std::chrono;
  EXPECT_EQ(iso_time(Instant(sys_days(year(2026) / 11 / 5) + 3h + 4min + 5s + 6ms)), "2026-11-05T03:04:05.006Z");
}

}  // namespace
}  // namespace countersign::web::audit_pages
