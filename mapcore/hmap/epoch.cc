#include "mapcore/hmap/epoch.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace portolan::mapcore::hmap {
namespace {

// ThreadSanitizer does not see what a system call orders.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMembarrierAllowed = false;
#else
constexpr bool kMembarrierAllowed = true;
#endif

constexpr std::uint32_t kLast = UINT32_MAX - 1;

bool Membarrier(int command) {
  return syscall(SYS_membarrier, command, 0, 0) == 0;
}

}  // namespace

ReaderDomain::ReaderDomain(Fences fences, std::uint32_t first)
    : epoch_(first),
      readers_fence_(!(kMembarrierAllowed && fences == Fences::kProbe &&
                       Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) &&
                       Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))) {}

ReaderDomain::~ReaderDomain() = default;

std::uint32_t ReaderDomain::Advance() {
  // 0 is nobody's epoch, and one that came again would pass for an old one.
  std::uint32_t ended = epoch_.load(std::memory_order_relaxed);
  if (ended < kLast) ended = epoch_.fetch_add(1, std::memory_order_seq_cst);
  if (uses_membarrier() && !Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) {
    barrier_lost_.store(true, std::memory_order_relaxed);
    readers_fence_.store(true, std::memory_order_relaxed);
  }
  // A reader that this fence does not show has not loaded anything yet: it will see the unlinking.
  const bool readers_fence = !uses_membarrier();
  if (readers_fence) std::atomic_thread_fence(std::memory_order_seq_cst);
  // A reader that is seen outside a scope may enter one right after: it then loads what was linked
  // before this call, in which the unlinked blocks no longer are.
  PORTOLAN_MAPCORE_STEP(Pause());
  std::uint32_t oldest = ended + 1;
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Seat>& seat : seats_) {
    // Looked at first: what a reader announced before it said that it fences is seen then.
    if (readers_fence && seat->taken.load(std::memory_order_relaxed) &&
        !seat->fences.load(std::memory_order_acquire))
      return 0;
    const std::uint32_t epoch = seat->epoch.load(std::memory_order_acquire);
    if (epoch != 0) oldest = std::min(oldest, epoch);
  }
  return oldest - 1;
}

Reader::Reader(ReaderDomain& domain) : domain_(domain), seat_(nullptr) {
  const std::lock_guard lock(domain.mutex_);
  // Seats of readers that are gone are used again, so that threads that come and go do not add to
  // what every reclamation looks at.
  for (const auto& seat : domain.seats_) {
    if (seat->taken.load(std::memory_order_relaxed)) continue;
    seat_ = seat.get();
    break;
  }
  if (seat_ == nullptr)
    seat_ = domain.seats_.emplace_back(std::make_unique<ReaderDomain::Seat>()).get();
  seat_->taken.store(true, std::memory_order_relaxed);
  seat_->fences.store(!domain.uses_membarrier(), std::memory_order_relaxed);
}

Reader::~Reader() {
  const std::lock_guard lock(domain_.mutex_);
  seat_->epoch.store(0, std::memory_order_release);
  seat_->taken.store(false, std::memory_order_relaxed);
}

}  // namespace portolan::mapcore::hmap
