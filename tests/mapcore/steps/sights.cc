#include "tests/mapcore/steps/sights.h"

#include <algorithm>
#include <set>
#include <utility>

namespace portolan::mapcore::steps {
namespace {

// One reader, and which of the stores that it may see it is given.
class Chooser : public Watcher {
 public:
  explicit Chooser(const StoreLog& log) : log_(log) {}

  void Begin(const View& from) {
    view_ = from;
    next_ = 0;
  }
  // The next combination, in the order of an odometer; false behind the last.
  bool Advance() {
    while (!path_.empty() && path_.back().first + 1 == path_.back().second) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().first;
    return true;
  }
  const View& view() const { return view_; }

  void OnStore(const Stored&) override {}
  void OnPause() override {}
  std::uint64_t OnLoad(const void* word, std::uint64_t value, bool acquires) override {
    const std::vector<StoreLog::Place>* stores = log_.StoresTo(word);
    if (stores == nullptr) return value;
    const auto seen = view_.seen.find(word);
    const std::size_t known =
        std::max(view_.knows, seen == view_.seen.end() ? std::size_t{0} : seen->second);
    // Not older than the last one that is known.
    const auto newer = std::upper_bound(
        stores->begin(), stores->end(), known,
        [](std::size_t at, const StoreLog::Place& place) { return at < place.at; });
    const auto oldest = static_cast<std::size_t>(newer - stores->begin()) - 1;
    const StoreLog::Place& chosen = (*stores)[oldest + Choose(stores->size() - oldest)];
    view_.seen[word] = chosen.at;
    if (acquires && chosen.releases) view_.knows = std::max(view_.knows, chosen.at);
    return chosen.value;
  }

 private:
  std::size_t Choose(std::size_t of) {
    if (of == 1) return 0;
    if (next_ == path_.size()) path_.emplace_back(0, of);
    return path_[next_++].first;
  }

  const StoreLog& log_;
  View view_;
  std::vector<std::pair<std::size_t, std::size_t>> path_;  // what was chosen, of how many
  std::size_t next_ = 0;
};

}  // namespace

void StoreLog::Index(std::size_t place) {
  const Stored& stored = at(place);
  std::vector<Place>& places = places_[stored.word];
  if (places.empty()) places.push_back({0, stored.before, true});
  places.push_back({place, stored.value, stored.releases});
}

const std::vector<StoreLog::Place>* StoreLog::StoresTo(const void* word) const {
  const auto found = places_.find(word);
  return found == places_.end() ? nullptr : &found->second;
}

StoreLog StoreLog::Moved(std::size_t from, std::size_t to) const {
  std::vector<Stored> order = entries_;
  // Places count from 1.
  const auto at = [&](std::size_t place) {
    return order.begin() + static_cast<std::ptrdiff_t>(place) - 1;
  };
  if (from > to)
    std::rotate(at(to), at(from), at(from) + 1);
  else
    std::rotate(at(from), at(from) + 1, at(to));
  StoreLog moved;
  for (const Stored& stored : order) moved.OnStore(stored);
  return moved;
}

StoreLog StoreLog::Weakened(std::size_t at) const {
  StoreLog weakened;
  for (std::size_t place = 1; place <= size(); ++place) {
    Stored stored = this->at(place);
    if (place == at) stored.releases = false;
    weakened.OnStore(stored);
  }
  return weakened;
}

std::size_t ForEachSight(const StoreLog& log, const View& from,
                         const std::function<void(const View&)>& look) {
  Chooser chooser(log);
  const Watching watching(&chooser);
  std::size_t count = 0;
  do {
    chooser.Begin(from);
    look(chooser.view());
    ++count;
  } while (chooser.Advance());
  return count;
}

Verdict Judge(const StoreLog& log, const std::vector<std::size_t>& ends, const Question& question) {
  Verdict verdict;
  const std::vector<std::string>& answers = question.answers;
  // The earliest state, of those from `from` on, that gives the answer; a wrong one is noted.
  const auto earliest = [&](const std::string& answer, std::size_t from, const char* reader) {
    const auto found =
        std::find(answers.begin() + static_cast<std::ptrdiff_t>(from), answers.end(), answer);
    if (found == answers.end() && verdict.wrong.empty())
      verdict.wrong = std::string(reader) + " is answered \"" + answer + "\" after " +
                      std::to_string(from) + " of " + std::to_string(answers.size() - 1) +
                      " operations";
    return static_cast<std::size_t>(found - answers.begin());
  };
  for (std::size_t begun = 0; begun < ends.size(); ++begun) {
    std::set<std::pair<View, std::size_t>> firsts;
    verdict.sights += ForEachSight(log, {ends[begun]}, [&](const View& view) {
      const std::string answer = question.ask(view);
      firsts.insert({view, earliest(answer, begun, "a reader")});
    });
    if (!verdict.wrong.empty()) return verdict;
    for (const auto& [view, state] : firsts)
      verdict.sights += ForEachSight(log, view, [&, from = state](const View& now) {
        earliest(question.ask(now), from, "a reader that knows what another one saw");
      });
  }
  return verdict;
}

}  // namespace portolan::mapcore::steps
