// Entry of libFuzzer: the bytes are operations on a hash map, its snapshots and a fork, which are
// compared with plain maps. The first byte chooses how strong the hash is. See CONTRIBUTING.md.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mapcore/hmap.h"
#include "mapcore/hmap/diff.h"
#include "mapcore/hmap/iterator.h"

namespace portolan::mapcore {
namespace {

using Model = std::unordered_map<std::string, std::string>;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::uint64_t ConstantHash(std::string_view, std::uint64_t) {
  return 42;
}
std::uint64_t OneBitHash(std::string_view key, std::uint64_t seed) {
  return (hmap::HashBytes(key, seed) & 1) << 63;
}
std::uint64_t FewBitsHash(std::string_view key, std::uint64_t seed) {
  return hmap::HashBytes(key, seed) & 0xf0f0'0000'0000'0033;
}
constexpr hmap::HashFunction kHashes[] = {nullptr, ConstantHash, OneBitHash, FewBitsHash};

struct Frozen {
  Snapshot snapshot;
  Model model;
};

class Run {
 public:
  Run(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}

  void Play() {
    HmapOptions options;
    options.seed = 1;
    options.hash = kHashes[Byte() % 4];
    options.memory = {.reserve_bytes = 64 << 20,
                      .limit_bytes = std::uint64_t{1} << (18 + Byte() % 8)};
    map_.emplace(Hmap::Create(options).value());
    while (at_ != end_) Step();
    Check();
  }

 private:
  std::uint8_t Byte() { return at_ == end_ ? 0 : *at_++; }
  std::string Key() { return "k" + std::to_string(Byte() | (Byte() & 3) << 8); }

  void Step() {
    const std::uint8_t operation = Byte() % 24;
    if (operation < 6) {
      const std::string key = Key();
      const std::string value(Byte(), static_cast<char>(operation));
      const auto put = map_->Put(key, value);
      if (!put.ok()) return Require(map_->Find(key) == FindIn(model_, key), "a failed put");
      Require(*put == !model_.contains(key), "what put says");
      model_[key] = value;
    } else if (operation < 10) {
      const std::string key = Key();
      const auto erased = map_->Erase(key);
      if (erased.ok()) Require(*erased == (model_.erase(key) == 1), "what erase says");
    } else if (operation == 10) {
      if (frozen_.size() == 8) frozen_.erase(frozen_.begin());
      auto snapshot = map_->TakeSnapshot(1, 0);
      if (snapshot.ok()) frozen_.push_back({std::move(*snapshot), model_});
    } else if (operation == 11 && !frozen_.empty()) {
      frozen_.erase(frozen_.begin() + Byte() % static_cast<std::ptrdiff_t>(frozen_.size()));
    } else if (operation == 12) {
      (void)map_->StartReseed();
    } else if (operation == 13) {
      (void)map_->AbandonReseed();
    } else if (operation == 14 && !frozen_.empty()) {
      GoBackTo(frozen_[Byte() % frozen_.size()]);
    } else if (operation == 15) {
      if (Byte() % 8 == 0) Check();
    } else if (operation >= 16) {
      StepOfMany(operation);
    }
    Require(map_->size() == model_.size(), "the size");
  }

  // What looks at, or moves, more than one entry.
  void StepOfMany(std::uint8_t operation) {
    if (operation == 16) {
      FindMany();
    } else if (operation == 17) {
      Scan();
    } else if (operation == 18) {
      if (Byte() % 4 == 0 && map_->Clear().ok()) model_.clear();
    } else if (operation == 19) {
      (void)map_->Reserve(Byte() * 20);
    } else if (operation == 20) {
      (void)map_->StartCompaction();
    } else if (operation == 21) {
      for (int i = Byte() % 16; i > 0; --i) (void)map_->ContinueCompaction();
    } else if (operation == 22) {
      if (Byte() % 4 == 0) map_->AbandonCompaction();
    } else {
      (void)map_->digest();
    }
  }

  void FindMany() {
    std::vector<std::string> keys(Byte() % 40);
    for (std::string& key : keys) key = Key();
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<std::optional<std::string_view>> values(keys.size());
    map_->FindMany(views, values);
    for (std::size_t i = 0; i < keys.size(); ++i)
      Require(values[i] == FindIn(model_, keys[i]), "one of many values");
  }

  // An iteration that erases and puts: nothing twice, nothing that is gone, all that stayed.
  void Scan() {
    Model stayed = model_;
    HmapIterator iterator(*map_);
    Model seen;
    while (const auto item = iterator.Next()) {
      const std::string key(item->key);
      Require(FindIn(model_, key) == item->value, "what an iteration returns");
      Require(seen.emplace(key, item->value).second, "an entry returned once");
      const std::uint8_t roll = Byte();
      if (roll % 8 != 1) continue;
      const std::string other = Key();
      stayed.erase(other);
      if (roll < 128) {
        const auto erased = map_->Erase(other);
        if (erased.ok()) model_.erase(other);
        // Put again it is another entry, which in a relocation comes to lie in the other table.
        if (erased.ok() && map_->debug().oldbuckets != 0) seen.erase(other);
      } else if (map_->Put(other, "scanned").ok()) {
        model_[other] = "scanned";
      }
    }
    for (const auto& [key, value] : stayed)
      Require(FindIn(seen, key) == value, "an entry that stayed is returned");
  }

  void GoBackTo(const Frozen& frozen) {
    auto fork = map_->Fork(frozen.snapshot);
    if (!fork.ok()) return;
    map_->Promote(std::move(*fork));
    model_ = frozen.model;
  }

  static std::optional<std::string_view> FindIn(const Model& model, const std::string& key) {
    const auto found = model.find(key);
    if (found == model.end()) return std::nullopt;
    return found->second;
  }

  void Check() {
    map_->Collect();
    for (const auto& [key, value] : model_) Require(map_->Find(key) == value, "a value");
    for (const Frozen& frozen : frozen_) {
      Require(frozen.snapshot.size() == frozen.model.size(), "a snapshot's size");
      for (const auto& [key, value] : frozen.model)
        Require(frozen.snapshot.Find(key) == value, "a snapshot's value");
    }
    if (frozen_.size() > 1) CheckDiff(frozen_.front(), frozen_.back());
    const Status sound = map_->lineage().Validate();
    Require(sound.ok(), sound.ok() ? "" : sound.error().message.c_str());
  }

  static void CheckDiff(const Frozen& a, const Frozen& b) {
    Model applied = a.model;
    for (const hmap::RecordChange& change : hmap::Diff(a.snapshot, b.snapshot).changes) {
      if (change.after != nullptr)
        applied[std::string(change.after->key())] = change.after->value();
      else
        applied.erase(std::string(change.before->key()));
    }
    Require(applied == b.model, "the difference of two snapshots");
  }

  const std::uint8_t* at_;
  const std::uint8_t* const end_;
  std::optional<Hmap> map_;
  Model model_;
  std::vector<Frozen> frozen_;
};

}  // namespace
}  // namespace portolan::mapcore

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  portolan::mapcore::Run(data, size).Play();
  return 0;
}
