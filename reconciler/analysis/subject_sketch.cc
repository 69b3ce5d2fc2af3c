#include "reconciler/analysis/subject_sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

// HyperLogLog, mergeable by the maximum of each register: reports of any reporters, in any order
// and twice, count each subject once. Ertl's estimator needs no tables and no switch between
// ranges.

namespace portolan::reconciler {
namespace {

constexpr int kRankMax = 64 - SubjectSketch::kPrecision + 1;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kTextBytes = (SubjectSketch::kRegisters + 2) / 3 * 4;

// Ertl's sigma and tau: the shares of registers that are still empty, and that are full.
// Both series end in double precision after a few dozen terms; the loops stop when nothing changes
// any more.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, before;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

}  // namespace

void SubjectSketch::Add(std::uint64_t hash) {
  if (registers_.empty()) registers_.resize(kRegisters);
  std::uint8_t& slot = registers_[hash >> (64 - kPrecision)];
  const int zeros = std::countl_zero(hash << kPrecision);
  // The rank of a register of zeros only is kRankMax: no bits are left to count.
  slot = std::max(slot, static_cast<std::uint8_t>(std::min(zeros + 1, kRankMax)));
}

void SubjectSketch::Merge(const SubjectSketch& other) {
  if (other.empty()) return;
  if (registers_.empty()) registers_.resize(kRegisters);
  std::transform(registers_.begin(), registers_.end(), other.registers_.begin(), registers_.begin(),
                 [](std::uint8_t a, std::uint8_t b) { return std::max(a, b); });
}

double SubjectSketch::Estimate() const {
  if (registers_.empty()) return 0;
  std::array<int, kRankMax + 1> counts{};
  for (const std::uint8_t rank : registers_) ++counts[rank];
  constexpr double m = kRegisters;
  double z = m * Tau(1 - counts[kRankMax] / m);
  for (std::size_t rank = kRankMax - 1; rank >= 1; --rank) z = 0.5 * (z + counts[rank]);
  z += m * Sigma(counts[0] / m);
  return m * m / (2 * std::log(2.0) * z);
}

std::string SubjectSketch::ToBase64() const {
  std::string text;
  if (registers_.empty()) return text;
  text.reserve(kTextBytes);
  for (std::size_t i = 0; i < kRegisters; i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < kRegisters ? registers_[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= kRegisters ? kAlphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

Result<SubjectSketch> SubjectSketch::FromBase64(std::string_view text) {
  SubjectSketch sketch;
  if (text.empty()) return sketch;
  const Error error{ErrorCode::kInvalid,
                    "expected 4096 registers of one byte each (0 to 53) in base64"};
  if (text.size() != kTextBytes) return error;
  std::array<std::uint8_t, 256> values;
  values.fill(0xff);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint8_t value = values[static_cast<unsigned char>(text[i])];
    // 4096 leaves one byte over: two digits and "==".
    const bool padding = i >= kRegisters / 3 * 4 + kRegisters % 3 + 1;
    if (padding != (text[i] == '=')) return error;
    if (padding) value = 0;
    if (value > 63) return error;
    bits = bits << 6 | value;
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8)
      sketch.registers_.push_back(static_cast<std::uint8_t>(bits >> shift));
  }
  sketch.registers_.resize(kRegisters);
  // A larger rank cannot be, and would be an estimate of its own making.
  if (*std::max_element(sketch.registers_.begin(), sketch.registers_.end()) > kRankMax)
    return error;
  return sketch;
}

}  // namespace portolan::reconciler
