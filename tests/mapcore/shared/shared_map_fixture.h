#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mapcore/base/clock.h"
#include "mapcore/hmap.h"
#include "mapcore/shared/filled_map.h"

namespace portolan::mapcore {

// A file in memory, closed when this ends.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("map-image-test", MFD_CLOEXEC)) {}
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  int fd() const { return fd_; }
  std::string Read() const {
    std::string bytes(static_cast<std::size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    return pread(fd_, bytes.data(), bytes.size(), 0) < 0 ? std::string() : bytes;
  }
  void Write(const std::string& bytes) const {
    if (ftruncate(fd_, 0) != 0 || pwrite(fd_, bytes.data(), bytes.size(), 0) < 0) std::abort();
  }

 private:
  const int fd_;
};

// Entries in memory, divided by their order. Counts what is asked of it; fails when told to.
class FakeSource : public EntrySource {
 public:
  explicit FakeSource(std::map<std::string, std::string> entries = {})
      : entries_(std::move(entries)) {}

  Result<std::optional<std::string>> Load(std::string_view key) override {
    std::function<void()> call;
    {
      const std::lock_guard lock(mutex_);
      ++loads_;
      std::swap(call, on_load);
    }
    if (call) call();
    if (fail_loads) return Error{ErrorCode::kUnavailable, "the source is down"};
    const auto found = entries_.find(std::string(key));
    if (found == entries_.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }
  Status Read(std::uint32_t part, std::uint32_t parts, const Visit& visit) override {
    std::uint32_t at = 0;
    for (const auto& [key, value] : entries_) {
      if (at++ % parts != part) continue;
      if (fail_part == static_cast<int>(part))
        return Error{ErrorCode::kUnavailable, "the source is down"};
      PORTOLAN_CHECK(visit(key, value));
    }
    return {};
  }
  int loads() const {
    const std::lock_guard lock(mutex_);
    return loads_;
  }

  bool fail_loads = false;
  int fail_part = -1;
  std::function<void()> on_load;  // called by the next Load, before it answers

 private:
  const std::map<std::string, std::string> entries_;
  mutable std::mutex mutex_;
  int loads_ = 0;
};

// Keeps tasks until the test runs them.
class FakeExecutor : public Executor {
 public:
  void Run(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  void RunNext() {
    const std::function<void()> task = std::move(tasks.front());
    tasks.erase(tasks.begin());
    task();
  }
  std::vector<std::function<void()>> tasks;
};

class FakeMonoClock : public Clock {
 public:
  Now now() const override { return {{}, mono}; }
  Duration mono{0};
};

// "key/0" -> "value 0" and so on.
inline std::map<std::string, std::string> Numbered(int count) {
  std::map<std::string, std::string> entries;
  for (int i = 0; i < count; ++i)
    entries["key/" + std::to_string(i)] = "value " + std::to_string(i);
  return entries;
}

inline Snapshot SnapshotOf(const std::map<std::string, std::string>& entries) {
  Hmap map = Hmap::Create({.seed = 1}).value();
  for (const auto& [key, value] : entries) (void)map.Put(key, value);
  return map.TakeSnapshot(7, 1'700'000'000'000).value();
}

// Of a map whose readers hold up what is replaced, and that is empty.
inline void ExpectCountsWhatWaits(SharedMap& map) {
  const auto session = map.Open();
  ASSERT_TRUE(session->Put("a", "1").ok());
  ASSERT_TRUE(session->Put("a", "1").ok()) << "the first is looked at right away";
  const hmap::Lineage::Waiting before = map.waiting();
  ASSERT_TRUE(session->Put("a", "2").ok());
  EXPECT_EQ(map.waiting().blocks, before.blocks + 1);
  EXPECT_GT(map.waiting().bytes, before.bytes);
}

}  // namespace portolan::mapcore
