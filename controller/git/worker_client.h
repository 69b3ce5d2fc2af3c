#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "controller/git/job.h"
#include "controller/process/file_descriptor.h"

namespace portolan::controller {

struct WorkerOptions {
  std::string executable = "/proc/self/exe";  // run as `<executable> git-worker`
  std::string home;                           // the worker's HOME, made when absent
  Duration deadline = std::chrono::seconds(60);
  Duration grace = std::chrono::seconds(5);  // between SIGTERM and SIGKILL
  int jobs_max = 100;                        // then a new process, which returns what libgit2 kept
};

// One git worker process (worker.h), started when needed and kept between jobs. The child dies with
// this object and with the thread that called Ask. Not thread-safe, but for Cancel. No call takes
// longer than deadline + grace.
class WorkerClient {
 public:
  explicit WorkerClient(WorkerOptions options);
  ~WorkerClient();
  WorkerClient(const WorkerClient&) = delete;
  WorkerClient& operator=(const WorkerClient&) = delete;

  // Sends the job and waits for its reply. A worker that is late or dies is replaced at the next
  // call. Errors: the worker's own; kTimeout "Timeout: …"; kUnavailable "WorkerKilled: …" when the
  // worker ended before its reply.
  Result<FetchReply> Ask(FetchJob job);

  // Ends the child, if there is one.
  void Stop();

  // Makes the call of Ask under way, and every later one, fail with kCancelled "Cancelled: …".
  void Cancel();

 private:
  using Instant = std::chrono::steady_clock::time_point;

  Status Start();
  bool Alive() const;
  Status Send(const std::string& line, Instant deadline);
  Result<std::string> Receive(Instant deadline);
  Status WaitFor(short events, Instant deadline);
  Error Late();
  Error Ended();
  Error Cancelled();

  WorkerOptions options_;
  FileDescriptor cancel_;  // an eventfd: readable for ever once Cancel was called
  pid_t child_ = -1;
  int socket_ = -1;
  int jobs_ = 0;
};

}  // namespace portolan::controller
