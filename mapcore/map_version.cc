#include "mapcore/map_version.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "mapcore/entry_limits.h"
#include "mapcore/sorted_runs.h"
#include "mapcore/version_line.h"

namespace portolan::mapcore {
namespace {

constexpr std::string_view kVersionMagic("portolan.map.v1\0", 16);
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kHashChunkBytes = 1 << 16;  // the hash is fed in pieces that stay in cache

void AppendLength(std::string& out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift & 0xff);
}

void AppendRecord(std::string& out, const hmap::Record& record) {
  AppendLength(out, record.key().size());
  out += record.key();
  AppendLength(out, record.value().size());
  out += record.value();
}

// The entries in order with the changes in effect, which ascend by key.
std::vector<KeyValue> Merged(const SortedRuns& order, std::span<const KeyChange> changes) {
  std::vector<KeyValue> pairs;
  pairs.reserve(order.size() + changes.size());
  auto change = changes.begin();
  const auto add_change = [&] {
    if (change->value) pairs.push_back({change->key, *change->value});
    ++change;
  };
  for (const SortedRuns::RunPtr& run : order.runs()) {
    for (const hmap::Record* record : *run) {
      while (change != changes.end() && change->key < record->key()) add_change();
      if (change != changes.end() && change->key == record->key())
        add_change();
      else
        pairs.push_back({record->key(), record->value()});
    }
  }
  while (change != changes.end()) add_change();
  return pairs;
}

Digest DigestOf(const SortedRuns& records) {
  Sha256 hash;
  std::string chunk(kVersionMagic);
  for (const SortedRuns::RunPtr& run : records.runs()) {
    for (const hmap::Record* record : *run) {
      AppendRecord(chunk, *record);
      if (chunk.size() < kHashChunkBytes) continue;
      hash.Update(chunk);
      chunk.clear();
    }
  }
  hash.Update(chunk);
  return hash.Finish();
}

Status CheckKey(const std::string& key) {
  return mapcore::CheckKey(key, kKeyBytesMax);
}

Status CheckValue(const std::string& key, const std::string& value) {
  return mapcore::CheckValue(key, value, kValueBytesMax);
}

Error NamedTwice(std::string_view key) {
  return {ErrorCode::kInvalid,
          "key \"" + std::string(key) + "\" is named twice; expected each key once"};
}

Error Corrupt(std::size_t offset, std::string_view problem) {
  return {ErrorCode::kCorrupt,
          "stored map: byte " + std::to_string(offset) + ": " + std::string(problem)};
}

// Takes length-prefixed strings off the front of the stored form.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t offset() const { return offset_; }
  bool done() const { return offset_ == bytes_.size(); }

  bool ReadMagic() {
    offset_ = kVersionMagic.size();
    return bytes_.starts_with(kVersionMagic);
  }

  Result<std::string_view> ReadString(std::size_t min, std::size_t max) {
    if (bytes_.size() - offset_ < kLengthBytes) return Corrupt(offset_, "a length is cut short");
    std::size_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i)
      length = length << 8 | static_cast<std::uint8_t>(bytes_[offset_ + i]);
    if (length < min || length > max)
      return Corrupt(offset_, "a length of " + std::to_string(length) + " is outside its limits");
    offset_ += kLengthBytes;
    if (bytes_.size() - offset_ < length) return Corrupt(offset_, "an entry is cut short");
    const std::string_view text = bytes_.substr(offset_, length);
    offset_ += length;
    return text;
  }

 private:
  std::string_view bytes_;
  std::size_t offset_ = 0;
};

}  // namespace

struct MapVersion::Rep {
  LineVersion entries;
  SortedRuns order;  // of the records of `entries`
  Digest digest;

  static VersionPtr Of(LineVersion entries, SortedRuns order) {
    auto rep = std::make_unique<Rep>(Rep{std::move(entries), std::move(order), {}});
    rep->digest = DigestOf(rep->order);
    return VersionPtr(new MapVersion(std::move(rep)));
  }

  // `pairs` ascend strictly by key.
  static Result<VersionPtr> OfSorted(std::span<const KeyValue> pairs) {
    SortedRuns::Run records;
    records.reserve(pairs.size());
    PORTOLAN_TRY(LineVersion entries, LineVersion::Begin(pairs, records));
    return Of(std::move(entries), SortedRuns(std::move(records)));
  }
};

MapVersion::MapVersion(std::unique_ptr<const Rep> rep) : rep_(std::move(rep)) {}
MapVersion::~MapVersion() = default;

VersionPtr MapVersion::Empty() {
  return Rep::Of({}, {});
}

