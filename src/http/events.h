// One event of an event stream (HTML standard, section 9.2), as bytes. Pure.
//
// Data cannot forge a field or a second event, whatever stands in it (abuse case 65): each of its lines
// becomes a data line of its own. The reader gets it back with every line end as LF.
#pragma once

#include <string>
#include <string_view>

namespace countersign::http {

// `id` comes back as Last-Event-ID when the browser reconnects: visible ASCII, at most 128 characters, or empty
// for none. `event` is a name of ours: letters, digits, '-', '_' and '.', or empty for "message". Throws Error
// kInternal `bad_event` when either is not: the caller put in what belongs into `data`.
std::string event_text(std::string_view id, std::string_view event, std::string_view data);

}  // namespace countersign::http
