#include "mapcore/fast_paths.h"

#include <sys/mman.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "mapcore/base/random.h"
#include "mapcore/hmap/epoch.h"
#include "mapcore/image_index.h"

namespace portolan::mapcore {
namespace {

constexpr std::size_t kHugeBytes = std::size_t{2} << 20;

Error NotThere(std::string reason) {
  return {ErrorCode::kUnavailable, std::move(reason)};
}

// Of an image's tags, against one comparison after the other.
Status ProbeSimd() {
  if (!kImageSimdCompiled) return NotThere("the program was compiled without SSE2");
  Random random(1);
  for (int round = 0; round < 2'000; ++round) {
    ImageGroup group{};
    for (std::uint32_t& tag : group.tags) tag = static_cast<std::uint32_t>(random.Below(3));
    if (MatchTagsSimd(group, 1) != MatchTagsPortable(group, 1))
      return Error{ErrorCode::kInternal, "comparing eight slots at once gave a wrong result"};
  }
  return {};
}

Status ProbeMembarrier() {
  if (hmap::ReaderDomain().uses_membarrier()) return {};
  return NotThere("the kernel refuses membarrier(2), or this is a build for ThreadSanitizer");
}

Status ProbeHugePages() {
  if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1)
    return NotThere("huge pages are switched off for this process (PR_SET_THP_DISABLE)");
  void* memory = mmap(nullptr, kHugeBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return NotThere(std::string("no address space to try huge pages in: ") + std::strerror(errno));
  const bool given = madvise(memory, kHugeBytes, MADV_HUGEPAGE) == 0;
  const int error = errno;
  munmap(memory, kHugeBytes);
  if (given) return {};
  return NotThere(std::string("the kernel refuses huge pages: ") + std::strerror(error));
}

Status ProbeMemoryLock() {
  constexpr std::size_t kBytes = 4096;
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NotThere(std::string("no memory to try a lock on: ") + std::strerror(errno));
  const bool locked = mlock2(memory, kBytes, MLOCK_ONFAULT) == 0;
  const int error = errno;
  munmap(memory, kBytes);
  if (locked) return {};
  return NotThere(std::string("the process may not lock memory: ") + std::strerror(error) +
                  "; raise its limit (ulimit -l)");
}

}  // namespace

std::string_view FastPathName(FastPath path) {
  switch (path) {
    case FastPath::kSimdProbe:
      return "simd-probe";
    case FastPath::kMembarrier:
      return "membarrier";
    case FastPath::kHugePages:
      return "huge-pages";
    case FastPath::kMemoryLock:
      return "memory-lock";
  }
  return "";
}

std::string_view CircuitName(FastPathState::Circuit circuit) {
  switch (circuit) {
    case FastPathState::Circuit::kFast:
      return "fast";
    case FastPathState::Circuit::kPortable:
      return "portable";
    case FastPathState::Circuit::kOpen:
      return "open";
  }
  return "";
}

FastPaths::Probes FastPaths::SystemProbes() {
  return {ProbeSimd, ProbeMembarrier, ProbeHugePages, ProbeMemoryLock};
}

FastPaths::FastPaths(Probes probes) : probes_(std::move(probes)) {
  for (std::size_t i = 0; i < kFastPaths; ++i) {
    const Status probed = probes_[i]();
    if (!probed.ok()) slots_[i].reason = probed.error().message;
    slots_[i].circuit = probed.ok() ? FastPathState::Circuit::kFast
                        : probed.error().code == ErrorCode::kInternal
                            ? FastPathState::Circuit::kOpen
                            : FastPathState::Circuit::kPortable;
  }
}

bool FastPaths::available(FastPath path) const {
  return At(path).circuit.load(std::memory_order_acquire) == FastPathState::Circuit::kFast;
}

bool FastPaths::Take(FastPath path) {
  const bool fast = available(path);
  (fast ? At(path).fast : At(path).fallbacks).fetch_add(1, std::memory_order_relaxed);
  return fast;
}

void FastPaths::Fail(FastPath path, std::string reason) {
  const std::lock_guard lock(mutex_);
  At(path).reason = std::move(reason);
  At(path).circuit.store(FastPathState::Circuit::kOpen, std::memory_order_release);
}

bool FastPaths::SelfCheck() {
  bool right = true;
  for (std::size_t i = 0; i < kFastPaths; ++i) {
    const auto path = static_cast<FastPath>(i);
    if (!available(path)) continue;
    const Status probed = probes_[i]();
    if (probed.ok()) continue;
    // What was there and is not any more (a limit was lowered) is as little to be relied on.
    Fail(path, probed.error().message);
    right = false;
  }
  return right;
}

std::vector<FastPathState> FastPaths::states() const {
  const std::lock_guard lock(mutex_);
  std::vector<FastPathState> states;
  for (std::size_t i = 0; i < kFastPaths; ++i) {
    const Slot& slot = slots_[i];
    states.push_back({static_cast<FastPath>(i), slot.circuit.load(std::memory_order_acquire),
                      slot.fast.load(std::memory_order_relaxed),
                      slot.fallbacks.load(std::memory_order_relaxed), slot.reason});
  }
  return states;
}

}  // namespace portolan::mapcore
