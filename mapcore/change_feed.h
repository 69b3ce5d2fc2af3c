#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"
#include "mapcore/map_version.h"

namespace portolan::mapcore {

// What somebody who mirrors a map holds: a version, what was laid over it, and which values were
// hidden from them. As text "sha256:…", with an overlay "+" and the first 12 digits of its digest
// behind that, with masks "~" and the first 12 digits of theirs.
struct FeedPlace {
  Digest version;
  std::string overlay = {};  // empty: none
  std::string masks = {};    // empty: none

  // Errors: kInvalid.
  static Result<FeedPlace> Parse(std::string_view text);
  std::string ToString() const;
  // Of the globs of the keys whose values are hidden.
  static std::string MasksOf(const std::vector<std::string>& globs);
  friend bool operator==(const FeedPlace&, const FeedPlace&) = default;
};

// Tells a mirror of a map what it has to change to hold what is served. There is no log that could
// end too early or disagree with the map: what changed is the difference of two versions, whichever
// way led from one to the other, forward or back. A mirror whose version nobody remembers, that
// holds overlaid entries of before, or that sees other values than it saw, is told everything.
//
// Refers to both of what it is made of. Thread-safe.
class ChangeFeed {
 public:
  // No value: the mirror erases the key.
  using Visit = std::function<void(std::string_view key, std::optional<std::string_view> value)>;
  enum class Extent {
    kNothing,  // it holds what is served
    kChanges,  // it makes them
    kWhole,    // it forgets what it holds first
  };

  // `overlay` hides entries of the version; null without one. `masks` stands for the values that
  // whoever visits hides from the mirror: FeedPlace::MasksOf.
  ChangeFeed(const MapVersion& version, const MapVersion* overlay, std::string masks = {})
      : version_(version), overlay_(overlay), masks_(std::move(masks)) {}

  // Where a mirror is that made all changes.
  FeedPlace now() const;
  // Visits each key of which the mirror at `place` has something else, once, in no order that means
  // anything. `held` is the version that `place` names, or null when it is not to be had.
  // O(differences) where the versions share memory, else O(entries).
  Extent Since(const FeedPlace& place, const MapVersion* held, const Visit& visit) const;

 private:
  const MapVersion& version_;
  const MapVersion* const overlay_;
  const std::string masks_;
};

}  // namespace portolan::mapcore
