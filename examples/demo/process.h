#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "mapcore/base/result.h"

namespace portolan::demo {

// Runs a program to its end, without a shell, in a directory. Errors: kUnavailable with the command
// and its exit code.
Status Run(const std::vector<std::string>& command, const std::string& directory);

// A child process. Ends it (SIGTERM, then waits) when destroyed.
class Process {
 public:
  // Standard output and error go to `log_file`. Errors: kUnavailable.
  static Result<Process> Start(const std::vector<std::string>& command,
                               const std::string& log_file);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  // Leaves it running: it belongs to nobody now.
  pid_t Release();
  pid_t id() const { return pid_; }

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

}  // namespace portolan::demo
