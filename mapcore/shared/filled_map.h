#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {

// Where the entries of a map come from: a file, a service, a database. Thread-safe.
class EntrySource {
 public:
  using Visit = std::function<Status(std::string_view key, std::string_view value)>;
  virtual ~EntrySource() = default;
  // One key's value; nothing when the source has no such key.
  virtual Result<std::optional<std::string>> Load(std::string_view key) = 0;
  // Calls visit for every entry of part `part` of `parts`; every entry is in exactly one part, and
  // which is the source's choice. Ends with the first error of visit.
  virtual Status Read(std::uint32_t part, std::uint32_t parts, const Visit& visit) = 0;
};

// Runs tasks some time, on whatever threads its owner has. mapcore starts none.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Run(std::function<void()> task) = 0;
};

struct FillProgress {
  std::uint32_t parts = 0;
  std::uint32_t read = 0;     // parts that are in the map whole
  std::uint32_t failed = 0;   // parts that ended with an error; their keys are loaded one by one
  std::uint64_t entries = 0;  // that came from the source so far
  std::string error = {};     // the last
  bool complete() const { return parts > 0 && read == parts; }
};

// A map that takes its entries from a source while it is already in use. A lookup of a key that is
// not there yet asks the source and keeps the answer, so nothing is ever missed that the source
// has; it is slower, that is all. Once all parts are read the source is asked no more.
//
// What is written to the map wins over what the source has: a key that was put is not overwritten
// by the fill, one that was erased does not come back. Writes are not sent to the source; whether a
// key was new, or there, is said of the map, not of the source.
//
// Until then an erase asks the source too, and the map remembers the key if the source has it, so
// that it does not come back: as many keys as the source has at most, and those that were erased
// while it failed to answer. It is taken to go on having what it has, and no more: a key that it
// gets after it was asked may appear. Where it has more than Preload read, that is for good.
//
// A lookup is Found::kUnavailable when the source failed to answer.
class FilledMap : public SharedMap {
 public:
  FilledMap(std::unique_ptr<SharedMap> map, std::shared_ptr<EntrySource> source);
  ~FilledMap() override;

  // Reads from the source now, up to `entries_max`; the rest comes as it is looked up. Errors: the
  // source's; what was read stays.
  Status Preload(std::uint64_t entries_max);
  // Has `executor` read the source in `parts` parts. Tasks that have not begun when the map ends do
  // nothing. Once, and not after Preload.
  void FillWith(Executor& executor, std::uint32_t parts);
  FillProgress progress() const;

  std::unique_ptr<MapSession> Open() override;
  std::uint64_t size() const override;
  std::string_view name() const override { return "filled"; }
  hmap::Lineage::Waiting waiting() const override { return behind().waiting(); }
  bool barrier_lost() const override { return behind().barrier_lost(); }
  const SharedMap& behind() const;
  // Erased keys that are remembered; none once the fill is complete.
  std::uint64_t remembered() const;

 private:
  class Session;
  struct State;
  const std::shared_ptr<State> state_;  // the tasks' too
};

}  // namespace portolan::mapcore
