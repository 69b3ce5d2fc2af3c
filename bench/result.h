#pragma once

#include <string>
#include <utility>
#include <vector>

namespace portolan::bench {

enum class Better { kLess, kMore };

// What one measurement found, beside what it should be.
struct Finding {
  std::string name;  // "commit-to-canary"
  std::string what;  // one sentence
  std::string unit;  // "ms", "x"
  std::vector<double> rounds;
  double aim = 0;  // of the median, in `unit`
  Better better = Better::kLess;
  std::string note = {};  // what else a reader should know; may be empty
};

// The value that a share of `rounds` does not exceed, by nearest rank; share in (0, 1]. Not for an
// empty list.
double Quantile(std::vector<double> rounds, double share);

// How many times better than the aim the median is: 1 or more meets it.
double RatioOf(const Finding& finding);

// A table for people, then one line "json: {…}" for each finding.
void Print(const std::vector<Finding>& findings);

// Findings that are made round by round.
class Report {
 public:
  // Another round of the finding of this name, which begins with its first.
  void Add(const std::string& name, const std::string& what, const char* unit, double aim,
           double value, Better better = Better::kLess);
  std::vector<Finding> Take() { return std::move(findings_); }

 private:
  std::vector<Finding> findings_;
};

// A benchmark's wall time so far, in milliseconds.
class Stopwatch {
 public:
  Stopwatch();
  double Ms() const;

 private:
  double start_ms_;
};

}  // namespace portolan::bench
