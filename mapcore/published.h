#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace portolan::mapcore {

// An immutable value that one side replaces and many sides read. The lock is held for a pointer
// copy only, never while a value is built or destroyed. Thread-safe. (std::atomic<std::shared_ptr>
// of libstdc++ 12 unlocks its readers with a relaxed store, which ThreadSanitizer reports as a
// race.)
template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  std::shared_ptr<const T> Load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void Store(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }  // the lock ends first, then the parameter with the superseded value

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;  // guarded by mutex_
};

}  // namespace portolan::mapcore
