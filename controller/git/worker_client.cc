#include "controller/git/worker_client.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

// The daemon's end of a worker. Deadlines are kept here, with poll(2) and SIGKILL, and depend on
// nothing that the worker does. posix_spawn rather than fork: the daemon has threads, and a child
// may do next to nothing between fork and exec (fork(2)).

namespace portolan::controller {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Waits until one of the descriptors has any of its events, and fills in which. False at the
// deadline.
bool Poll(std::span<pollfd> entries, SteadyClock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<Duration>(deadline - SteadyClock::now());
    if (left.count() <= 0) return false;
    const int n = poll(entries.data(), entries.size(), static_cast<int>(left.count()));
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return true;  // the next read or write reports it
  }
}

// What a child starts with: its end of the socket as standard input and output and no other
// descriptor of ours, a process group of its own, and no signal blocked or ignored.
class SpawnSetup {
 public:
  explicit SpawnSetup(int socket) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDOUT_FILENO);
    // Sockets, the state lock and other workers' ends stay the daemon's; glibc 2.34.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // A Ctrl-C at the daemon's terminal goes to the daemon alone, which ends its workers.
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSetup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  // Returns an error number, or 0.
  int Spawn(pid_t* child, const std::string& executable, const std::string& home) {
    std::string path = executable;
    std::string verb = "git-worker";
    std::string home_variable = "HOME=" + home;
    std::string locale = "LC_ALL=C";
    char* argv[] = {path.data(), verb.data(), nullptr};
    // Nothing of the daemon's environment: proxies, GIT_* and secrets do not belong to a worker.
    char* environment[] = {home_variable.data(), locale.data(), nullptr};
    return posix_spawn(child, path.c_str(), &actions_, &attributes_, argv, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// The child's wait status, which is its own when it had ended before.
// Until it is reaped its number is nobody else's, so that the signal cannot hit a stranger.
int KillAndReap(pid_t child) {
  int status = 0;
  kill(child, SIGKILL);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

Error Killed(const std::string& how) {
  return {ErrorCode::kUnavailable, "WorkerKilled: the git worker " + how +
                                       "; it is started again at the next look at the source"};
}

}  // namespace

WorkerClient::WorkerClient(WorkerOptions options)
    : options_(std::move(options)), cancel_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

WorkerClient::~WorkerClient() {
  Stop();
}

Result<FetchReply> WorkerClient::Ask(FetchJob job) {
  const Instant deadline = SteadyClock::now() + options_.deadline;
  // A worker that died between two jobs costs no failed fetch.
  if (jobs_ >= options_.jobs_max || !Alive()) Stop();
  if (child_ < 0) PORTOLAN_CHECK(Start());
  ++jobs_;
  job.deadline = options_.deadline;
  // Send and Receive look for a cancellation, so one from before this call ends it as well.
  PORTOLAN_CHECK(Send(EncodeJob(job), deadline));
  PORTOLAN_TRY(const std::string line, Receive(deadline));
  auto reply = DecodeReply(line);
  // No reply at all: what else it might say would answer the next job.
  if (!reply.ok() && reply.error().code == ErrorCode::kInternal) Stop();
  return reply;
}

Status WorkerClient::Start() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Killed(std::string("cannot be started: ") + std::strerror(errno));
  }
  SpawnSetup setup(ends[1]);
  const int error = setup.Spawn(&child_, options_.executable, options_.home);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    child_ = -1;
    return Killed(std::string("cannot be started: ") + std::strerror(error));
  }
  socket_ = ends[0];
  jobs_ = 0;
  return {};
}

// An idle worker says nothing: input now is its end, or noise.
bool WorkerClient::Alive() const {
  pollfd entry{socket_, POLLIN, 0};
  return child_ >= 0 && poll(&entry, 1, 0) == 0;
}

// Waits until the socket has any of the events. Errors: what the caller of Ask is told, when the
// deadline or a cancellation comes first; the child is gone then.
Status WorkerClient::WaitFor(short events, Instant deadline) {
  pollfd entries[] = {{socket_, events, 0}, {cancel_.get(), POLLIN, 0}};
  if (!Poll(entries, deadline)) return Late();
  if (entries[1].revents != 0) return Cancelled();
  return {};
}

Status WorkerClient::Send(const std::string& line, Instant deadline) {
  std::size_t sent = 0;
  while (sent < line.size()) {
    PORTOLAN_CHECK(WaitFor(POLLOUT, deadline));
    const ssize_t n =
        send(socket_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) sent += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return Ended();
  }
  return {};
}

Result<std::string> WorkerClient::Receive(Instant deadline) {
  std::string line;
  for (;;) {
    PORTOLAN_CHECK(WaitFor(POLLIN, deadline));
    char chunk[4096];
    const ssize_t n = recv(socket_, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return Ended();
    line.append(chunk, static_cast<std::size_t>(n));
    if (line.back() == '\n') break;
    if (line.size() > kLineMax) {
      Stop();
      return Killed("answered more than " + std::to_string(kLineMax) + " bytes");
    }
  }
  line.pop_back();
  return line;
}

Error WorkerClient::Late() {
  Stop();
  return {ErrorCode::kTimeout, "Timeout: the remote did not answer within " +
                                   FormatDuration(options_.deadline) +
                                   "; the git worker was ended"};
}

Error WorkerClient::Cancelled() {
  Stop();
  return {ErrorCode::kCancelled, "Cancelled: the controller stops; the git worker was ended"};
}

void WorkerClient::Cancel() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(cancel_.get(), &one, sizeof one);
}

Error WorkerClient::Ended() {
  const int status = KillAndReap(std::exchange(child_, -1));
  Stop();
  if (WIFSIGNALED(status)) return Killed(std::string("died of ") + strsignal(WTERMSIG(status)));
  return Killed("exited with status " + std::to_string(WEXITSTATUS(status)));
}

void WorkerClient::Stop() {
  if (child_ >= 0) {
    kill(child_, SIGTERM);
    shutdown(socket_, SHUT_WR);
    // Only the child holds the other end, so its end of file is the child's end.
    // SIGTERM first, so that libgit2's locks and temporary files may go; SweepMirror takes the
    // rest.
    const Instant deadline = SteadyClock::now() + options_.grace;
    char noise[4096];
    pollfd entry{socket_, POLLIN, 0};
    while (Poll({&entry, 1}, deadline) && recv(socket_, noise, sizeof noise, 0) > 0) {
    }
    KillAndReap(std::exchange(child_, -1));
  }
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  jobs_ = 0;
}

}  // namespace portolan::controller
