#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"
#include "mapcore/hmap.h"
#include "mapcore/hmap/diff.h"
#include "mapcore/small_entries.h"
#include "mapcore/sorted_runs.h"

namespace portolan::mapcore {

// No value erases the key.
struct KeyChange {
  std::string_view key;
  std::optional<std::string_view> value;
};

// A hash map from which a succession of versions is taken; whoever holds its mutex, which its forks
// share, is the one writer.
class VersionLine;

// The entries of one version: a snapshot, and the line it belongs to; or, of a version that is
// small, the entries themselves and no line. Thread-safe: finding takes no lock, and letting go
// frees at once what only this version kept, or leaves it to the thread that is writing.
// Default-constructed it is the empty version, which has no line either.
class LineVersion {
 public:
  LineVersion() = default;
  LineVersion(const LineVersion&) = default;
  LineVersion(LineVersion&&) = default;
  LineVersion& operator=(const LineVersion&) = delete;
  ~LineVersion();

  // A first version of `pairs`, keys distinct, in a line of its own; their records go to `records`
  // in the same order. A small one (SmallEntries::Fit) has no line. Errors: kExhausted.
  static Result<LineVersion> Begin(std::span<const KeyValue> pairs, SortedRuns::Run& records);

  std::optional<std::string_view> Find(std::string_view key) const {
    return snapshot_ ? snapshot_.Find(key) : small_ ? small_->Find(key) : std::nullopt;
  }
  // The version after `changes`, which ascend by key and each change something; `ordered` gets what
  // became of each, and the records of other keys that were moved in memory: what the version's
  // order has to follow. Time and memory follow the changes. From the line's newest version the
  // line goes on; from another it forks, sharing all the same. Errors: kExhausted when there is no
  // line, or its memory is full or mostly waste: begin another.
  Result<LineVersion> Apply(std::span<const KeyChange> changes, std::vector<Edit>& ordered) const;

  // Of the hash map that holds it, at this version; nothing where it is small or empty.
  std::optional<HmapDebug> debug() const;
  // Of memory in use by this version; a line's counts once for each of its versions.
  std::size_t bytes() const;

 private:
  friend std::optional<hmap::DiffResult> DiffOfOneLine(const LineVersion&, const LineVersion&);
  LineVersion(std::shared_ptr<VersionLine> line, Snapshot snapshot);
  Result<LineVersion> ApplyLocked(std::span<const KeyChange> changes,
                                  std::vector<Edit>& ordered) const;

  std::shared_ptr<VersionLine> line_;
  Snapshot snapshot_;
  std::shared_ptr<const SmallEntries> small_;
};

// The changes between two versions of one map, or nothing when they do not come of one.
std::optional<hmap::DiffResult> DiffOfOneLine(const LineVersion& before, const LineVersion& after);

}  // namespace portolan::mapcore
