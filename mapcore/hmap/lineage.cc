#include "mapcore/hmap/lineage.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "mapcore/hmap/released.h"

namespace portolan::mapcore::hmap {
namespace {

constexpr std::uint32_t kReclaimAt = 4096;  // unlinked blocks per look at the readers
constexpr std::uint32_t kSparesKept = 4;

}  // namespace

struct Lineage::StateSlab {
  static constexpr std::size_t kStates = 16;
  StateSlab* next;
  SnapshotState states[kStates];
};

SnapshotState* Lineage::NewState() {
  if (free_states_ == nullptr) {
    auto* slab = new (std::nothrow) StateSlab;
    if (slab == nullptr) return nullptr;
    slab->next = std::exchange(slabs_, slab);
    for (SnapshotState& state : slab->states) {
      state.older = free_states_;
      free_states_ = &state;
    }
  }
  SnapshotState* state = std::exchange(free_states_, free_states_->older);
  // The next one is wanted soon, and was let go long ago.
  for (std::size_t at = 0; free_states_ != nullptr && at < sizeof *state; at += 64)
    __builtin_prefetch(reinterpret_cast<const char*>(free_states_) + at, 1);
  return state;
}

// Its dead list was handed on.
void Lineage::Recycle(SnapshotState& snapshot) {
  assert(snapshot.dead.empty());
  snapshot.older = free_states_;
  free_states_ = &snapshot;
}

Lineage::Lineage(std::unique_ptr<Arena> arena, ReaderDomain* readers, std::uint32_t waiting_max,
                 std::uint32_t first_version)
    : arena_(std::move(arena)),
      readers_(readers),
      version_(first_version),
      waiting_max_(waiting_max) {}

// What the arena holds goes with it.
Lineage::~Lineage() {
  while (branches_ != nullptr) {
    Branch* branch = branches_;
    branches_ = branch->next;
    delete branch;
  }
  while (slabs_ != nullptr) {
    StateSlab* slab = slabs_;
    slabs_ = slab->next;
    delete slab;
  }
}

Branch* Lineage::NewBranch(SnapshotState* base) {
  auto* branch = new (std::nothrow) Branch;
  if (branch == nullptr) return nullptr;
  if (base != nullptr) {
    base->uses.fetch_add(SnapshotState::kFork, std::memory_order_relaxed);
    branch->base = base;
    branch->head = base->contents;
  }
  branch->next = branches_;
  if (branches_ != nullptr) branches_->previous = branch;
  branches_ = branch;
  return branch;
}

bool Lineage::HoldsOnly(const Branch& branch) const {
  return branches_ == &branch && branch.next == nullptr && branch.newest == nullptr &&
         branch.base == nullptr && branch.dead.empty() && waiting_.empty() && iterations_ == 0 &&
         compaction_.phase == CompactionState::Phase::kIdle;
}

bool Lineage::CopyFrom(const Lineage& from) {
  if (!arena_->CopyFrom(*from.arena_)) return false;
  version_ = from.version_;
  digests_kept_ = from.digests_kept_;
  spare_count_ = from.spare_count_;
  leaked_ = from.leaked_;
  RefList::Block** link = &spares_;
  for (const RefList::Block* spare = from.spares_; spare != nullptr; spare = spare->next) {
    *link = static_cast<RefList::Block*>(arena_->At(from.arena_->RefOf(spare)));
    link = &(*link)->next;
  }
  *link = nullptr;
  return true;
}

SnapshotState* Lineage::Take(Branch& branch) {
  // Here and not in LetGo(), which runs on any thread: what a snapshot kept is the writer's to
  // free.
  if (HasReleased()) Drain();
  if (out_of_versions()) return nullptr;
  SnapshotState* snapshot = NewState();
  if (snapshot == nullptr) return nullptr;
  snapshot->contents = branch.head;
  // What is born from now on is younger than this: the head copies before it changes what is not.
  snapshot->version = version_++;
  snapshot->uses.store(SnapshotState::kHandle, std::memory_order_relaxed);
  ++taken_;
  snapshot->digest_known.store(false, std::memory_order_relaxed);
  snapshot->branch = &branch;
  snapshot->newer = nullptr;
  snapshot->older = branch.newest;
  (branch.newest != nullptr ? branch.newest->newer : branch.oldest) = snapshot;
  branch.newest = snapshot;
  return snapshot;
}

void Lineage::StopCompaction() {
  arena_->ResumeAll();
  compaction_.phase = CompactionState::Phase::kIdle;
  compaction_.owner = nullptr;
  // Not again before something has changed.
  compaction_.record_bytes_then = arena_->stats().record_bytes;
  compaction_.extent_bytes_then = arena_->stats().record_extent_bytes;
}

// What no snapshot has is found by walking the head, not by a list of what it made: a map that is
// dropped whole costs its own blocks, and a write nothing.
void Lineage::DropHead(Branch& branch) {
  if (compaction_.owner == &branch) StopCompaction();
  branch.left_in = std::max(1u, ReaderEpoch());
  ++left_heads_;
  const std::uint32_t passed = readers_ == nullptr ? UINT32_MAX : readers_->Advance();
  if (waiting_max_ != UINT32_MAX && !MayDrop(branch, passed)) {
    ForEachBlock(branch.head, branch.floor(), [&](void*) { ++branch.left_blocks; });
    left_blocks_ += branch.left_blocks;
  }
  DropLeft(passed);
  Drain();
}

bool Lineage::MayDrop(const Branch& branch, std::uint32_t passed) const {
  return branch.left_in != 0 && branch.left_in <= passed && iterations_ == 0;
}

bool Lineage::DropLeft(std::uint32_t passed) {
  if (left_heads_ == 0) return false;
  const std::uint32_t before = left_heads_;
  for (Branch *branch = branches_, *next = nullptr; branch != nullptr; branch = next) {
    next = branch->next;
    if (!MayDrop(*branch, passed)) continue;
    --left_heads_;
    left_blocks_ -= std::exchange(branch->left_blocks, 0);
    DropHeadNow(*branch);
  }
  return left_heads_ < before;
}

// No other branch ends with it: what it was forked from ends with a snapshot that is released.
void Lineage::DropHeadNow(Branch& branch) {
  FreeAll(branch.head, branch.floor());
  branch.has_head = false;
  branch.left_in = 0;
  branch.head = Contents{};
  Discard(branch.newest != nullptr ? branch.newest->dead : branch.dead);
  EndIfEmpty(branch);
}

// The branches keep their places, because maps point at them; what they are is exchanged. For a
// reader it is one store, the top's: counters are looked at by the writer only.
void Lineage::Swap(Branch& a, Branch& b) {
  for (SnapshotState* s = a.oldest; s != nullptr; s = s->newer) s->branch = &b;
  for (SnapshotState* s = b.oldest; s != nullptr; s = s->newer) s->branch = &a;
  std::swap(a.base, b.base);
  std::swap(a.oldest, b.oldest);
  std::swap(a.newest, b.newest);
  std::swap(a.dead, b.dead);
  std::swap(a.has_head, b.has_head);
  const Contents head = a.head;
  Publish(a, b.head);
  Publish(b, head);
}

void Lineage::Publish(Branch& branch, const Contents& contents) {
  Store(branch.head.top, contents.top);
  static_cast<Counters&>(branch.head) = contents;
}

std::uint32_t Lineage::BirthOf(const void* block) const {
  switch (arena_->KindOf(arena_->RefOf(block))) {
    case Arena::Kind::kRecords:
      return static_cast<const Record*>(block)->birth();
    case Arena::Kind::kPages:
      return static_cast<const Page*>(block)->birth();
    default:
      return static_cast<const Node*>(block)->birth;
  }
}

// By way of a second branch, so that snapshots of before keep a branch whose births are in order:
// the new contents are younger than all of them, and share nothing with them.
void Lineage::Restart(Branch& branch, Branch& past, const Contents& contents) {
  past.head = contents;
  Swap(branch, past);
  DropHead(past);
}

void Lineage::Leave(Branch& branch) {
  // The last of its lineage need not free block by block.
  const bool last = --maps_ == 0;
  if (!last || kept_.load(std::memory_order_acquire) + taken_ > 0) DropHead(branch);
  if (last && kept_.fetch_add(taken_, std::memory_order_acq_rel) + taken_ == 0) delete this;
}

// `before` tells who was last: forks count in the upper half, so a snapshot that a fork still
// stands on is given up as a handle, and not released. The last line may run on a thread that never
// saw the map: acq_rel makes all that others did to the lineage happen before its end.
void Lineage::LetGo(SnapshotState& snapshot) {
  const std::uint64_t before =
      snapshot.uses.fetch_sub(SnapshotState::kHandle, std::memory_order_acq_rel);
  if (before % SnapshotState::kFork != SnapshotState::kHandle) return;
  if (before == SnapshotState::kHandle) Release(snapshot);
  if (kept_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void Lineage::Unpin(SnapshotState& snapshot) {
  if (snapshot.uses.fetch_sub(SnapshotState::kFork, std::memory_order_acq_rel) ==
      SnapshotState::kFork)
    Release(snapshot);
}

// Nobody uses it any more. A stack that only grows here and is only taken as a whole (Drain) has no
// ABA problem: no element is ever compared with one that was freed meanwhile.
void Lineage::Release(SnapshotState& snapshot) {
  snapshot.next_released = released_.load(std::memory_order_relaxed);
  while (!released_.compare_exchange_weak(snapshot.next_released, &snapshot,
                                          std::memory_order_release, std::memory_order_relaxed)) {
  }
}

// Until nothing moves any more: freeing a branch may unpin the snapshot it was forked from, which
// is released in turn, and two branches that become one may leave a third that can join them.
void Lineage::Drain() {
  draining_ = true;
  while (ReleaseAll() && JoinOne()) {
  }
  draining_ = unseen_ = false;
}

// False without memory to note what has to wait; those that are left are released later.
bool Lineage::ReleaseAll() {
  while (SnapshotState* released = released_.exchange(nullptr, std::memory_order_acquire)) {
    // What the oldest kept is freed; what a younger one kept may be the next older one's still, and
    // is handed on. The other way round a block would be handed on once for each of them.
    SnapshotState* snapshot = released->next_released == nullptr ? released : OldestFirst(released);
    for (SnapshotState* next = nullptr; snapshot != nullptr; snapshot = next) {
      next = snapshot->next_released;
      if (!MayNote()) {
        for (; snapshot != nullptr; snapshot = next) {
          next = snapshot->next_released;
          Release(*snapshot);
        }
        return false;
      }
      ReleaseNow(*snapshot);
    }
  }
  return true;
}

// What is freed of a snapshot may have to wait, which takes a note's block or two; the others are
// those that its own list gives back. Without memory for them nothing has to wait if nobody is
// reading now: all that is in the lists died before.
bool Lineage::MayNote() {
  if ((readers_ == nullptr && iterations_ == 0) || unseen_ || spare_count_ >= 2 || PrepareRoom(0))
    return true;
  unseen_ = iterations_ == 0 && ReadersPassed(ReaderEpoch());
  return unseen_;
}

bool Lineage::JoinOne() {
  for (Branch* branch = branches_; branch != nullptr; branch = branch->next)
    if (JoinIfLeft(*branch)) return true;
  return false;
}

// A block in this snapshot's dead list died while it was the newest, so younger versions do not
// have it; of older ones the next has it if it was born by then, and if that has not, none has.
void Lineage::ReleaseNow(SnapshotState& snapshot) {
  Branch& branch = *snapshot.branch;
  SnapshotState* older = snapshot.older != nullptr ? snapshot.older : branch.base;
  const std::uint32_t born_after = older != nullptr ? older->version : 0;
  if (snapshot.newer == nullptr && !branch.has_head) {
    // It stood for the head. What died later is still reached from here, and found by the walk.
    FreeAll(snapshot.contents, born_after);
    Discard(snapshot.dead);
  } else {
    snapshot.dead.Filter(
        [&](const RefList::Item& item) { __builtin_prefetch(arena_->At(item.ref)); },
        [&](const RefList::Item& item) {
          if (item.tag <= born_after) return ++handed_on_, true;
          Free(arena_->At(item.ref));
          return false;
        },
        [&](RefList::Block* block) { Recycle(block); });
    (snapshot.older != nullptr ? snapshot.older->dead : branch.dead).Join(std::move(snapshot.dead));
  }
  Unlink(snapshot);
  Recycle(snapshot);
  EndIfEmpty(branch);
}

void Lineage::Unlink(SnapshotState& snapshot) {
  Branch& branch = *snapshot.branch;
  (snapshot.older != nullptr ? snapshot.older->newer : branch.oldest) = snapshot.newer;
  (snapshot.newer != nullptr ? snapshot.newer->older : branch.newest) = snapshot.older;
}

void Lineage::EndIfEmpty(Branch& branch) {
  if (branch.has_head || branch.newest != nullptr) return;
  Discard(branch.dead);
  if (branch.base != nullptr) Unpin(*branch.base);
  (branch.previous != nullptr ? branch.previous->next : branches_) = branch.next;
  if (branch.next != nullptr) branch.next->previous = branch.previous;
  delete &branch;
}

// Where one fork alone still needs this branch's newest snapshot, and the branch has no head, the
// fork goes on in its place. True when it did; a snapshot may then wait to be drained.
bool Lineage::JoinIfLeft(Branch& branch) {
  SnapshotState* last = branch.newest;
  if (branch.has_head || last == nullptr ||
      last->uses.load(std::memory_order_acquire) != SnapshotState::kFork)
    return false;
  Branch* fork = branches_;
  while (fork != nullptr && fork->base != last) fork = fork->next;
  if (fork == nullptr) return false;

  for (SnapshotState* s = last; s != nullptr; s = s->older) s->branch = fork;
  Discard(last->dead);
  last->dead = std::exchange(fork->dead, std::exchange(branch.dead, RefList{}));
  last->newer = fork->oldest;
  (fork->oldest != nullptr ? fork->oldest->older : fork->newest) = last;
  fork->oldest = branch.oldest;
  fork->base = std::exchange(branch.base, nullptr);
  branch.oldest = branch.newest = nullptr;
  EndIfEmpty(branch);
  Unpin(*last);
  return true;
}

// Of a branch without a head, or whose head was left by everybody: nobody else can be in them.
void Lineage::FreeAll(const Contents& contents, std::uint32_t born_after) {
  ForEachBlock(contents, born_after, [&](void* block) { FreeBlock(block); });
}

// Before a write changes anything: its deaths can then be noted without failing, and a write that
// cannot be noted does not happen.
bool Lineage::PrepareRoom(std::uint32_t deaths) {
  const std::uint32_t wanted = 2 + deaths / RefList::Block::kItems;
  while (spare_count_ < wanted) {
    auto* block = static_cast<RefList::Block*>(arena_->AllocateNode(sizeof(RefList::Block)));
    if (block == nullptr) return false;
    block->next = spares_;
    spares_ = block;
    ++spare_count_;
  }
  return true;
}

void Lineage::Append(RefList& list, RefList::Item item) {
  RefList::Block* spare = nullptr;
  if (list.NeedsBlock()) {
    if (spares_ == nullptr && !PrepareRoom(0)) {
      // Only where no caller prepared, which Validate() reports: a block too many is kept rather
      // than one freed that somebody may see.
      ++leaked_;
      return;
    }
    spare = std::exchange(spares_, spares_->next);
    --spare_count_;
  }
  list.Append(item, spare);
}

void Lineage::Retire(Branch& branch, void* block, std::uint32_t birth) {
  if (birth > branch.floor()) return Free(block);
  Append(branch.newest != nullptr ? branch.newest->dead : branch.dead,
         {arena_->RefOf(block), birth});
}

void Lineage::Free(void* block) {
  if (unseen_ || (readers_ == nullptr && iterations_ == 0)) return FreeBlock(block);
  Append(waiting_, {arena_->RefOf(block), readers_ == nullptr ? 0 : readers_->epoch()});
  if (++waiting_count_ >= reclaim_at_ && iterations_ == 0) Reclaim();
}

void Lineage::FreeBlock(void* block) {
  switch (arena_->KindOf(arena_->RefOf(block))) {
    case Arena::Kind::kRecords:
      return arena_->FreeRecord(block, BytesOf(block));
    case Arena::Kind::kPages:
      return arena_->FreePage(block);
    case Arena::Kind::kNodes:
      return arena_->FreeNode(block, BytesOf(block));
    case Arena::Kind::kFree:
      break;
  }
  assert(false);
}

std::size_t Lineage::BytesOf(const void* block) const {
  switch (arena_->KindOf(arena_->RefOf(block))) {
    case Arena::Kind::kRecords:
      return static_cast<const Record*>(block)->bytes();
    case Arena::Kind::kPages:
      return sizeof(Page);
    case Arena::Kind::kNodes:
      return static_cast<const Node*>(block)->bytes;
    case Arena::Kind::kFree:
      break;
  }
  return 0;
}

Lineage::Waiting Lineage::waiting() const {
  Waiting waiting;
  const auto add = [&](const void* block) {
    ++waiting.blocks;
    waiting.bytes += BytesOf(block);
  };
  waiting_.ForEach([&](const RefList::Item& item) { add(arena_->At(item.ref)); });
  for (const Branch* branch = branches_; branch != nullptr; branch = branch->next)
    if (branch->left_in != 0) ForEachBlock(branch->head, branch->floor(), add);
  return waiting;
}

// Every kReclaimAt blocks, or when those that had to stay have doubled: a reader that stands still
// costs memory, and not a look at all that waits with each write.
void Lineage::Reclaim() {
  const std::uint32_t passed = readers_ == nullptr ? UINT32_MAX : readers_->Advance();
  // A release under way knows its branch, and which snapshot is the next older one.
  const bool dropped = !draining_ && DropLeft(passed);
  // In the order of their epochs.
  if (!waiting_.empty() && waiting_.first().tag <= passed)
    waiting_.Filter([&](const RefList::Item& item) { __builtin_prefetch(arena_->At(item.ref), 1); },
                    [&](const RefList::Item& item) {
                      if (item.tag > passed) return true;
                      FreeBlock(arena_->At(item.ref));
                      --waiting_count_;
                      return false;
                    },
                    [&](RefList::Block* block) { Recycle(block); });
  reclaim_at_ = 2 * waiting_count_ + kReclaimAt;
  if (dropped) Drain();  // what it was forked from may be nobody's now
}

bool Lineage::ReclaimForWrite() {
  if ((!AnyWaits() && !HasReleased()) || iterations_ > 0) return false;
  const std::uint64_t before = arena_->stats().live_bytes();
  Reclaim();
  if (HasReleased()) Drain();
  return arena_->stats().live_bytes() < before;
}

// Where there are readers as well the blocks wait for those, and go with a later write's look.
void Lineage::EndIteration() {
  if (--iterations_ == 0 && waiting_count_ + left_heads_ > 0 && readers_ == nullptr) Reclaim();
}

void Lineage::Recycle(RefList::Block* block) {
  if (spare_count_ >= kSparesKept) return arena_->FreeNode(block, sizeof *block);
  block->next = spares_;
  spares_ = block;
  ++spare_count_;
}

void Lineage::Discard(RefList& list) {
  list.Filter([](const RefList::Item&) {}, [](const RefList::Item&) { return false; },
              [&](RefList::Block* block) { Recycle(block); });
}

Lineage::Counts Lineage::counts() const {
  Counts counts{.waiting = waiting_count_, .leaked = leaked_, .handed_on = handed_on_};
  for (const Branch* branch = branches_; branch != nullptr; branch = branch->next) {
    ++counts.branches;
    counts.heads += branch->has_head;
    for (const SnapshotState* s = branch->oldest; s != nullptr; s = s->newer) ++counts.snapshots;
  }
  return counts;
}

}  // namespace portolan::mapcore::hmap
