#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
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
//
// What the writer fills before it publishes it, a new page for one, it writes plainly. Those writes
// are seen by comparing the memory with what it was at the store before; a reader may see them or
// not until it knows of that store, as if they were stores that release nothing. (A program where
// that happens is wrong: they race.)
class StoreLog : public Watcher {
 public:
  // From now on plain writes to this memory are noted as well. It may grow, by zeroes.
  void Cover(std::function<std::span<const char>()> memory);
  // Notes the plain writes since the last store; to be called behind the last one.
  void Sweep();

  void OnStore(const Stored& stored) override;
  std::uint64_t OnLoad(const Load& load) override { return load.value; }
  void OnPause() override {}

  // Stores are named by their place in it, from 1; 0 names what was there before.
  struct Entry : Stored {
    bool plain;  // of eight bytes, of which some may be as before
  };
  const Entry& at(std::size_t place) const { return entries_[place - 1]; }
  std::size_t size() const { return entries_.size(); }
  // Of a word that was stored to; the first is what was there before the first of them.
  struct Place {
    std::size_t at;
    std::uint64_t value;
    bool releases;
  };
  const std::vector<Place>& StoresTo(const void* word, std::size_t bytes) const;

  // Logs of orders that are not the code's, for tests of what finds that out: with the store at
  // `from` moved to just before the one at `to`, and with a store that releases nothing.
  StoreLog Moved(std::size_t from, std::size_t to) const;
  StoreLog Weakened(std::size_t at) const;

 private:
  void Append(const Entry& entry);

  std::vector<Entry> entries_;
  // By the aligned eight bytes that a word lies in: its stores and others.
  std::unordered_map<std::uintptr_t, std::vector<std::size_t>> near_;
  mutable std::unordered_map<const void*, std::vector<Place>> places_;  // made when asked for
  std::function<std::span<const char>()> memory_;
  std::vector<char> shadow_;  // of the memory, at the last store
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
// loaded. Returns how many there are; stops at `most`.
std::size_t ForEachSight(const StoreLog& log, const View& from,
                         const std::function<void(const View&)>& look, std::size_t most = SIZE_MAX);

// What is asked of a map, and what is answered after each of the writer's operations: answers[i]
// after i of them.
struct Question {
  std::function<std::string(const View&)> ask;
  std::vector<std::string> answers;
};

struct Verdict {
  std::string wrong;       // the first sight that no order of whole operations explains; or empty
  std::size_t sights = 0;  // that were looked at
  bool all = true;         // none was left out
};

// Whether each operation seems to happen at one instant to all readers. ends[i] is the log's size
// after i operations. A reader begins knowing of any number of operations, asks, and is answered as
// after those or later ones; a second one that knows what the first one saw asks too, and is not
// answered as before what the first one was answered. `most` bounds the sights.
Verdict Judge(const StoreLog& log, const std::vector<std::size_t>& ends, const Question& question,
              std::size_t most = SIZE_MAX);

}  // namespace portolan::mapcore::steps
