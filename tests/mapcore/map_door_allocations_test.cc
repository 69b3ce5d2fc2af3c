// A door without memory of the heap.
#include <gtest/gtest.h>

#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>

#include "mapcore/map_door.h"
#include "tests/mapcore/heap.h"

namespace portolan::mapcore {
namespace {

const std::string kLongKey(100, 'k');  // longer than a string keeps in itself
const std::string kBefore(100, 'b');
const std::string kAfter(100, 'a');

// Fails at every event while told to, when it has done half of it; and where it finds no memory.
class BrittleMirror : public ChangeAware {
 public:
  enum class Way { kError, kThrow };

  Status OnChange(const MapEvent& event) override {
    if (fails) {
      contents.erase(std::string(event.key));
      if (way == Way::kThrow) throw broken;
      return Error{ErrorCode::kUnavailable, std::string(100, 'e')};
    }
    if (event.after)
      contents[std::string(event.key)] = *event.after;
    else
      contents.erase(std::string(event.key));
    return {};
  }
  Status OnReset() override {
    contents.clear();
    return {};
  }

  std::map<std::string, std::string> contents;
  bool fails = false;
  Way way = Way::kError;
  const std::runtime_error broken{std::string(100, 'e')};  // made while there is memory
};

enum class DoorChange { kPut, kOverwrite, kErase };

void MakeAt(DoorChange change, MapDoor& door) {
  try {
    if (change == DoorChange::kErase)
      (void)door.Erase(kLongKey);
    else
      (void)door.Put(change == DoorChange::kPut ? kLongKey + "new" : kLongKey, kAfter);
  } catch (const std::bad_alloc&) {
  }
}

// Whatever a change without memory came to: an observer whose failure cannot even be noted is told
// later what the map became, and so are those behind it.
TEST(MapDoorAllocations, NoMirrorDriftsWhereMemoryIsOutInAChange) {
  for (const auto way : {BrittleMirror::Way::kError, BrittleMirror::Way::kThrow})
    for (const auto change : {DoorChange::kPut, DoorChange::kOverwrite, DoorChange::kErase}) {
      std::uint64_t failed = 0;
      for (std::uint64_t granted = 0;; ++granted) {
        SCOPED_TRACE(testing::Message() << "after " << granted << " calls");
        const auto door = MapDoor::Create({.seed = 1}).value();
        ASSERT_TRUE(door->Put(kLongKey, kBefore).ok());
        BrittleMirror brittle, behind;
        const MapDoor::ObserverId ids[] = {door->Subscribe(brittle), door->Subscribe(behind)};
        brittle.fails = true;
        brittle.way = way;
        bool met = false;
        {
          const HeapFault fault(granted);
          MakeAt(change, *door);
          met = fault.met();
        }
        brittle.fails = false;
        for (const MapDoor::ObserverId id : ids) ASSERT_TRUE(*door->Resume(id));
        std::map<std::string, std::string> contents;
        door->TakeSnapshot(0)->ForEach(
            [&](const hmap::Record& record) { contents.emplace(record.key(), record.value()); });
        ASSERT_EQ(brittle.contents, contents);
        ASSERT_EQ(behind.contents, contents);
        if (!met) break;
        ++failed;
      }
      EXPECT_GT(failed, 3u);
    }
}

// Who is not told the id of a subscription cannot end it, nor let go of the snapshot that it keeps.
TEST(MapDoorAllocations, AnObserverIsSubscribedUnderAnIdThatIsReturnedOrNotAtAll) {
  std::uint64_t behind = 0;
  for (std::uint64_t granted = 0;; ++granted) {
    SCOPED_TRACE(testing::Message() << "after " << granted << " calls");
    const auto door = MapDoor::Create({.seed = 1}).value();
    ASSERT_TRUE(door->Put(kLongKey, kBefore).ok());
    const Snapshot from = door->TakeSnapshot(0).value();
    ASSERT_TRUE(door->Put(kLongKey, kAfter).ok());
    BrittleMirror mirror;
    mirror.contents[kLongKey] = kBefore;
    std::optional<MapDoor::ObserverId> id;
    bool met = false;
    {
      const HeapFault fault(granted);
      try {
        id = door->Subscribe(mirror, from);
        (void)door->Resume(*id);
      } catch (const std::bad_alloc&) {
      }
      met = fault.met();
    }
    if (!met) break;
    if (!id) {
      ASSERT_FALSE(door->StateOf(1));
      continue;
    }
    ++behind;
    ASSERT_FALSE(door->StateOf(*id)->following);
    ASSERT_EQ(door->StateOf(*id)->failures, 2u);
    ASSERT_TRUE(*door->Resume(*id));
    ASSERT_EQ(mirror.contents, (std::map<std::string, std::string>{{kLongKey, kAfter}}));
  }
  EXPECT_GT(behind, 1u);
}

}  // namespace
}  // namespace portolan::mapcore
