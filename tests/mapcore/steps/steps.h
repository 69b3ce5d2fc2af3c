#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// What mapcore/hmap/atomic.h calls in a build with PORTOLAN_MAPCORE_STEPS: every access to a word
// that a writer and its readers share. The library `mapcore_steps` is that build.
namespace portolan::mapcore::steps {

// Is told of the accesses of the threads that it watches.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Before `value` is stored over `before`.
  struct Stored {
    const void* word;
    std::uint64_t before;
    std::uint64_t value;
    bool releases;
  };
  virtual void OnStore(const Stored& stored) = 0;
  // After a load. What is returned is what the caller is given.
  virtual std::uint64_t OnLoad(const void* word, std::uint64_t value, bool acquires) = 0;
  // At a place that is not an access to such a word, but where another thread may come between.
  virtual void OnPause() = 0;
};

// Of this thread, and of all threads that have none of their own; null watches nothing. The second
// one is set while no other thread runs.
inline thread_local Watcher* t_watcher = nullptr;
inline Watcher* g_watcher_of_all = nullptr;

inline Watcher* Watches() {
  return t_watcher != nullptr ? t_watcher : g_watcher_of_all;
}

// While it lives `watcher` watches this thread.
class Watching {
 public:
  explicit Watching(Watcher* watcher) : before_(t_watcher) { t_watcher = watcher; }
  ~Watching() { t_watcher = before_; }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  Watcher* before_;
};

template <typename T>
std::uint64_t BitsOf(const T& value) {
  static_assert(sizeof value <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <typename T>
void Storing(const T& word, const T& value, bool releases) {
  if (Watcher* watcher = Watches())
    watcher->OnStore({&word, BitsOf(word), BitsOf(value), releases});
}

template <typename T>
void Loaded(const T& word, T& value, bool acquires) {
  Watcher* watcher = Watches();
  if (watcher == nullptr) return;
  const std::uint64_t bits = watcher->OnLoad(&word, BitsOf(value), acquires);
  std::memcpy(&value, &bits, sizeof value);
}

inline void Pause() {
  if (Watcher* watcher = Watches()) watcher->OnPause();
}

}  // namespace portolan::mapcore::steps
