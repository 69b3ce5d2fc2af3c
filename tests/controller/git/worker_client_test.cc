#include "controller/git/worker_client.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <set>
#include <sstream>
#include <thread>

#include "tests/controller/git/test_repository.h"
#include "tests/controller/git/test_sockets.h"

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

std::set<pid_t> Children() {
  std::set<pid_t> children;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::istringstream pids(ReadFile(task.path() / "children"));
    for (pid_t pid = 0; pids >> pid;) children.insert(pid);
  }
  return children;
}

class WorkerClientTest : public ::testing::Test {
 protected:
  WorkerOptions Options() const {
    WorkerOptions options;
    options.executable = PORTOLAN_GIT_WORKER;
    options.home = directory_.Path("home");
    return options;
  }

  FetchJob Job(const std::string& url) const {
    FetchJob job;
    job.mirror = directory_.Path("edge.git");
    job.url = url;
    job.branch = "main";
    job.ref = "refs/portolan/src/edge";
    job.receive_max = 1u << 30;
    return job;
  }

  // A program that stands in for the worker.
  std::string Script(const std::string& body) const {
    const std::string path = directory_.Path("script");
    WriteFile(path, "#!/bin/sh\n" + body + "\n");
    chmod(path.c_str(), 0700);
    return path;
  }

  TestDirectory directory_;
  TestRepository remote_{directory_.Path("remote")};
};

TEST_F(WorkerClientTest, KeepsOneWorkerForManyJobsAndReplacesItAfterJobsMax) {
  remote_.Commit("a", "1");
  WorkerOptions options = Options();
  options.jobs_max = 2;
  WorkerClient client(options);
  ASSERT_TRUE(client.Ask(Job(remote_.dir())).ok());
  const auto first = Children();
  ASSERT_EQ(first.size(), 1u);
  ASSERT_TRUE(client.Ask(Job(remote_.dir())).ok());
  EXPECT_EQ(Children(), first);
  ASSERT_TRUE(client.Ask(Job(remote_.dir())).ok());
  EXPECT_EQ(Children().size(), 1u);
  EXPECT_NE(Children(), first);
  client.Stop();
  EXPECT_TRUE(Children().empty());
}

TEST_F(WorkerClientTest, EndsAWorkerThatIsLate) {
  SilentServer server;
  WorkerOptions options = Options();
  options.deadline = std::chrono::seconds(1);
  WorkerClient client(options);
  const auto reply = client.Ask(Job(server.Url()));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(Children().empty());
  remote_.Commit("a", "1");
  EXPECT_TRUE(client.Ask(Job(remote_.dir())).ok());
}

TEST_F(WorkerClientTest, ACancellationEndsTheCallUnderWayAndEveryLaterOne) {
  remote_.Commit("a", "1");
  SilentServer server;
  WorkerClient client(Options());
  std::promise<Result<FetchReply>> reply;
  std::thread asking([&] { reply.set_value(client.Ask(Job(server.Url()))); });
  EXPECT_TRUE(server.WaitForRequest());
  client.Cancel();
  const auto cancelled = reply.get_future().get();
  asking.join();
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(cancelled.error().message.starts_with("Cancelled: ")) << cancelled.error().message;
  EXPECT_TRUE(Children().empty());
  EXPECT_EQ(client.Ask(Job(remote_.dir())).error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(Children().empty());
}

TEST_F(WorkerClientTest, KillsAWorkerThatIgnoresSigterm) {
  WorkerOptions options = Options();
  options.executable = Script("trap '' TERM; while read line; do :; done; while :; do :; done");
  options.deadline = Duration(200);
  options.grace = Duration(200);
  WorkerClient client(options);
  EXPECT_EQ(client.Ask(Job("/none")).error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(Children().empty());
}

TEST_F(WorkerClientTest, SurvivesAKillOfTheWorkerInAFetch) {
  SilentServer server;
  WorkerClient client(Options());
  std::promise<Result<FetchReply>> reply;
  std::thread asking([&] { reply.set_value(client.Ask(Job(server.Url()))); });
  EXPECT_TRUE(server.WaitForRequest());
  for (const pid_t child : Children()) kill(child, SIGKILL);
  const auto killed = reply.get_future().get();
  asking.join();
  ASSERT_FALSE(killed.ok());
  EXPECT_EQ(killed.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(killed.error().message.starts_with("WorkerKilled: the git worker died of Killed"))
      << killed.error().message;
  remote_.Commit("a", "1");
  EXPECT_TRUE(client.Ask(Job(remote_.dir())).ok());
}

TEST_F(WorkerClientTest, ReplacesAWorkerThatDiedBetweenJobs) {
  remote_.Commit("a", "1");
  WorkerClient client(Options());
  ASSERT_TRUE(client.Ask(Job(remote_.dir())).ok());
  const auto children = Children();
  ASSERT_EQ(children.size(), 1u);
  kill(*children.begin(), SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(*children.begin()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(client.Ask(Job(remote_.dir())).ok());
}

TEST_F(WorkerClientTest, ReportsAWorkerThatExitsTalksNonsenseOrCannotStart) {
  const std::pair<std::string, std::string> cases[] = {
      {Script("exit 3"), "exited with status 3"},
      {directory_.Path("none"), "cannot be started"},
  };
  for (const auto& [executable, how] : cases) {
    WorkerOptions options = Options();
    options.executable = executable;
    WorkerClient client(options);
    const auto reply = client.Ask(Job("/none"));
    ASSERT_FALSE(reply.ok());
    EXPECT_TRUE(reply.error().message.starts_with("WorkerKilled: ")) << reply.error().message;
    EXPECT_NE(reply.error().message.find(how), std::string::npos) << reply.error().message;
  }
  for (const char* body : {"read line; echo nonsense; read line", "read line; yes | tr -d '\\n'"}) {
    WorkerOptions options = Options();
    options.executable = Script(body);
    options.grace = Duration(200);
    WorkerClient client(options);
    const auto reply = client.Ask(Job("/none"));
    ASSERT_FALSE(reply.ok());
    EXPECT_TRUE(reply.error().message.starts_with("WorkerKilled: ")) << reply.error().message;
  }
}

TEST_F(WorkerClientTest, HandsTheTokenOverWithoutShowingItInTheProcessList) {
  SilentServer server;
  WorkerOptions options = Options();
  options.deadline = std::chrono::seconds(2);
  WorkerClient client(options);
  FetchJob job = Job(server.Url());
  job.token = "s3cret";
  std::thread asking([&] { static_cast<void>(client.Ask(job)); });
  EXPECT_TRUE(server.WaitForRequest());
  for (const pid_t child : Children()) {
    const std::string process = "/proc/" + std::to_string(child);
    EXPECT_NE(ReadFile(process + "/cmdline").find("git-worker"), std::string::npos);
    EXPECT_EQ(ReadFile(process + "/cmdline").find("s3cret"), std::string::npos);
    EXPECT_EQ(ReadFile(process + "/environ").find("s3cret"), std::string::npos);
    kill(child, SIGKILL);
  }
  asking.join();
}

}  // namespace
}  // namespace portolan::controller
