#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

// Takes what a stream writes; the reader hangs up after that many pieces.
class ShortReader final : public StreamWriter {
 public:
  explicit ShortReader(std::size_t pieces_wanted) : wanted_(pieces_wanted) {}

  bool Write(std::string_view bytes) override {
    pieces.emplace_back(bytes);
    return !closed();
  }
  bool closed() const override { return pieces.size() >= wanted_; }
  bool Wait(Duration) override { return !closed(); }
  void OnStop(std::function<void()> wake) override { on_stop = std::move(wake); }

  std::vector<std::string> pieces;
  std::function<void()> on_stop;

 private:
  const std::size_t wanted_;
};

class EventRoutesTest : public ApiTest {
 protected:
  EventRoutesTest() { world.Settle("flags", world.limits_3); }

  static std::vector<std::int64_t> Sequences(const manifests::Value& body) {
    std::vector<std::int64_t> sequences;
    for (const manifests::Value& event : body.Find("events")->as_array())
      sequences.push_back(event.IntOr("sequence", -1));
    return sequences;
  }
};

TEST_F(EventRoutesTest, ListsEventsInOrderWithTheirHashes) {
  const manifests::Value body = GetJson("/v1/events");
  const auto& events = body.Find("events")->as_array();
  ASSERT_GE(events.size(), 6u);
  EXPECT_EQ(Sequences(body).front(), 1);
  EXPECT_EQ(body.IntOr("last", 0), static_cast<std::int64_t>(events.size()));
  EXPECT_EQ(events[0].StringOr("reason", ""), "RolloutStarted");
  EXPECT_EQ(events[0].StringOr("map", ""), "limits");
  EXPECT_EQ(events[0].StringOr("source", ""), "edge");
  EXPECT_EQ(events[0].StringOr("actor", ""), "controller");
  EXPECT_EQ(events[0].StringOr("hash", "").size(), 64u);
  EXPECT_TRUE(events[0].Find("data")->is_object());
}

TEST_F(EventRoutesTest, GoesOnAfterASequenceWithinALimit) {
  EXPECT_EQ(Sequences(GetJson("/v1/events?after=1&limit=2")), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(GetJson("/v1/events?after=1&limit=2").IntOr("last", 0), 3);
  EXPECT_TRUE(Sequences(GetJson("/v1/events?after=999")).empty());
  EXPECT_EQ(GetJson("/v1/events?after=999").IntOr("last", 0), 999);
}

TEST_F(EventRoutesTest, KeepsToOneMap) {
  const manifests::Value body = GetJson("/v1/events?map=flags&limit=2");
  ASSERT_EQ(body.Find("events")->as_array().size(), 2u);
  for (const manifests::Value& event : body.Find("events")->as_array())
    EXPECT_EQ(event.StringOr("map", ""), "flags");
  EXPECT_EQ(body.IntOr("last", 0), Sequences(body).back());
  EXPECT_TRUE(Sequences(GetJson("/v1/events?map=nobody")).empty());
}

TEST_F(EventRoutesTest, RefusesANumberThatIsNone) {
  for (const std::string query : {"after=x", "after=-1", "limit=1x"}) {
    const Response response = Get("/v1/events?" + query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_TRUE(Contains(Problem(response), query.substr(0, 5))) << response.body;
  }
}

TEST_F(EventRoutesTest, StreamsWhatIsNewerThanWhatTheReaderHas) {
  Response response =
      Send({"GET", "/v1/events", "", {{"Accept", "text/event-stream"}, {"Last-Event-ID", "2"}}});
  ASSERT_TRUE(response.stream != nullptr);
  EXPECT_EQ(response.content_type, "text/event-stream");
  ShortReader reader(2);
  response.stream(reader);
  ASSERT_EQ(reader.pieces.size(), 2u);
  EXPECT_TRUE(reader.pieces[0].starts_with("id: 3\ndata: {")) << reader.pieces[0];
  EXPECT_TRUE(reader.pieces[0].ends_with("}\n\n"));
  EXPECT_TRUE(reader.pieces[1].starts_with("id: 4\n"));
}

TEST_F(EventRoutesTest, AStreamOfOneMapLeavesOutTheOthers) {
  Response response =
      Send({"GET", "/v1/events?map=flags&after=0", "", {{"Accept", "text/event-stream"}}});
  ShortReader reader(1);
  response.stream(reader);
  ASSERT_EQ(reader.pieces.size(), 1u);
  EXPECT_TRUE(Contains(reader.pieces[0], "\"map\":\"flags\""));
}

TEST_F(EventRoutesTest, AWaitingStreamSendsWhatHappensNext) {
  const auto last = GetJson("/v1/events").IntOr("last", 0);
  Response response = Send(
      {"GET", "/v1/events?after=" + std::to_string(last), "", {{"Accept", "text/event-stream"}}});
  ShortReader reader(1);
  auto streamed = std::async(std::launch::async, [&] { response.stream(reader); });
  reconciler::Batch batch;
  batch.events.resize(1);
  batch.events[0].reason = "Tested";
  batch.events[0].data = manifests::Value::Object{};
  ASSERT_TRUE(disk.Commit(batch).ok());
  signal.Notify();
  streamed.get();
  ASSERT_EQ(reader.pieces.size(), 1u);
  EXPECT_TRUE(Contains(reader.pieces[0], "\"Tested\""));
}

}  // namespace
}  // namespace portolan::controller
