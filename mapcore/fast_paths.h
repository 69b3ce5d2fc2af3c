#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"

namespace portolan::mapcore {

// Ways to be fast that a machine, a kernel or a sandbox may refuse. Each has a portable way beside
// it that gives the same results.
enum class FastPath {
  kSimdProbe,   // an image's slots compared four at a time; else one after the other
  kMembarrier,  // readers without fences (membarrier(2)); else a fence in each lookup
  kHugePages,   // 2 MiB pages where the kernel may; else 4 KiB ones
  kMemoryLock,  // memory that is never swapped out (mlock2(2)); else memory that may be
};
inline constexpr std::size_t kFastPaths = 4;
std::string_view FastPathName(FastPath path);  // "simd-probe"

// What one fast path came to.
struct FastPathState {
  enum class Circuit { kFast, kPortable, kOpen };  // kOpen: it gave a wrong result once

  FastPath path = FastPath::kSimdProbe;
  Circuit circuit = Circuit::kPortable;
  std::uint64_t fast = 0;       // how often it was asked for and given
  std::uint64_t fallbacks = 0;  // how often the portable way was taken in its place
  std::string reason = {};      // why not kFast; for people
};
std::string_view CircuitName(FastPathState::Circuit circuit);  // "fast", "portable", "open"

// Which fast paths may be taken: each is probed once, when this is made, and checked for its result
// again with SelfCheck(). One that is not there is passed over; one that is there and gave a wrong
// result opens its circuit, for good: whoever asks from then on takes the portable way.
//
// One for a process, made where the process is put together and handed to those that choose.
// Thread-safe.
class FastPaths {
 public:
  // Errors: kUnavailable, with the reason, when the path is not there; kInternal when its result is
  // wrong.
  using Probe = std::function<Status()>;
  using Probes = std::array<Probe, kFastPaths>;

  // The machine's; what they try they undo.
  static Probes SystemProbes();
  explicit FastPaths(Probes probes = SystemProbes());

  // Whether to take the path; counts the answer.
  bool Take(FastPath path);
  // The same, without counting.
  bool available(FastPath path) const;
  // A user of the path saw it fail, as SelfCheck() does, or SharedMap::barrier_lost() of
  // membarrier: opens its circuit.
  void Fail(FastPath path, std::string reason);
  // Probes again the paths that are taken; true when all gave their right result still.
  bool SelfCheck();
  std::vector<FastPathState> states() const;

 private:
  struct Slot {
    std::atomic<FastPathState::Circuit> circuit{FastPathState::Circuit::kPortable};
    std::atomic<std::uint64_t> fast{0};
    std::atomic<std::uint64_t> fallbacks{0};
    std::string reason;  // guarded by mutex_
  };
  Slot& At(FastPath path) { return slots_[static_cast<std::size_t>(path)]; }
  const Slot& At(FastPath path) const { return slots_[static_cast<std::size_t>(path)]; }

  const Probes probes_;
  mutable std::mutex mutex_;
  std::array<Slot, kFastPaths> slots_;
};

}  // namespace portolan::mapcore
