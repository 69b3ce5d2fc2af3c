#include "controller/process/child_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "controller/process/scratch_folder.h"

namespace portolan::controller {
namespace {

// A call of a shell script.
ProcessCall Script(const std::string& text) {
  ProcessCall call;
  call.arguments = {"/bin/sh", "-c", text};
  call.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
  return call;
}

TEST(ChildProcess, GetsItsInputAndReturnsWhatItPrintedAndItsStatus) {
  ProcessCall call = Script("cat; echo oops >&2; exit 3");
  call.input = std::string(1 << 15, 'x');
  const auto end = RunProcess(call);
  ASSERT_TRUE(end.ok()) << end.error().message;
  EXPECT_EQ(end->output, call.input);
  EXPECT_EQ(end->errors, "oops\n");
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(end->Describe(), "exited with status 3");
}

TEST(ChildProcess, InheritsNoEnvironmentNoDescriptorAndNoIgnoredSignal) {
  const auto old = signal(SIGTERM, SIG_IGN);
  const auto end =
      RunProcess(Script("env | sort | cut -d= -f1; ls /proc/self/fd; "
                        "grep SigIgn /proc/self/status"));
  signal(SIGTERM, old);
  ASSERT_TRUE(end.ok());
  // 3 is ls's own, on the folder.
  EXPECT_EQ(end->output, "LC_ALL\nPATH\nPWD\n0\n1\n2\n3\nSigIgn:\t0000000000000000\n");
}

// As the kernel writes it, "gone" when there is no such process.
std::string StateOf(int process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state = "gone";
  stat >> number >> name >> state;
  return state;
}

TEST(ChildProcess, WhatIsLateIsKilledWithAllItStarted) {
  const auto folder = ScratchFolder::Make();
  ASSERT_TRUE(folder.ok());
  const std::string pid = folder->path() + "/pid";
  ProcessCall call = Script("sleep 1000 & echo $! > " + pid + "; wait");
  call.limits.deadline = std::chrono::milliseconds(300);
  const auto end = RunProcess(call);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(end.error().message, "it did not end within 300ms");
  int descendant = 0;
  std::ifstream(pid) >> descendant;
  ASSERT_GT(descendant, 0);
  // Killed at once, it dies when it is its turn to run; whoever adopts it reaps it, until then it
  // is a zombie.
  constexpr int kPatience = 10'000;
  std::string state = StateOf(descendant);
  for (int i = 0; i < kPatience && state != "gone" && state != "Z" && state != "X"; ++i) {
    poll(nullptr, 0, 1);
    state = StateOf(descendant);
  }
  EXPECT_TRUE(state == "gone" || state == "Z" || state == "X") << state;
}

TEST(ChildProcess, DoesNotWaitForWhatAProgramLeavesBehind) {
  ProcessCall call = Script("sleep 1000 & echo done");
  const auto end = RunProcess(call);
  ASSERT_TRUE(end.ok()) << end.error().message;
  EXPECT_EQ(end->output, "done\n");
}

TEST(ChildProcess, TooMuchOutputEndsIt) {
  ProcessCall call = Script("yes");
  call.limits.output_bytes = 1000;
  const auto end = RunProcess(call);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(end.error().message, "it printed more than 1000 bytes");
}

TEST(ChildProcess, MuchOnStandardErrorIsCutAndHarmless) {
  ProcessCall call = Script("head -c 300000 /dev/zero >&2; echo fine");
  call.limits.output_bytes = 1000;
  const auto end = RunProcess(call);
  ASSERT_TRUE(end.ok()) << end.error().message;
  EXPECT_EQ(end->output, "fine\n");
  EXPECT_EQ(end->errors.size(), 1000u);
}

TEST(ChildProcess, LimitsOfTimeMemoryAndFilesHold) {
  ProcessCall call = Script("while :; do :; done");
  call.limits.cpu_seconds = 1;
  call.limits.deadline = std::chrono::seconds(60);
  EXPECT_EQ(RunProcess(call)->Describe(), "died of Killed");
  call = Script("head -c 100000000 /dev/zero | tail -n 1 | wc -c");
  call.limits.memory_bytes = 64u << 20;
  EXPECT_EQ(RunProcess(call)->output, "0\n");
  const auto folder = ScratchFolder::Make();
  call = Script("head -c 9000 /dev/zero > " + folder->path() + "/big");
  call.limits.file_bytes = 4096;
  EXPECT_NE(RunProcess(call)->exit_code, 0);
  EXPECT_EQ(std::filesystem::file_size(folder->path() + "/big"), 4096u);
}

TEST(ChildProcess, DescribesTheSignalThatEndedIt) {
  EXPECT_EQ(RunProcess(Script("kill -SEGV $$"))->Describe(), "died of Segmentation fault");
}

TEST(ChildProcess, SaysWhyAProgramCannotBeStarted) {
  ProcessCall call;
  call.arguments = {"/nonexistent/program"};
  const auto end = RunProcess(call);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(end.error().message, "cannot run /nonexistent/program: No such file or directory");
}

TEST(ChildProcess, FindsProgramsOfTheMachineAndNamesThePackageOfOthers) {
  EXPECT_TRUE(FindProgram("sh", "dash").ok());
  const auto missing = FindProgram("no-such-program", "some-package");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message,
            "the program no-such-program is not installed on this machine; install the package "
            "some-package");
}

}  // namespace
}  // namespace portolan::controller
