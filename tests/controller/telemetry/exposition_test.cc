#include "controller/telemetry/exposition.h"

#include <gtest/gtest.h>

#include <clocale>
#include <limits>

namespace portolan::controller {
namespace {

std::string Sample(const std::vector<std::string>& labels, const std::vector<std::string>& values,
                   std::string_view le = "") {
  std::string out;
  AppendSample({"m", "_s", labels, values, le}, 1.5, out);
  return out;
}

TEST(Exposition, NamesFollowThePrometheusGrammar) {
  EXPECT_TRUE(IsMetricName("portolan_reconcile_total"));
  EXPECT_TRUE(IsMetricName("a:b9"));
  EXPECT_FALSE(IsMetricName(""));
  EXPECT_FALSE(IsMetricName("9a"));
  EXPECT_FALSE(IsMetricName("a-b"));
  EXPECT_TRUE(IsLabelName("map"));
  EXPECT_FALSE(IsLabelName("a:b"));
  EXPECT_FALSE(IsLabelName("__name__"));
  EXPECT_FALSE(IsLabelName("le"));
}

TEST(Exposition, LabelValuesEscapeBackslashQuoteAndNewline) {
  EXPECT_EQ(Sample({"a"}, {"x\\y\"z\n"}), "m_s{a=\"x\\\\y\\\"z\\n\"} 1.5\n");
  EXPECT_EQ(Sample({"a", "b"}, {"1", "\xff"}), "m_s{a=\"1\",b=\"\xEF\xBF\xBD\"} 1.5\n");
}

TEST(Exposition, BracesAndLeOnlyWhereThereAreLabels) {
  EXPECT_EQ(Sample({}, {}), "m_s 1.5\n");
  EXPECT_EQ(Sample({}, {}, "+Inf"), "m_s{le=\"+Inf\"} 1.5\n");
  EXPECT_EQ(Sample({"a"}, {"1"}, "5"), "m_s{a=\"1\",le=\"5\"} 1.5\n");
}

TEST(Exposition, HelpEscapesBackslashAndNewlineOnly) {
  std::string out;
  AppendHeader({"m", "a\\b\n\"c\"", {}}, "gauge", out);
  EXPECT_EQ(out, "# HELP m a\\\\b\\n\"c\"\n# TYPE m gauge\n");
}

TEST(Exposition, NumbersReadBackExactly) {
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(1e21), "1e+21");
  EXPECT_EQ(NumberText(-3), "-3");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(NumberText(kInfinity), "+Inf");
  EXPECT_EQ(NumberText(-kInfinity), "-Inf");
  EXPECT_EQ(NumberText(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

}  // namespace
}  // namespace portolan::controller
