#include "controller/process/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "controller/process/file_descriptor.h"

namespace portolan::controller {
namespace {

using SteadyClock = std::chrono::steady_clock;

Error Starved(const std::string& what) {
  return {ErrorCode::kUnavailable, "cannot start a program: " + what + ": " + std::strerror(errno)};
}

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Starved("pipe");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// A file in memory rather than a pipe: a program that never reads its input cannot block or signal
// us, and one that wants to seek in it may.
Result<FileDescriptor> InputFile(const std::string& bytes) {
  FileDescriptor file(memfd_create("input", MFD_CLOEXEC));
  if (file.get() < 0) return Starved("memfd_create");
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = write(file.get(), bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Starved("memfd");
    written += static_cast<std::size_t>(n);
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Everything that the child needs between fork and exec, made before the fork: in a program with
// threads only async-signal-safe calls are allowed there.
struct ChildPlan {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const char* directory;
  int input, output, errors, failure;
  ProcessLimits limits;
};

void Limit(__rlimit_resource_t resource, std::uint64_t value) {
  const rlimit limit{value, value};
  setrlimit(resource, &limit);
}

// Ends in exec, or tells the error number through the pipe `failure`.
[[noreturn]] void BecomeChild(const ChildPlan& plan) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  Limit(RLIMIT_CPU, plan.limits.cpu_seconds);
  Limit(RLIMIT_AS, plan.limits.memory_bytes);
  Limit(RLIMIT_FSIZE, plan.limits.file_bytes);
  Limit(RLIMIT_NOFILE, plan.limits.descriptors);
  Limit(RLIMIT_CORE, 0);
  // The descriptors are above 2: the daemon keeps its own three open.
  if (dup2(plan.input, STDIN_FILENO) >= 0 && dup2(plan.output, STDOUT_FILENO) >= 0 &&
      dup2(plan.errors, STDERR_FILENO) >= 0 && chdir(plan.directory) == 0 &&
      close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
    execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t told = write(plan.failure, &error, sizeof error);
  _exit(127);
}

// The child's group, ended and reaped however the caller leaves.
class Child {
 public:
  explicit Child(pid_t pid)
      : pid_(pid), handle_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { Reap(); }

  int handle() const { return handle_.get(); }
  // Kills what is left of the group; the wait status of the program. The program is reaped last, so
  // that its number, which is the group's, cannot be another's yet.
  int Reap() {
    if (pid_ < 0) return status_;
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status_;
  }

 private:
  pid_t pid_;
  FileDescriptor handle_;
  int status_ = 0;
};

// What is in a pipe now. False once it has ended.
bool ReadSome(int descriptor, std::string& text) {
  char chunk[16384];
  for (;;) {
    const ssize_t n = read(descriptor, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    text.append(chunk, static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < sizeof chunk) return true;
  }
}

class Watch {
 public:
  Watch(const ProcessLimits& limits, int output, int errors, int child)
      : limits_(limits),
        entries_{{{output, POLLIN, 0}, {errors, POLLIN, 0}, {child, POLLIN, 0}}},
        deadline_(SteadyClock::now() + limits.deadline) {
    fcntl(output, F_SETFL, O_NONBLOCK);
    fcntl(errors, F_SETFL, O_NONBLOCK);
  }

  // Until the program ends; what its descendants print later is not waited for.
  Status Run(ProcessEnd& end) {
    for (bool running = true; running;) {
      const auto left = std::chrono::ceil<Duration>(deadline_ - SteadyClock::now());
      if (left.count() <= 0)
        return Error{ErrorCode::kTimeout,
                     "it did not end within " + FormatDuration(limits_.deadline)};
      if (poll(entries_.data(), entries_.size(), static_cast<int>(left.count())) < 0 &&
          errno != EINTR)
        return Starved("poll");
      running = (entries_[2].revents & POLLIN) == 0;
      if (!ReadSome(entries_[0].fd, end.output)) entries_[0].fd = -1;
      if (!ReadSome(entries_[1].fd, end.errors)) entries_[1].fd = -1;
      if (end.output.size() > limits_.output_bytes)
        return Error{ErrorCode::kExhausted,
                     "it printed more than " + std::to_string(limits_.output_bytes) + " bytes"};
      if (end.errors.size() > limits_.output_bytes) end.errors.resize(limits_.output_bytes);
    }
    return {};
  }

 private:
  const ProcessLimits& limits_;
  std::array<pollfd, 3> entries_;
  SteadyClock::time_point deadline_;
};

}  // namespace

std::string ProcessEnd::Describe() const {
  if (exit_code > 128) return std::string("died of ") + strsignal(exit_code - 128);
  return "exited with status " + std::to_string(exit_code);
}

Result<ProcessEnd> RunProcess(const ProcessCall& call) {
  PORTOLAN_TRY(const FileDescriptor input, InputFile(call.input));
  PORTOLAN_TRY(Pipe output, MakePipe());
  PORTOLAN_TRY(Pipe errors, MakePipe());
  PORTOLAN_TRY(Pipe failure, MakePipe());
  const ChildPlan plan{
      Pointers(call.arguments), Pointers(call.environment), call.directory.c_str(), input.get(),
      output.write.get(),       errors.write.get(),         failure.write.get(),    call.limits};
  // fork, not posix_spawn, which cannot set limits.
  const pid_t pid = fork();
  if (pid == 0) BecomeChild(plan);
  if (pid < 0) return Starved("fork");
  setpgid(pid, pid);  // also here: whichever side is first, the group exists before it is killed
  Child child(pid);
  output.write = FileDescriptor();
  errors.write = FileDescriptor();
  failure.write = FileDescriptor();
  int exec_error = 0;  // the pipe closes without a word when exec works
  if (read(failure.read.get(), &exec_error, sizeof exec_error) == sizeof exec_error)
    return Error{ErrorCode::kNotFound,
                 "cannot run " + call.arguments[0] + ": " + std::strerror(exec_error)};
  if (child.handle() < 0) return Starved("pidfd_open");
  ProcessEnd end;
  PORTOLAN_CHECK(Watch(call.limits, output.read.get(), errors.read.get(), child.handle()).Run(end));
  const int status = child.Reap();
  end.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return end;
}

Result<std::string> FindProgram(const std::string& name, const std::string& package) {
  for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/"})
    if (const std::string path = folder + name; access(path.c_str(), X_OK) == 0) return path;
  return Error{
      ErrorCode::kNotFound,
      "the program " + name + " is not installed on this machine; install the package " + package};
}

}  // namespace portolan::controller
