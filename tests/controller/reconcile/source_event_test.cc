#include "controller/reconcile/source_event.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(SourceEvent, IsOfTheSourceByTheRepositoryAndHasDataToAddTo) {
  const reconciler::Event event = SourceEvent("edge", "Warning", "PoliciesTooOld", "they are old");
  EXPECT_EQ(event.source, "edge");
  EXPECT_EQ(event.type, "Warning");
  EXPECT_EQ(event.reason, "PoliciesTooOld");
  EXPECT_EQ(event.message, "they are old");
  EXPECT_EQ(event.actor, "git");
  EXPECT_TRUE(event.map.empty());
  EXPECT_TRUE(event.data.is_object());
}

}  // namespace
}  // namespace portolan::controller
