#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace portolan::mapcore {

// One operation on one key, as a thread saw it.
struct HistoryOperation {
  enum class Kind { kFind, kPut, kErase };

  Kind kind = Kind::kFind;
  std::int64_t begun = 0;  // of a clock that all threads share
  std::int64_t ended = 0;
  std::optional<int> value = {};  // put, or found
  bool was_there = false;         // as Put and Erase answered
};

// Whether the operations on one key, at most 64, could have happened one after the other, each at
// some instant between its beginning and its end, on a key that is absent at first (Wing and Gong,
// "Testing and Verifying Concurrent Objects", 1993; configurations seen are not tried again, after
// Lowe, "Testing for linearizability", 2017). A history of many keys is linearizable when each
// key's is (Herlihy and Wing's locality).
class HistoryChecker {
 public:
  explicit HistoryChecker(const std::vector<HistoryOperation>& operations)
      : operations_(operations) {}

  bool Linearizable() { return Search(0, std::nullopt); }

 private:
  using State = std::optional<int>;

  // Operations in `done` happened and left `state`.
  bool Search(std::uint64_t done, State state) {
    if (std::popcount(done) == static_cast<int>(operations_.size())) return true;
    if (!seen_.insert({done, state}).second) return false;
    // Next may be what began before any of the rest had ended.
    std::int64_t first_end = INT64_MAX;
    for (std::size_t i = 0; i < operations_.size(); ++i)
      if ((done >> i & 1) == 0) first_end = std::min(first_end, operations_[i].ended);
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const HistoryOperation& next = operations_[i];
      if ((done >> i & 1) != 0 || next.begun > first_end) continue;
      State after = state;
      if (Apply(next, after) && Search(done | std::uint64_t{1} << i, after)) return true;
    }
    return false;
  }

  // False when the operation cannot have answered what it did.
  static bool Apply(const HistoryOperation& operation, State& state) {
    switch (operation.kind) {
      case HistoryOperation::Kind::kFind:
        return operation.value == state;
      case HistoryOperation::Kind::kPut:
        if (operation.was_there != state.has_value()) return false;
        state = operation.value;
        return true;
      case HistoryOperation::Kind::kErase:
        if (operation.was_there != state.has_value()) return false;
        state.reset();
        return true;
    }
    return false;
  }

  const std::vector<HistoryOperation>& operations_;
  std::set<std::pair<std::uint64_t, State>> seen_;
};

}  // namespace portolan::mapcore
