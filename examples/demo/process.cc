#include "examples/demo/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace portolan::demo {
namespace {

std::string Joined(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

// In the child: becomes the program, or ends with 127.
[[noreturn]] void Become(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words.front(), words.data());
  _exit(127);
}

}  // namespace

Status Run(const std::vector<std::string>& command, const std::string& directory) {
  const pid_t child = fork();
  if (child < 0)
    return Error{ErrorCode::kUnavailable, "cannot start a process for: " + Joined(command)};
  if (child == 0) {
    if (chdir(directory.c_str()) != 0) _exit(126);
    Become(command);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Error{ErrorCode::kUnavailable,
               "failed with " + std::to_string(WEXITSTATUS(status)) + ": " + Joined(command)};
}

Result<Process> Process::Start(const std::vector<std::string>& command,
                               const std::string& log_file) {
  const int log = open(log_file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return Error{ErrorCode::kUnavailable, "cannot write " + log_file};
  const pid_t child = fork();
  if (child == 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    Become(command);
  }
  close(log);
  if (child < 0) return Error{ErrorCode::kUnavailable, "cannot start: " + Joined(command)};
  return Process(child);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

Process::~Process() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

pid_t Process::Release() {
  return std::exchange(pid_, 0);
}

}  // namespace portolan::demo
