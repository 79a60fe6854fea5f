// Every (state, event) pair of every machine against a table written by hand from the design, not from the
// source: a dash means that the event does nothing in that state.
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

#include "domain/connection.h"
#include "domain/handoff.h"
#include "domain/oauth_client.h"
#include "domain/people.h"
#include "domain/webhook.h"

namespace countersign::domain {
namespace {

constexpr std::array<std::string_view, 9> kHandoffEventWords{"open",    "claim",  "complete", "fail", "retry",
                                                             "decline", "cancel", "expire",   "lock"};
constexpr const char* kHandoffTable = R"(
state       open   claim      complete  fail   retry  decline  cancel    expire  lock
pending     opened -          -         -      -      declined cancelled expired locked
opened      -      completing -         -      -      declined cancelled expired locked
completing  -      -          completed failed opened -        -         -       -
completed   -      -          -         -      -      -        -         -       -
failed      -      -          -         -      -      -        -         -       -
declined    -      -          -         -      -      -        -         -       -
cancelled   -      -          -         -      -      -        -         -       -
expired     -      -          -         -      -      -        -         -       -
locked      -      -          -         -      -      -        -         -       -
)";

constexpr std::array<std::string_view, 5> kConnectionEventWords{"refresh", "settle", "reject", "reconnect", "revoke"};
constexpr const char* kConnectionTable = R"(
state        refresh    settle reject       reconnect revoke
active       refreshing -      -            -         revoked
refreshing   -          active needs_reauth -         revoked
needs_reauth -          -      -            active    revoked
revoked      -          -      -            -         -
)";

using Table = std::map<std::pair<std::string, std::string>, std::string>;

Table read_table(const char* text) {
  std::istringstream lines(text);
  std::string line;
  std::vector<std::string> events;
  Table table;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string state;
    if (!(words >> state)) continue;
    std::string word;
    if (events.empty()) {
      while (words >> word) events.push_back(word);
      continue;
    }
    for (const std::string& event : events) words >> table[{state, event}];
  }
  return table;
}

// Walks enums by their names, so that a state or event without a row in the table fails.
template <class State, class Event, class Edges, class StateNames, std::size_t N>
void expect_table(const Edges& edges, const StateNames& states, const std::array<std::string_view, N>& events,
                  const char* text) {
  const Table table = read_table(text);
  EXPECT_EQ(table.size(), states.names.size() * events.size());
  for (std::size_t s = 0; s < states.names.size(); ++s) {
    for (std::size_t e = 0; e < events.size(); ++e) {
      const auto to = next(edges, static_cast<State>(s), static_cast<Event>(e));
      const auto expected = table.find({std::string(states.names[s]), std::string(events[e])});
      ASSERT_NE(expected, table.end()) << states.names[s] << " on " << events[e];
      EXPECT_EQ(to ? states[*to] : "-", expected->second) << states.names[s] << " on " << events[e];
    }
  }
}

TEST(HandoffMachine, EveryStateAndEventGoesWhereTheTableSays) {
  expect_table<HandoffState, HandoffEvent>(kHandoffEdges, kHandoffStateNames, kHandoffEventWords, kHandoffTable);
}

TEST(ConnectionMachine, EveryStateAndEventGoesWhereTheTableSays) {
  expect_table<ConnectionState, ConnectionEvent>(kConnectionEdges, kConnectionStateNames, kConnectionEventWords,
                                                 kConnectionTable);
}

TEST(HandoffMachine, SettledMeansNoWayOutAndOpenMeansAPersonMayStillAct) {
  std::string settled;
  std::string open;
  for (std::size_t s = 0; s < kHandoffStateNames.names.size(); ++s) {
    const auto state = static_cast<HandoffState>(s);
    if (is_settled(state)) (settled += kHandoffStateNames[state]) += ' ';
    if (is_open(state)) (open += kHandoffStateNames[state]) += ' ';
  }
  EXPECT_EQ(settled, "completed failed declined cancelled expired locked ");
  EXPECT_EQ(open, "pending opened ");
}

