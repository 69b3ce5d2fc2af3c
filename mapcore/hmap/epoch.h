#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "mapcore/hmap/atomic.h"

namespace portolan::mapcore::hmap {

class Reader;

// The readers that look at maps while their one writer works, and how the writer learns that none
// of them can still see what it unlinked.
//
// A reader announces itself by storing the current epoch in its own cache line, looks, and stores
// zero: no read-modify-write, no line that another thread writes. The writer unlinks a block, notes
// the epoch, and later frees it once every announced epoch is larger. That a reader's store is
// visible before its first load is the writer's business where the kernel has membarrier(2): one
// system call per batch stands for a fence in every reader. Without it (an old kernel, a filter,
// ThreadSanitizer, which cannot see through the call) every reader fences itself. That is probed
// when the domain is made, and noticed when the call is refused later: the readers are then told to
// fence, and each says in its seat that it does. A reader that has not said so may be in a scope
// that nobody can see, so nothing is freed until all have.
//
// For the maps of one writer: the epoch beside a block and the block's unlinking are two stores,
// which another writer's Advance() would not see in order. Thread-safe otherwise. Outlives its
// readers and the maps that know it.
class ReaderDomain {
 public:
  enum class Fences { kProbe, kPortable };

  // Epochs are counted from `first` (tests begin near their end).
  explicit ReaderDomain(Fences fences = Fences::kProbe, std::uint32_t first = 1);
  ~ReaderDomain();
  ReaderDomain(const ReaderDomain&) = delete;
  ReaderDomain& operator=(const ReaderDomain&) = delete;

  bool uses_membarrier() const { return !readers_fence_.load(std::memory_order_relaxed); }
  // Whether membarrier(2) was refused after it had worked (a filter that was set later). Readers
  // fence since. Until each has begun another scope, or is gone, nothing is freed: a reader that
  // never comes back holds up everything. Never becomes false again.
  bool barrier_lost() const { return barrier_lost_.load(std::memory_order_relaxed); }
  // The epoch to note beside a block that was just unlinked.
  std::uint32_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  // Begins a new epoch and says which epochs no reader can be in any more: all up to the result, 0
  // for none. Behind 2^32 - 2 of them there is no new one: what is unlinked then waits for an
  // instant in which nobody reads.
  std::uint32_t Advance();

 private:
  friend class Reader;
  struct alignas(64) Seat {
    std::atomic<std::uint32_t> epoch{0};  // 0: not reading
    std::atomic<bool> taken{false};
    std::atomic<bool> fences{false};  // in this scope and all to come
  };

  std::atomic<std::uint32_t> epoch_;
  std::atomic<bool> readers_fence_;  // becomes true only
  std::atomic<bool> barrier_lost_{false};
  std::mutex mutex_;                          // for seats_, not for what is in them
  std::vector<std::unique_ptr<Seat>> seats_;  // never shrinks
};

// A thread's place among the readers. One thread's own; make it once per thread, not per lookup.
class Reader {
 public:
  explicit Reader(ReaderDomain& domain);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  friend class ReadScope;
  ReaderDomain& domain_;
  ReaderDomain::Seat* seat_;
  int depth_ = 0;
};

// What a lookup returned within the scope stays valid until its end. Keep it short: what the writer
// replaces meanwhile stays in memory. Scopes nest.
class ReadScope {
 public:
  explicit ReadScope(Reader& reader) : reader_(reader) {
    if (reader.depth_++ > 0) return;
    const std::uint32_t epoch = reader.domain_.epoch();
    PORTOLAN_MAPCORE_STEP(Pause());
    reader.seat_->epoch.store(epoch, std::memory_order_relaxed);
    if (reader.domain_.uses_membarrier()) {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      // Release: who sees it may rely on the scopes before this one being over.
      reader.seat_->fences.store(true, std::memory_order_release);
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    PORTOLAN_MAPCORE_STEP(Pause());
  }
  ~ReadScope() {
    if (--reader_.depth_ == 0) reader_.seat_->epoch.store(0, std::memory_order_release);
  }
  ReadScope(const ReadScope&) = delete;
  ReadScope& operator=(const ReadScope&) = delete;

 private:
  Reader& reader_;
};

}  // namespace portolan::mapcore::hmap
