#include "tests/mapcore/steps/sights.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace portolan::mapcore::steps {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uintptr_t AlignedAt(const void* word) {
  return reinterpret_cast<std::uintptr_t>(word) / kWord;
}

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
  std::uint64_t OnLoad(const Load& load) override {
    const std::vector<StoreLog::Place>& stores = log_.StoresTo(load.word, load.bytes);
    if (stores.empty()) return load.value;
    const auto seen = view_.seen.find(load.word);
    const std::size_t known =
        std::max(view_.knows, seen == view_.seen.end() ? std::size_t{0} : seen->second);
    // Not older than the last one that is known.
    const auto newer = std::upper_bound(
        stores.begin(), stores.end(), known,
        [](std::size_t at, const StoreLog::Place& place) { return at < place.at; });
    const auto oldest = static_cast<std::size_t>(newer - stores.begin()) - 1;
    const StoreLog::Place& chosen = stores[oldest + Choose(stores.size() - oldest)];
    view_.seen[load.word] = chosen.at;
    if (load.acquires && chosen.releases) view_.knows = std::max(view_.knows, chosen.at);
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

void StoreLog::Cover(std::function<std::span<const char>()> memory) {
  memory_ = std::move(memory);
  const std::span<const char> now = memory_();
  shadow_.assign(now.begin(), now.end());
}

void StoreLog::Sweep() {
  if (!memory_) return;
  constexpr std::size_t kBlock = 4096;  // most are as they were
  const std::span<const char> now = memory_();
  shadow_.resize(now.size());
  for (std::size_t block = 0; block < now.size(); block += kBlock) {
    if (std::memcmp(&now[block], &shadow_[block], kBlock) == 0) continue;
    for (std::size_t at = block; at < block + kBlock; at += kWord) {
      std::uint64_t before = 0;
      std::uint64_t value = 0;
      std::memcpy(&before, &shadow_[at], kWord);
      std::memcpy(&value, &now[at], kWord);
      if (before != value) Append({{&now[at], kWord, before, value, false}, true});
    }
    std::memcpy(&shadow_[block], &now[block], kBlock);
  }
}

void StoreLog::OnStore(const Stored& stored) {
  Sweep();
  Append({stored, false});
  if (shadow_.empty()) return;
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(stored.word) -
                            reinterpret_cast<std::uintptr_t>(memory_().data());
  if (at < shadow_.size()) std::memcpy(&shadow_[at], &stored.value, stored.bytes);
}

void StoreLog::Append(const Entry& entry) {
  entries_.push_back(entry);
  near_[AlignedAt(entry.word)].push_back(entries_.size());
  places_.clear();
}

const std::vector<StoreLog::Place>& StoreLog::StoresTo(const void* word, std::size_t bytes) const {
  const auto [found, fresh] = places_.try_emplace(word);
  std::vector<Place>& places = found->second;
  if (!fresh) return places;
  const auto near = near_.find(AlignedAt(word));
  if (near == near_.end()) return places;
  const std::size_t shift = 8 * (reinterpret_cast<std::uintptr_t>(word) % kWord);
  const std::uint64_t mask = ~std::uint64_t{0} >> 8 * (kWord - bytes);
  for (const std::size_t place : near->second) {
    const Entry& entry = at(place);
    if (!entry.plain && entry.word != word) continue;
    const std::uint64_t before = entry.plain ? entry.before >> shift & mask : entry.before;
    const std::uint64_t value = entry.plain ? entry.value >> shift & mask : entry.value;
    if (entry.plain && before == value) continue;
    if (places.empty()) places.push_back({0, before, true});
    places.push_back({place, value, entry.releases});
  }
  return places;
}

StoreLog StoreLog::Moved(std::size_t from, std::size_t to) const {
  std::vector<Entry> order = entries_;
  // Places count from 1.
  const auto at = [&](std::size_t place) {
    return order.begin() + static_cast<std::ptrdiff_t>(place) - 1;
  };
  if (from > to)
    std::rotate(at(to), at(from), at(from) + 1);
  else
    std::rotate(at(from), at(from) + 1, at(to));
  StoreLog moved;
  for (const Entry& entry : order) moved.Append(entry);
  return moved;
}

StoreLog StoreLog::Weakened(std::size_t at) const {
  StoreLog weakened;
  for (std::size_t place = 1; place <= size(); ++place) {
    Entry entry = this->at(place);
    if (place == at) entry.releases = false;
    weakened.Append(entry);
  }
  return weakened;
}

std::size_t ForEachSight(const StoreLog& log, const View& from,
                         const std::function<void(const View&)>& look, std::size_t most) {
  Chooser chooser(log);
  const Watching watching(&chooser);
  std::size_t count = 0;
  do {
    chooser.Begin(from);
    look(chooser.view());
    ++count;
  } while (count < most && chooser.Advance());
  return count;
}

Verdict Judge(const StoreLog& log, const std::vector<std::size_t>& ends, const Question& question,
              std::size_t most) {
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
  const auto look_at_all = [&](const View& from, const std::function<void(const View&)>& look) {
    if (verdict.sights >= most) {
      verdict.all = false;
      return;
    }
    verdict.sights += ForEachSight(log, from, look, most - verdict.sights);
    verdict.all = verdict.all && verdict.sights < most;
  };
  for (std::size_t begun = 0; begun < ends.size(); ++begun) {
    std::set<std::pair<View, std::size_t>> firsts;
    const auto look = [&](const View& view) {
      const std::string answer = question.ask(view);
      firsts.insert({view, earliest(answer, begun, "a reader")});
    };
    look_at_all({ends[begun]}, look);
    if (!verdict.wrong.empty()) return verdict;
    for (const auto& [view, state] : firsts) {
      const auto look_again = [&, from = state](const View& now) {
        earliest(question.ask(now), from, "a reader that knows what another one saw");
      };
      look_at_all(view, look_again);
    }
  }
  return verdict;
}

}  // namespace portolan::mapcore::steps
