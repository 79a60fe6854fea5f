#include "domain/acting.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/records.h"

namespace countersign::domain {
namespace {

using support::kNow;

Acting acting(Role role = Role::kMember) { return {support::kWorkspace, PersonId(31), role, kNow}; }

// The reason of what `demand` throws; empty when it throws nothing.
template <class Demand>
std::string reason_of(Demand&& demand) {
  try {
    demand();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kPermissionDenied);
    return std::string(e.reason());
  }
  return {};
}

TEST(Acting, AProofIsGoodForFiveMinutesAndNotAMomentLonger) {
  const auto reason_at = [](Instant now) { return reason_of([&] { require_fresh(acting(), now); }); };
  constexpr std::chrono::milliseconds kMoment{1};
  EXPECT_EQ(kFreshFor, std::chrono::minutes(5));
  EXPECT_EQ(reason_at(kNow), "");
  EXPECT_EQ(reason_at(kNow + kFreshFor - kMoment), "");
  EXPECT_EQ(reason_at(kNow + kFreshFor), "step_up_needed");
  EXPECT_EQ(reason_at(kNow + kFreshFor + kMoment), "step_up_needed");
  EXPECT_TRUE(is_fresh(acting(), kNow + kFreshFor - kMoment));
  EXPECT_FALSE(is_fresh(acting(), kNow + kFreshFor));
}

TEST(Acting, WhoNeverProvedThemselvesIsNotFresh) {
  Acting never = acting();
  never.verified_at = Instant();
  EXPECT_FALSE(is_fresh(never, kNow));
}

TEST(Acting, ARoleIncludesThoseBeforeIt) {
  constexpr std::array kRoles{Role::kMember, Role::kApprover, Role::kAdmin};
  for (const Role has : kRoles) {
    for (const Role needed : kRoles) {
      const std::string reason = reason_of([&] { require_role(acting(has), needed); });
      EXPECT_EQ(reason, has < needed ? "role_needed" : "") << kRoleNames[has] << " for " << kRoleNames[needed];
    }
  }
}

}  // namespace
}  // namespace countersign::domain
