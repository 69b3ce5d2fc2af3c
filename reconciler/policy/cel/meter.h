#pragma once

#include <cstdint>

namespace portolan::reconciler::cel {

// Counts what an evaluation costs, up to a limit. The units are cel-go's (common/cost): about one
// for each node that is evaluated, a tenth for each character or element that is traversed.
class Meter {
 public:
  explicit Meter(std::uint64_t limit) : limit_(limit) {}

  // False once the limit is exceeded: what does not fit is not counted.
  bool Charge(std::uint64_t units) {
    if (exceeded_ || units > limit_ - cost_) {
      exceeded_ = true;
      return false;
    }
    cost_ += units;
    return true;
  }
  // For `length` characters or elements.
  bool ChargeTraversal(std::uint64_t length) { return Charge(length / 10); }

  std::uint64_t cost() const { return cost_; }
  std::uint64_t limit() const { return limit_; }
  bool exceeded() const { return exceeded_; }

 private:
  std::uint64_t cost_ = 0;
  std::uint64_t limit_;
  bool exceeded_ = false;
};

}  // namespace portolan::reconciler::cel
