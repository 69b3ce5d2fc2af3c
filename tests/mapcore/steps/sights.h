#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "tests/mapcore/steps/steps.h"

namespace portolan::mapcore::steps {

// The stores of one writer in the order of its program, noted while it runs the real code; and what
// readers beside it may see of them.
//
// A writer that never waits for its readers, and reads nothing that they write, does the same
// whatever they do. So it runs once, alone. What a reader beside it can observe is then a choice at
// each of its loads: any store to that word which is not older than what the reader knows (the
// release-acquire fragment of the C++ memory model, with views as in Kang et al., "A Promising
// Semantics for Relaxed-Memory Concurrency", 2017, here with one writer and no promises):
//
// - a load never returns a store that is older than the newest to this word which happened before
// - nor one that is older than what this reader loaded from this word before (coherence)
// - an acquiring load of a releasing store knows all that the writer did before it
//
// That holds every interleaving of writer and readers, and what processors weaker than x86 add.
class StoreLog : public Watcher {
 public:
  void OnStore(const Stored& stored) override {
    entries_.push_back(stored);
    Index(entries_.size());
  }
  std::uint64_t OnLoad(const void*, std::uint64_t value, bool) override { return value; }
  void OnPause() override {}

  // Stores are named by their place in it, from 1; 0 names what was there before.
  const Stored& at(std::size_t place) const { return entries_[place - 1]; }
  std::size_t size() const { return entries_.size(); }
  // Of a word that was stored to; the first is what was there before the first of them.
  struct Place {
    std::size_t at;
    std::uint64_t value;
    bool releases;
  };
  const std::vector<Place>* StoresTo(const void* word) const;

  // Logs of orders that are not the code's, for tests of what finds that out: with the store at
  // `from` moved to just before the one at `to`, and with a store that releases nothing.
  StoreLog Moved(std::size_t from, std::size_t to) const;
  StoreLog Weakened(std::size_t at) const;

 private:
  void Index(std::size_t place);

  std::vector<Stored> entries_;
  std::unordered_map<const void*, std::vector<Place>> places_;
};

// What a reader knows of the writer.
struct View {
  std::size_t knows = 0;                         // all stores up to this one happened before
  std::map<const void*, std::size_t> seen = {};  // by word, what was loaded from it
  bool operator<(const View& other) const {
    return std::tie(knows, seen) < std::tie(other.knows, other.seen);
  }
};

// Runs look() once for every combination of what its loads may return to a reader that begins with
// the view `from`; look() is given the view that it has then, which it may look at when it has
// loaded. Returns how many there are.
std::size_t ForEachSight(const StoreLog& log, const View& from,
                         const std::function<void(const View&)>& look);

// What is asked of a map, and what is answered after each of the writer's operations: answers[i]
// after i of them.
struct Question {
  std::function<std::string(const View&)> ask;
  std::vector<std::string> answers;
};

struct Verdict {
  std::string wrong;       // the first sight that no order of whole operations explains; or empty
  std::size_t sights = 0;  // that were looked at
};

// Whether each operation seems to happen at one instant to all readers. ends[i] is the log's size
// after i operations. A reader begins knowing of any number of operations, asks, and is answered as
// after those or later ones; a second one that knows what the first one saw asks too, and is not
// answered as before what the first one was answered.
Verdict Judge(const StoreLog& log, const std::vector<std::size_t>& ends, const Question& question);

}  // namespace portolan::mapcore::steps
