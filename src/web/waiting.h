// What waits for a person, as the bar and the event stream tell it: how many, and a digest by which a page
// knows that its list is old. Reads the store.
#pragma once

#include <cstddef>
#include <string>

#include "domain/acting.h"
#include "handoff/handoffs.h"

namespace countersign::web {

struct Waiting {
  std::size_t count = 0;
  std::string digest;  // changes with the list and with the state of anything in it
};
Waiting waiting_for(const handoff::Handoffs& handoffs, const domain::Acting& acting);
// {"count":2,"digest":"…"}, on one line.
std::string json_of(const Waiting& waiting);

}  // namespace countersign::web
