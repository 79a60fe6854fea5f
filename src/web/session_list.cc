#include "web/session_list.h"

#include "web/people_words.h"
#include "web/times.h"

namespace countersign::web {

void show_sessions(const std::vector<domain::BrowserSession>& sessions, SessionId here, Instant now, Values& values) {
  Values& list = values.include("SESSIONS", "sessions.html");
  list.show_either(sessions.empty(), "NONE", "SOME");
  if (here.valid()) list.show("ENDABLE_LIST");
  for (const domain::BrowserSession& session : sessions) {
    Values& row = list.add("SESSION").set("SESSION_ID", session.id.text());
    row.set("BROWSER", browser_of(session.browser), 200).set("ADDRESS", session.address, 100);
    row.set("BEGAN", ago(session.created_at, now)).set("SEEN", ago(session.last_seen_at, now));
    if (here.valid()) row.show_either(session.id == here, "HERE", "ENDABLE");
  }
}

}  // namespace countersign::web
