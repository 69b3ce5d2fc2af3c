#include "manifests/json_events.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::manifests {
namespace {

// Writes events as a line of text; ends the scan at the scalar "stop".
class Recorder : public JsonEvents {
 public:
  bool OnScalar(JsonScalar scalar, Position position) override {
    Add("scalar " + WriteJson(scalar.value) + " '" + scalar.text + "'", position);
    return !(scalar.value == Value("stop"));
  }
  bool OnKey(std::string key, Position position) override {
    Add("key " + key, position);
    return true;
  }
  bool OnStart(Value::Kind kind, Position position) override {
    Add("start " + std::string(KindName(kind)), position);
    return true;
  }
  bool OnEnd() override {
    seen += "end; ";
    return true;
  }

  std::string seen;

 private:
  void Add(const std::string& event, Position p) {
    seen += event + " " + std::to_string(p.line) + ":" + std::to_string(p.column) + "; ";
  }
};

TEST(ScanJson, TellsEveryPartInOrderWithItsPlace) {
  TextSource source("{\"a\" : [1.0,\n-2 ],\"b\":\"x\"}");
  Recorder recorder;
  EXPECT_FALSE(ScanJson(source, 8, recorder).has_value());
  EXPECT_EQ(recorder.seen,
            "start object 1:1; key a 1:2; start array 1:8; scalar 1 '1.0' 1:9; "
            "scalar -2 '-2' 2:1; end; key b 2:6; scalar \"x\" '' 2:10; end; ");
}

TEST(ScanJson, EndsWithoutAProblemWhenTheReceiverHasEnough) {
  TextSource source("[1,\"stop\",2,");
  Recorder recorder;
  EXPECT_FALSE(ScanJson(source, 8, recorder).has_value());
  EXPECT_EQ(recorder.seen, "start array 1:1; scalar 1 '1' 1:2; scalar \"stop\" '' 1:4; ");
}

TEST(ScanJson, ReportsTheProblemWithItsPlace) {
  TextSource source("[[[1]]]");
  Recorder recorder;
  const auto problem = ScanJson(source, 2, recorder);
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(FormatDiagnostic(*problem), "1:3: nested too deep: at most 2 levels");
}

}  // namespace
}  // namespace portolan::manifests
