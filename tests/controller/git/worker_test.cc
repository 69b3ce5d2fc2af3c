#include "controller/git/worker.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "controller/git/job.h"
#include "tests/controller/git/test_repository.h"
#include "tests/controller/git/test_sockets.h"

namespace portolan::controller {
namespace {

constexpr int kWorkerPatienceMs = 10'000;

// A worker process with a socket for its standard input and output.
class WorkerProcess {
 public:
  explicit WorkerProcess(const std::string& home) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::string path = PORTOLAN_GIT_WORKER;
    std::string environment = "HOME=" + home;
    char* argv[] = {path.data(), nullptr};
    char* envp[] = {environment.data(), nullptr};
    if (posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv, envp) != 0) abort();
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    socket_ = ends[0];
  }
  ~WorkerProcess() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(socket_);
  }

  pid_t pid() const { return pid_; }
  void Send(const std::string& text) const {
    send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  std::string Line() const {
    std::string line;
    char c = 0;
    pollfd entry{socket_, POLLIN, 0};
    while (poll(&entry, 1, kWorkerPatienceMs) == 1 && recv(socket_, &c, 1, 0) == 1 && c != '\n')
      line += c;
    return line;
  }

  int EndInputAndWait() {
    shutdown(socket_, SHUT_WR);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
};

class WorkerTest : public ::testing::Test {
 protected:
  FetchJob Job(const std::string& url) const {
    FetchJob job;
    job.mirror = directory_.Path("edge.git");
    job.url = url;
    job.branch = "main";
    job.ref = "refs/portolan/src/edge";
    job.receive_max = 1u << 30;
    job.deadline = std::chrono::seconds(60);
    return job;
  }

  TestDirectory directory_;
  TestRepository remote_{directory_.Path("remote")};
  WorkerProcess worker_{directory_.Path("mirrors/home")};
};

TEST_F(WorkerTest, ServesJobsUntilItsInputEnds) {
  const std::string first = remote_.Commit("a", "1");
  worker_.Send(EncodeJob(Job(remote_.dir())));
  EXPECT_EQ(DecodeReply(worker_.Line())->tip, first);
  const std::string second = remote_.Commit("a", "2");
  worker_.Send(EncodeJob(Job(remote_.dir())) + EncodeJob(Job("/none")));
  EXPECT_EQ(DecodeReply(worker_.Line())->tip, second);
  EXPECT_EQ(DecodeReply(worker_.Line()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(worker_.EndInputAndWait(), 0);
}

TEST_F(WorkerTest, EndsWithTwoWhenTheInputIsNoJob) {
  worker_.Send("make coffee\n");
  EXPECT_FALSE(DecodeReply(worker_.Line()).ok());
  EXPECT_EQ(worker_.EndInputAndWait(), 2);
}

TEST_F(WorkerTest, ConfinesItselfBeforeItTalksToAnyone) {
  SilentServer server;
  worker_.Send(EncodeJob(Job(server.Url())));
  ASSERT_TRUE(server.WaitForRequest());
  const auto limit = [&](auto resource) {
    rlimit current{};
    EXPECT_EQ(prlimit(worker_.pid(), resource, nullptr, &current), 0);
    return current.rlim_max;
  };
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(limit(RLIMIT_AS), 1u << 30);
#endif
  EXPECT_EQ(limit(RLIMIT_FSIZE), 2ull << 30);
  EXPECT_EQ(limit(RLIMIT_NOFILE), 256u);
  EXPECT_EQ(limit(RLIMIT_CORE), 0u);
}

TEST_F(WorkerTest, TakesLargeFilesWholeInsteadOfLookingForTheirDifference) {
  std::string large;
  for (int i = 0; large.size() < (2u << 20); ++i)
    large += std::to_string(i * 2'654'435'761u) + "\n";
  remote_.Commit("large", large);
  remote_.Commit("large", large + "one line more\n");
  const std::string small(10'000, 'x');
  remote_.Commit("small", small);
  remote_.Commit("small", small + "one line more\n");
  worker_.Send(EncodeJob(Job(remote_.dir())));
  ASSERT_TRUE(DecodeReply(worker_.Line()).ok());
  const TestRepository other(directory_.Path("other"));
  // The lines of what is stored as a difference end with its depth and base, two columns more.
  EXPECT_EQ(other.Git("verify-pack -v " + directory_.Path("edge.git") +
                      "/objects/pack/*.idx | awk 'NF == 7 { print $2, ($3 < 1000) }'"),
            "blob 1");
}

TEST_F(WorkerTest, IgnoresWhatAGitConfigurationOfItsUserSays) {
  const std::string commit = remote_.Commit("a", "1");
  const TestRepository other(directory_.Path("other"));
  other.Commit("a", "evil");
  WriteFile(directory_.Path("mirrors/home/.gitconfig"),
            "[url \"" + other.dir() + "\"]\n\tinsteadOf = " + remote_.dir() + "\n");
  WriteFile(directory_.Path("mirrors/home/.config/git/config"),
            "[url \"" + other.dir() + "\"]\n\tinsteadOf = " + remote_.dir() + "\n");
  worker_.Send(EncodeJob(Job(remote_.dir())));
  const auto reply = DecodeReply(worker_.Line());
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->tip, commit);
}

}  // namespace
}  // namespace portolan::controller
