#include "mcp/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace countersign::mcp {
namespace {

TEST(Protocol, ServesExactlyTheRevisionsItAdvertises) {
  ASSERT_EQ(kRevisions.size(), 2u);
  EXPECT_EQ(name(kRevisions[0]), "2025-06-18");
  EXPECT_EQ(name(kRevisions[1]), "2025-11-25");
  EXPECT_EQ(kLatest, Revision::k20251125);
  for (const Revision revision : kRevisions) EXPECT_EQ(parse_revision(name(revision)), revision);
}

TEST(Protocol, NegotiationKeepsASupportedRevisionAndElseOffersTheLatest) {
  EXPECT_EQ(negotiate("2025-06-18"), Revision::k20250618);
  EXPECT_EQ(negotiate("2025-11-25"), Revision::k20251125);
  for (const char* other : {"2024-11-05", "2025-03-26", "2026-07-28", "1900-01-01", "", "2025-06-18 ", "latest"}) {
    EXPECT_EQ(negotiate(other), kLatest) << other;
  }
}

TEST(Protocol, HeaderSelectsTheRevision) {
  EXPECT_EQ(std::get<Revision>(revision_of_header("2025-06-18")), Revision::k20250618);
  EXPECT_EQ(std::get<Revision>(revision_of_header("2025-11-25")), Revision::k20251125);
}

TEST(Protocol, AbsentHeaderCountsAsTheOldestRevision) {
  EXPECT_EQ(std::get<Revision>(revision_of_header(std::nullopt)), kRevisions.front());
}

TEST(Protocol, UnknownHeaderIsRefusedWithWhatIsSupported) {
  for (const char* other : {"2025-03-26", "2026-07-28", "", "2025-11-25,2025-11-25", "x"}) {
    const auto outcome = revision_of_header(other);
    const auto* fault = std::get_if<Fault>(&outcome);
    ASSERT_NE(fault, nullptr) << other;
    EXPECT_EQ(fault->code, RpcCode::kInvalidRequest);
    EXPECT_EQ(fault->data->at("supported"), Json::array({"2025-06-18", "2025-11-25"}));
  }
}

TEST(Protocol, LongHeaderIsNotEchoedWhole) {
  const auto outcome = revision_of_header(std::string(5000, 'v'));
  EXPECT_LT(std::get<Fault>(outcome).message.size(), 150u);
}

}  // namespace
}  // namespace countersign::mcp
