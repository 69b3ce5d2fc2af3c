#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/result.h"
#include "reconciler/rollout/writers.h"

namespace portolan::controller {

// Sets of policies that a source remembers to have accepted.
constexpr std::size_t kAcceptedSetsMax = 50;

// A set of policies that judged, or judges.
struct AcceptedSet {
  std::string commit;           // that brought it
  WallTime at{};                // when it was accepted first
  std::string by;               // actor, or "git" for the first set of a source
  reconciler::Writers writers;  // who had a part in what was accepted then
  bool left = false;            // it was rolled back from

  friend bool operator==(const AcceptedSet&, const AcceptedSet&) = default;
};

// The sets that a source accepted, in the order in which each was accepted first; one that judges
// again by a rollback keeps its place. A value.
class PolicyHistory {
 public:
  const std::vector<AcceptedSet>& sets() const { return sets_; }
  // A commit's set was accepted: at the end when it is new, else it is not left any more. The
  // oldest go beyond kAcceptedSetsMax.
  void Accept(AcceptedSet set);
  // Nothing for one that is not known.
  void Leave(std::string_view commit);

  // The one that `to`, a commit or its first 7 digits or more, names; the newest before `current`
  // that was not left when it is empty. Errors: kNotFound, naming those there are; kInvalid.
  Result<AcceptedSet> Find(std::string_view current, std::string_view to) const;
  // Who had a part in the sets accepted after that one: a commit on top of them brings them back.
  reconciler::Writers WritersAfter(std::string_view commit) const;

  // [{commit, at, by, authors, signers?, left?}].
  manifests::Value ToValue() const;
  // What cannot be read of it is left out.
  static PolicyHistory FromValue(const manifests::Value& value);

 private:
  std::vector<AcceptedSet>::const_iterator At(std::string_view commit) const;

  std::vector<AcceptedSet> sets_;
};

}  // namespace portolan::controller
