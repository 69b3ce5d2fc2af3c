#include "controller/cli/exit_code.h"

#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(ExitCode, OfEveryKindOfFailureIsTheDocumentedOne) {
  const std::pair<ErrorCode, int> kTable[] = {
      {ErrorCode::kInvalid, 3},     {ErrorCode::kNotFound, 5},    {ErrorCode::kConflict, 6},
      {ErrorCode::kDenied, 4},      {ErrorCode::kUnavailable, 8}, {ErrorCode::kUnauthenticated, 9},
      {ErrorCode::kTimeout, 124},   {ErrorCode::kExhausted, 7},   {ErrorCode::kCorrupt, 7},
      {ErrorCode::kCancelled, 130}, {ErrorCode::kInternal, 7}};
  for (const auto& [code, exit] : kTable)
    EXPECT_EQ(static_cast<int>(ExitCodeOf(code)), exit) << ErrorCodeName(code);
}

TEST(ExitCode, OfEveryStatusOfTheDaemonIsTheDocumentedOne) {
  const std::tuple<int, const char*, int> kTable[] = {
      {400, "invalid", 3},     {401, "unauthenticated", 9}, {403, "denied", 4},
      {404, "not_found", 5},   {409, "conflict", 6},        {500, "internal", 7},
      {503, "unavailable", 8}, {504, "timeout", 124},       {507, "exhausted", 7}};
  for (const auto& [status, code, exit] : kTable) {
    CliHarness cli;
    cli.daemon.On("POST /v1/maps/limits/promote", status, Problem(status, code, "because"));
    EXPECT_EQ(cli.Run({"promote", "limits"}), exit) << status;
    EXPECT_NE(cli.err().find("portolan: because\n"), std::string::npos) << cli.err();
    EXPECT_EQ(cli.out(), "");
  }
}

TEST(ExitCode, IsListedByHelpWithItsMeaning) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"help", "exit-codes"}), 0);
  for (const char* line :
       {"    0  done", "    7  the operation ran and failed", "  124  --timeout"})
    EXPECT_NE(cli.out().find(line), std::string::npos) << line;
  EXPECT_EQ(ExitCodeMeanings().size(), 14u);
}

}  // namespace
}  // namespace portolan::controller
