// Moments in words, for pages: relative first, because the server does not know the reader's time zone,
// with the clock time in UTC behind it. Pure.
#pragma once

#include <string>

#include "base/clock.h"

namespace countersign::web {

// "just now", "3 minutes ago (14:22 UTC)", "18 Nov 2026, 14:22 UTC" beyond a day.
std::string ago(Instant then, Instant now);
// "in 7 minutes (14:32 UTC)", "in less than a minute (14:32 UTC)", "now" when it has passed.
std::string until(Instant then, Instant now);
// "18 Nov 2026, 14:22 UTC"
std::string date_and_time(Instant then);

}  // namespace countersign::web