Result<VersionPtr> MapVersion::FromEntries(std::vector<Entry> entries) {
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_key))
    std::sort(entries.begin(), entries.end(), by_key);
  std::vector<KeyValue> pairs;
  pairs.reserve(entries.size());
  for (const Entry& entry : entries) {
    PORTOLAN_CHECK(CheckKey(entry.key));
    PORTOLAN_CHECK(CheckValue(entry.key, entry.value));
    if (!pairs.empty() && pairs.back().key == entry.key) return NamedTwice(entry.key);
    pairs.push_back({entry.key, entry.value});
  }
  return Rep::OfSorted(pairs);
}

Result<VersionPtr> MapVersion::Deserialize(std::string_view bytes) {
  Reader reader(bytes);
  if (!reader.ReadMagic()) return Corrupt(0, "expected \"portolan.map.v1\" and a zero byte");
  std::vector<KeyValue> pairs;
  while (!reader.done()) {
    const std::size_t at = reader.offset();
    PORTOLAN_TRY(const std::string_view key, reader.ReadString(1, kKeyBytesMax));
    if (!pairs.empty() && key <= pairs.back().key)
      return Corrupt(at, "keys are not in ascending byte order");
    PORTOLAN_TRY(const std::string_view value, reader.ReadString(0, kValueBytesMax));
    pairs.push_back({key, value});
  }
  return Rep::OfSorted(pairs);
}

Result<VersionPtr> MapVersion::Apply(std::span<const Change> changes) const {
  std::vector<const Change*> sorted;
  sorted.reserve(changes.size());
  for (const Change& change : changes) {
    PORTOLAN_CHECK(CheckKey(change.key));
    if (change.value) PORTOLAN_CHECK(CheckValue(change.key, *change.value));
    sorted.push_back(&change);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Change* a, const Change* b) { return a->key < b->key; });

  std::vector<KeyChange> edits;
  edits.reserve(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Change& change = *sorted[i];
    if (i > 0 && sorted[i - 1]->key == change.key) return NamedTwice(change.key);
    if (change.value == Find(change.key)) continue;
    edits.push_back({change.key, change.value});
  }
  if (edits.empty()) return VersionPtr(new MapVersion(std::make_unique<Rep>(*rep_)));

  std::vector<Edit> ordered;
  ordered.reserve(edits.size());
  Result<LineVersion> next = rep_->entries.Apply(edits, ordered);
  if (next.ok()) return Rep::Of(std::move(*next), rep_->order.Edited(ordered));
  if (next.error().code != ErrorCode::kExhausted) return std::move(next).error();
  return Rep::OfSorted(Merged(rep_->order, edits));  // a line of its own, with more room
}

std::optional<std::string_view> MapVersion::Find(std::string_view key) const {
  return rep_->entries.Find(key);
}

std::optional<HmapDebug> MapVersion::debug() const {
  return rep_->entries.debug();
}

std::size_t MapVersion::size() const {
  return rep_->order.size();
}

Status MapVersion::Verify() const {
  if (DigestOf(rep_->order) == rep_->digest) return {};
  return Error{ErrorCode::kCorrupt, "the entries of version " + rep_->digest.Short() +
                                        " are not those that its digest was computed of"};
}

const Digest& MapVersion::digest() const {
  return rep_->digest;
}

void MapVersion::ForEach(
    const std::function<void(std::string_view, std::string_view)>& visit) const {
  for (const SortedRuns::RunPtr& run : rep_->order.runs())
    for (const hmap::Record* record : *run) visit(record->key(), record->value());
}

std::string MapVersion::Serialize() const {
  std::string bytes(kVersionMagic);
  for (const SortedRuns::RunPtr& run : rep_->order.runs())
    for (const hmap::Record* record : *run) AppendRecord(bytes, *record);
  return bytes;
}

std::vector<Difference> Diff(const MapVersion& before, const MapVersion& after) {
  std::vector<Difference> differences;
  const auto add = [&](const hmap::Record* a, const hmap::Record* b) {
    Difference difference{(a != nullptr ? a : b)->key(), std::nullopt, std::nullopt};
    if (a != nullptr) difference.before = a->value();
    if (b != nullptr) difference.after = b->value();
    differences.push_back(difference);
    return true;
  };
  if (const auto changes = DiffOfOneLine(before.rep_->entries, after.rep_->entries)) {
    for (const hmap::RecordChange& change : changes->changes) add(change.before, change.after);
    std::sort(differences.begin(), differences.end(),
              [](const Difference& a, const Difference& b) { return a.key < b.key; });
  } else {
    VisitDifferences(before.rep_->order, after.rep_->order, add);
  }
  return differences;
}

std::size_t CountDifferences(const MapVersion& before, const MapVersion& after,
                             std::size_t at_most) {
  if (at_most == 0) return 0;
  // In the order of keys, though versions of one line could be compared by their tables: that
  // cannot stop early, and costs more from some 30,000 differences on.
  std::size_t count = 0;
  VisitDifferences(before.rep_->order, after.rep_->order,
                   [&](const auto*, const auto*) { return ++count < at_most; });
  return count;
}

}  // namespace portolan::mapcore
