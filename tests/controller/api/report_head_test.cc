#include "controller/api/report_head.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

std::string Read(const std::string& body) {
  const auto value = manifests::ParseJson(body);
  const auto head = ReadReportHead(*value);
  return head.ok() ? head->instance + " " + std::to_string(head->batch) + " " +
                         std::to_string(head->items->size())
                   : head.error().message;
}

TEST(ReportHead, SaysWhoReportsForTheHowManiethTimeAndWhat) {
  EXPECT_EQ(Read(R"({"instance": "checkout-7f", "batch": 12, "items": [{}, {}]})"),
            "checkout-7f 12 2");
}

TEST(ReportHead, IsRefusedByTheNameOfTheField) {
  EXPECT_EQ(Read(R"({"batch": 1, "items": []})"),
            "instance: expected the reporter's name, 1 to 128 bytes");
  EXPECT_EQ(Read(R"({"instance": ")" + std::string(129, 'i') + R"(", "batch": 1, "items": []})"),
            "instance: expected the reporter's name, 1 to 128 bytes");
  EXPECT_EQ(Read(R"({"instance": "a", "batch": -1, "items": []})"),
            "batch: expected a number that rises with each report");
  EXPECT_EQ(Read(R"({"instance": "a", "batch": 1})"),
            "items: expected a list of at most 1000 items");
  std::string many = "0";
  for (int i = 0; i < 1'000; ++i) many += ",0";
  EXPECT_EQ(Read(R"({"instance": "a", "batch": 1, "items": [)" + many + "]}"),
            "items: expected a list of at most 1000 items");
}

}  // namespace
}  // namespace portolan::controller
