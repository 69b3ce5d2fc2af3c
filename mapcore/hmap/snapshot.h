#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "mapcore/hmap/digest.h"
#include "mapcore/hmap/lineage.h"
#include "mapcore/hmap/record_stream.h"

namespace portolan::mapcore {

class Hmap;

namespace hmap {

// Calls visit(const Record&) for every entry of contents that nobody changes meanwhile, in no order
// that means anything.
template <typename Visit>
void ForEachRecord(const Lineage& lineage, const Contents& contents, const Visit& visit) {
  RecordStream<Visit> stream(lineage.base(), contents.pages, visit);
  for (const Top* top = contents.top; top != nullptr; top = top->old)
    ForEachPage(*top, [&](const Page& page, std::uint32_t, std::uint64_t) { stream.Add(page); });
  stream.End();
}

}  // namespace hmap

// A map at one moment, immutable: a handle of two words, copied with one locked instruction and
// taken with none. Lookups cost what they cost in the map.
//
// Copies may be read and released on any thread, in any order, beside the writer of the map; one
// handle is one thread's at a time. What only the last handle kept is freed by the writer's next
// snapshot, or by Hmap::Collect().
class Snapshot {
 public:
  Snapshot() = default;
  Snapshot(const Snapshot& other) : Snapshot(other.lineage_, other.state_) {
    if (state_ != nullptr) hmap::Lineage::Hold(*state_);
  }
  Snapshot(Snapshot&& other) noexcept
      : lineage_(other.lineage_), state_(std::exchange(other.state_, nullptr)) {}
  Snapshot& operator=(Snapshot other) noexcept {
    std::swap(lineage_, other.lineage_);
    std::swap(state_, other.state_);
    return *this;
  }
  ~Snapshot() {
    if (state_ != nullptr) lineage_->LetGo(*state_);
  }

  explicit operator bool() const { return state_ != nullptr; }
  std::optional<std::string_view> Find(std::string_view key) const {
    const hmap::Record* record = FindRecord(key);
    if (record == nullptr) return std::nullopt;
    return record->value();
  }
  const hmap::Record* FindRecord(std::string_view key) const {
    return hmap::FindRecord(contents().top, key, lineage_->base());
  }
  std::uint64_t size() const { return contents().size; }
  std::uint64_t version() const { return state_->user_version; }
  // Unlike version(), given by the lineage, and different for every snapshot of it and its forks.
  std::uint32_t lineage_version() const { return state_->version; }
  std::int64_t timestamp_ms() const { return state_->timestamp_ms; }
  // Hmap::digest() of that moment.
  std::uint64_t digest() const { return hmap::DigestOf(*lineage_, *state_); }

  // Calls visit(const Record&) for every entry, in no order that means anything.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    hmap::ForEachRecord(*lineage_, contents(), visit);
  }

  const hmap::Contents& contents() const { return state_->contents; }
  const hmap::Lineage& lineage() const { return *lineage_; }

 private:
  friend class Hmap;
  Snapshot(hmap::Lineage* lineage, hmap::SnapshotState* state) : lineage_(lineage), state_(state) {}

  hmap::Lineage* lineage_ = nullptr;
  hmap::SnapshotState* state_ = nullptr;
};

}  // namespace portolan::mapcore
