#include "controller/store/event_chain.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

reconciler::Event StepStarted() {
  reconciler::Event event;
  event.time = WallTime(Duration(1'795'224'600'250));
  event.map = "limits";
  event.type = "Normal";
  event.reason = "StepStarted";
  event.message = "5 % → 20 %";
  event.actor = "controller";
  event.data = manifests::Value(manifests::Value::Object{{"weight", 20000}, {"from", 5000}});
  return event;
}

// The example of docs/state-format.md.
constexpr char kBody[] =
    R"({"actor":"controller","data":{"from":5000,"weight":20000},"map":"limits","message":"5 % → 20 %",)"
    R"("reason":"StepStarted","sequence":1,"source":"","time":"2026-11-21T01:30:00.250Z","type":"Normal"})";

TEST(EventChain, TheFirstLinkIsTheOneInTheDocumentation) {
  ChainHead head;
  const auto link = AppendToChain(StepStarted(), head);
  ASSERT_TRUE(link.ok());
  EXPECT_EQ(link->body, kBody);
  EXPECT_EQ(link->prev_hash, std::string(64, '0'));
  EXPECT_EQ(link->hash, "1d8f03848b4ea012f1c229b3a8333d2551b79c0228b549e15f0a995a05545dfd");
  EXPECT_EQ(head, (ChainHead{1, link->hash}));
}

TEST(EventChain, AnEventReadsBackAsItWas) {
  reconciler::Event event = StepStarted();
  event.sequence = 9;
  const auto read = DecodeEvent(EncodeEvent(event));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(EncodeEvent(*read), EncodeEvent(event));
  EXPECT_EQ(read->data, event.data);
  EXPECT_EQ(read->time, event.time);
}

TEST(EventChain, DataAsDeepAsAnyInputIsStored) {
  reconciler::Event event = StepStarted();
  event.data = manifests::ParseJson(std::string(manifests::kJsonDepthMax, '[') +
                                    std::string(manifests::kJsonDepthMax, ']'))
                   .value();
  ChainHead head;
  const auto link = AppendToChain(event, head);
  ASSERT_TRUE(link.ok()) << link.error().message;
  EXPECT_EQ(DecodeEvent(link->body)->data, event.data);
}

TEST(EventChain, ARefusedEventLeavesTheHeadWhereItWas) {
  reconciler::Event event = StepStarted();
  event.actor = "\xC0";
  ChainHead head;
  EXPECT_EQ(AppendToChain(event, head).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(head, ChainHead());
}

class CheckLinkTest : public ::testing::Test {
 protected:
  // What CheckLink says of the second of two links after `change`.
  std::string Verdict(void (*change)(ChainLink&)) {
    ChainHead written;
    const ChainLink first = AppendToChain(StepStarted(), written).value();
    ChainLink second = AppendToChain(StepStarted(), written).value();
    change(second);
    ChainHead head;
    EXPECT_TRUE(CheckLink(first, head).ok());
    const Status status = CheckLink(second, head);
    if (status.ok()) return "ok";
    EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
    return status.error().message;
  }
};

TEST_F(CheckLinkTest, AcceptsWhatWasWritten) {
  EXPECT_EQ(Verdict([](ChainLink&) {}), "ok");
}

TEST_F(CheckLinkTest, FindsAHole) {
  EXPECT_EQ(Verdict([](ChainLink& link) { link.sequence = 3; }),
            "event 2: missing; the next one stored is 3");
}

TEST_F(CheckLinkTest, FindsAChangedBody) {
  EXPECT_NE(Verdict([](ChainLink& link) {
              link.body.replace(link.body.find("20000"), 5, "10000");
            }).find("event 2: its content does not match its hash"),
            std::string::npos);
}

TEST_F(CheckLinkTest, FindsALinkOfAnotherChain) {
  EXPECT_NE(Verdict([](ChainLink& link) {
              link.prev_hash = std::string(64, 'a');
              link.hash = EventHash(link.prev_hash, link.body);
            }).find("its prev_hash is not the hash of the event before it"),
            std::string::npos);
}

TEST_F(CheckLinkTest, FindsABodyMovedToAnotherPlace) {
  EXPECT_EQ(Verdict([](ChainLink& link) {
              link.body.replace(link.body.find("\"sequence\":2"), 12, "\"sequence\":5");
              link.hash = EventHash(link.prev_hash, link.body);
            }),
            "event 2: its body has another sequence");
}

}  // namespace
}  // namespace portolan::controller
