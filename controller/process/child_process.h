#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mapcore/base/clock.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// What a program that is not ours may use. Limits hold before its first instruction, and for
// everything it starts.
struct ProcessLimits {
  Duration deadline = std::chrono::seconds(5);  // of the wall clock
  std::size_t output_bytes = 64 << 10;          // of standard output; as much of standard error
  std::uint64_t cpu_seconds = 5;                // each process of it
  std::uint64_t memory_bytes = 512u << 20;      // of address space, each process of it
  std::uint64_t file_bytes = 16u << 20;         // of any file it writes
  std::uint64_t descriptors = 64;
};

struct ProcessCall {
  std::vector<std::string> arguments;    // [0] is the program's absolute path; never a shell's text
  std::vector<std::string> environment;  // "NAME=value"; the whole of it, nothing is inherited
  std::string directory = "/";
  std::string input;  // standard input; seekable
  ProcessLimits limits;
};

// How a program ended by itself.
struct ProcessEnd {
  int exit_code = 0;   // 128 + the signal when one ended it
  std::string output;  // standard output
  std::string errors;  // standard error, cut at the limit

  // "exited with status 2", "died of Segmentation fault".
  std::string Describe() const;
};

// Runs one program to its end and returns what it printed. It gets a process group of its own,
// which is killed whole when the program ends, is late or prints too much: nothing that it started
// goes on, unless that left the group (then the limits still bind it). Blocks for at most the
// deadline. Thread-safe. Errors: kNotFound when it cannot be started; kTimeout; kExhausted for too
// much output; kUnavailable when this process lacks memory or descriptors.
Result<ProcessEnd> RunProcess(const ProcessCall& call);

// The absolute path of a program of the machine, looked for in /usr/local/bin, /usr/bin and /bin,
// never in $PATH. Errors: kNotFound, naming the package.
Result<std::string> FindProgram(const std::string& name, const std::string& package);

}  // namespace portolan::controller
