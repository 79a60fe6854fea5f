// The one shape of every state machine here: an enum, an edge table, a diagram above the enum. Pure.
//
// next() is total: nothing means "this event does nothing in this state", which the caller turns into a
// conflict. tests/domain walks every (state, event) pair of every machine against its table.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace countersign::domain {

template <class State, class Event>
struct Edge {
  State from;
  Event on;
  State to;
};

template <class State, class Event, std::size_t N>
constexpr std::optional<State> next(const std::array<Edge<State, Event>, N>& edges, State from, Event on) {
  for (const auto& edge : edges) {
    if (edge.from == from && edge.on == on) return edge.to;
  }
  return std::nullopt;
}

template <class State, class Event, std::size_t N>
constexpr bool is_final(const std::array<Edge<State, Event>, N>& edges, State state) {
  return std::none_of(edges.begin(), edges.end(), [&](const auto& edge) { return edge.from == state; });
}

// The stored name of each enumerator, in the enum's order; also what the schema's CHECK lists.
template <class Enum, std::size_t N>
struct Names {
  std::array<std::string_view, N> names;

  constexpr std::string_view operator[](Enum value) const { return names[static_cast<std::size_t>(value)]; }
  constexpr std::optional<Enum> parse(std::string_view text) const {
    for (std::size_t i = 0; i < N; ++i) {
      if (names[i] == text) return static_cast<Enum>(i);
    }
    return std::nullopt;
  }
};

}  // namespace countersign::domain