// From every state and at both sides of the deadline.
TEST(HandoffMachine, ExpiredIsComputedFromTheDeadlineForOpenStatesAlone) {
  Handoff handoff;
  handoff.expires_at = Instant(std::chrono::milliseconds(1000));
  for (std::size_t s = 0; s < kHandoffStateNames.names.size(); ++s) {
    handoff.state = static_cast<HandoffState>(s);
    const bool open = handoff.state == kPending || handoff.state == kOpened;
    EXPECT_EQ(state_at(handoff, Instant(std::chrono::milliseconds(999))), handoff.state);
    EXPECT_EQ(state_at(handoff, Instant(std::chrono::milliseconds(1000))), open ? kExpired : handoff.state);
    EXPECT_EQ(state_at(handoff, Instant(std::chrono::milliseconds(9999))), open ? kExpired : handoff.state);
  }
}

// The names are stored and spoken over the wire: to rename or reorder one is a migration, not an edit.
template <class Enum, class EnumNames>
void expect_names(const EnumNames& names, std::initializer_list<std::pair<Enum, std::string_view>> expected) {
  EXPECT_EQ(names.names.size(), expected.size());
  for (const auto& [value, name] : expected) {
    EXPECT_EQ(names[value], name);
    EXPECT_EQ(names.parse(name), value);
  }
}

TEST(Names, EachEnumeratorHasItsOwn) {
  expect_names<HandoffKind>(kHandoffKindNames, {{HandoffKind::kLogin, "login"},
                                                {HandoffKind::kSecretForm, "secret_form"},
                                                {HandoffKind::kConfirm, "confirm"},
                                                {HandoffKind::kOAuth, "oauth"},
                                                {HandoffKind::kOAuthClient, "oauth_client"}});
  expect_names<ClientAuth>(kClientAuthNames, {{ClientAuth::kNone, "none"},
                                              {ClientAuth::kBasic, "client_secret_basic"},
                                              {ClientAuth::kPost, "client_secret_post"},
                                              {ClientAuth::kPrivateKeyJwt, "private_key_jwt"}});
  expect_names<OAuthGrant>(kOAuthGrantNames, {{OAuthGrant::kAuthorizationCode, "authorization_code"},
                                              {OAuthGrant::kClientCredentials, "client_credentials"}});
  expect_names<ClientOrigin>(kClientOriginNames, {{ClientOrigin::kManual, "manual"},
                                                  {ClientOrigin::kMetadataDocument, "client_id_metadata_document"},
                                                  {ClientOrigin::kDynamic, "dynamic_client_registration"}});
  expect_names<ClientChange>(
      kClientChangeNames,
      {{ClientChange::kEnter, "enter"}, {ClientChange::kRegister, "register"}, {ClientChange::kRemove, "remove"}});
  expect_names<DeliveryVerdict>(kDeliveryVerdictNames, {{DeliveryVerdict::kAccepted, "accepted"},
                                                        {DeliveryVerdict::kRepeated, "repeated"},
                                                        {DeliveryVerdict::kBadSignature, "bad_signature"},
                                                        {DeliveryVerdict::kStale, "stale"},
                                                        {DeliveryVerdict::kMalformed, "malformed"}});
  expect_names<ConfirmAction>(kConfirmActionNames, {{ConfirmAction::kNone, ""},
                                                    {ConfirmAction::kRemoveConnection, "connections.remove"},
                                                    {ConfirmAction::kCreateConnection, "connections.create"},
                                                    {ConfirmAction::kReplaceConnection, "connections.replace"}});
  expect_names<LinkPurpose>(kLinkPurposeNames, {{LinkPurpose::kSignIn, "sign_in"},
                                                {LinkPurpose::kInvitation, "invitation"},
                                                {LinkPurpose::kRecovery, "recovery"}});
  expect_names<Scope>(
      kScopeNames,
      {{Scope::kRead, "read"}, {Scope::kConnect, "connect"}, {Scope::kChange, "change"}, {Scope::kUse, "use"}});
  expect_names<Role>(kRoleNames, {{Role::kMember, "member"}, {Role::kApprover, "approver"}, {Role::kAdmin, "admin"}});
}

TEST(Names, EveryNameParsesBackAndNothingElseDoes) {
  for (std::size_t s = 0; s < kHandoffStateNames.names.size(); ++s) {
    EXPECT_EQ(kHandoffStateNames.parse(kHandoffStateNames.names[s]), static_cast<HandoffState>(s));
  }
  EXPECT_FALSE(kHandoffStateNames.parse("Pending"));
  EXPECT_FALSE(kHandoffStateNames.parse(""));
  EXPECT_FALSE(kConnectionStateNames.parse("active "));
}

}  // namespace
}  // namespace countersign::domain
