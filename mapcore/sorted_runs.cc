#include "mapcore/sorted_runs.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace portolan::mapcore {
namespace {

// The run with the edits in effect; both sides ascend.
SortedRuns::Run Merge(const SortedRuns::Run& run, std::span<const Edit> edits) {
  SortedRuns::Run merged;
  merged.reserve(run.size() + edits.size());
  auto record = run.begin();
  for (const Edit& edit : edits) {
    while (record != run.end() && (*record)->key() < edit.key) merged.push_back(*record++);
    if (record != run.end() && (*record)->key() == edit.key) ++record;
    if (edit.record != nullptr) merged.push_back(edit.record);
  }
  merged.insert(merged.end(), record, run.end());
  return merged;
}

// A place in a SortedRuns.
class Cursor {
 public:
  explicit Cursor(const SortedRuns& runs) : runs_(runs.runs()) {}

  bool done() const { return run_ == runs_.size(); }
  const hmap::Record* record() const { return (*runs_[run_])[at_]; }
  // The run that begins here, or null inside a run.
  const SortedRuns::Run* opens() const { return at_ == 0 ? runs_[run_].get() : nullptr; }
  // Of the run, from here on. Not empty.
  std::span<const hmap::Record* const> rest() const { return std::span(*runs_[run_]).subspan(at_); }

  // Within rest().
  void Skip(std::size_t records) {
    at_ += records;
    if (at_ < runs_[run_]->size()) return;
    at_ = 0;
    ++run_;
  }

 private:
  const std::vector<SortedRuns::RunPtr>& runs_;
  std::size_t run_ = 0;
  std::size_t at_ = 0;
};

// How many records both sides have in common from here on, within their runs. Told by the pointers:
// an edit leaves most of a run as it was, and the entries themselves stay out of the cache.
std::size_t SharedFrom(const Cursor& a, const Cursor& b) {
  const auto ours = a.rest();
  const auto theirs = b.rest();
  if (a.opens() != nullptr && a.opens() == b.opens()) return ours.size();
  const auto differ = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  return static_cast<std::size_t>(differ.first - ours.begin());
}

}  // namespace

SortedRuns::SortedRuns(Run records) {
  AppendCut(std::move(records));
}

SortedRuns SortedRuns::Edited(std::span<const Edit> edits) const {
  SortedRuns result;
  result.runs_.reserve(runs_.size() + 1);
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    std::size_t count = edits.size();
    if (i + 1 < runs_.size()) {
      const std::string_view next = runs_[i + 1]->front()->key();
      count = 0;
      while (count < edits.size() && edits[count].key < next) ++count;
    }
    if (count == 0)
      result.Append(runs_[i]);
    else
      result.AppendCut(Merge(*runs_[i], edits.first(count)));
    edits = edits.subspan(count);
  }
  if (runs_.empty()) result.AppendCut(Merge({}, edits));
  return result;
}

void SortedRuns::Append(RunPtr run) {
  size_ += run->size();
  if (runs_.empty() || runs_.back()->size() + run->size() > kRunMax / 2) {
    runs_.push_back(std::move(run));
    return;
  }
  auto joined = std::make_shared<Run>(*runs_.back());
  joined->insert(joined->end(), run->begin(), run->end());
  runs_.back() = std::move(joined);
}

void SortedRuns::AppendCut(Run records) {
  if (records.empty()) return;
  if (records.size() <= kRunMax) {
    Append(std::make_shared<const Run>(std::move(records)));
    return;
  }
  // Runs of even length, with room to grow.
  const std::size_t pieces = (records.size() + kRunMax / 2 - 1) / (kRunMax / 2);
  for (std::size_t i = 0; i < pieces; ++i) {
    const auto begin = records.begin() + static_cast<std::ptrdiff_t>(records.size() * i / pieces);
    const auto end =
        records.begin() + static_cast<std::ptrdiff_t>(records.size() * (i + 1) / pieces);
    Append(std::make_shared<const Run>(begin, end));
  }
}

void VisitDifferences(const SortedRuns& before, const SortedRuns& after,
                      const std::function<bool(const hmap::Record*, const hmap::Record*)>& visit) {
  Cursor a(before);
  Cursor b(after);
  while (!a.done() && !b.done()) {
    if (const std::size_t shared = SharedFrom(a, b); shared > 0) {
      a.Skip(shared);
      b.Skip(shared);
      continue;
    }
    const hmap::Record* old_record = a.record();
    const hmap::Record* new_record = b.record();
    const int order = old_record->key().compare(new_record->key());
    const bool differ = order != 0 || old_record->value() != new_record->value();
    if (differ && !visit(order <= 0 ? old_record : nullptr, order >= 0 ? new_record : nullptr))
      return;
    if (order <= 0) a.Skip(1);
    if (order >= 0) b.Skip(1);
  }
  for (; !a.done(); a.Skip(1))
    if (!visit(a.record(), nullptr)) return;
  for (; !b.done(); b.Skip(1))
    if (!visit(nullptr, b.record())) return;
}

}  // namespace portolan::mapcore
