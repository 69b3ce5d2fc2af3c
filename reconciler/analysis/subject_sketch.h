#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"

namespace portolan::reconciler {

// A mergeable count of distinct subjects: HyperLogLog with 4,096 registers (Flajolet et al. 2007)
// over SubjectHash. The first 12 bits of the hash name the register, which keeps the largest number
// of leading zeros of the other 52 bits, plus one. Estimates by Ertl, "New cardinality estimation
// algorithms for HyperLogLog sketches" (2017): unbiased from 0 on, standard error 1.6 %.
class SubjectSketch {
 public:
  static constexpr int kPrecision = 12;
  static constexpr std::size_t kRegisters = std::size_t{1} << kPrecision;
  static constexpr double kStandardError = 1.04 / 64;  // 1.04 / sqrt(kRegisters)

  void Add(std::uint64_t hash);
  // As if everything added to `other` had been added here.
  void Merge(const SubjectSketch& other);

  bool empty() const { return registers_.empty(); }
  double Estimate() const;

  // The registers in order, one byte each, in base64 with padding; empty text without subjects.
  std::string ToBase64() const;
  // Errors: kInvalid when the text is not what ToBase64 writes.
  static Result<SubjectSketch> FromBase64(std::string_view text);

  friend bool operator==(const SubjectSketch&, const SubjectSketch&) = default;

 private:
  std::vector<std::uint8_t> registers_;  // none until the first subject
};

}  // namespace portolan::reconciler
