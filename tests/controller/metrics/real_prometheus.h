#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "controller/http/client.h"
#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {

// The prometheus of this machine on a free port of loopback, scraping one target four times a
// second into a directory of its own. Ends exactly that process.
class RealPrometheus {
 public:
  explicit RealPrometheus(int target_port) {
    const std::string config =
        directory_.Write("prometheus.yml",
                         "global: {scrape_interval: 250ms, scrape_timeout: 250ms}\n"
                         "scrape_configs: [{job_name: t, static_configs: [{targets: [\"127.0.0.1:" +
                             std::to_string(target_port) + "\"]}]}]\n");
    const std::vector<std::string> words = {"prometheus", "--config.file=" + config,
                                            "--storage.tsdb.path=" + directory_.File("data"),
                                            "--web.listen-address=127.0.0.1:0"};
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int log = ::open(log_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(log, STDOUT_FILENO);
      ::dup2(log, STDERR_FILENO);
      ::execvp(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(log);
    ended_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  }
  ~RealPrometheus() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    ::close(ended_);
  }
  RealPrometheus(const RealPrometheus&) = delete;
  RealPrometheus& operator=(const RealPrometheus&) = delete;

  // Waits, at most thirty seconds, until it answers that it is ready. False when it ended.
  bool WaitUntilReady() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < until) {
      if (Ready()) return true;
      pollfd ended{ended_, POLLIN, 0};
      if (::poll(&ended, 1, 20) != 0) return false;
    }
    return false;
  }
  const std::string& address() const { return address_; }
  std::string log() const { return ReadTestFile(log_); }

 private:
  bool Ready() {
    if (address_.empty()) {
      const std::string text = log();
      constexpr std::string_view kSays = "msg=\"Listening on\" address=";
      const std::size_t at = text.find(kSays);
      const std::size_t end = text.find_first_of(" \n", at + kSays.size());
      if (at == std::string::npos || end == std::string::npos) return false;
      address_ = "http://" + text.substr(at + kSays.size(), end - at - kSays.size());
    }
    const auto endpoint = ParseEndpoint(address_);
    if (!endpoint.ok()) return false;
    const auto answer = HttpClient({.endpoint = *endpoint}).Do({.target = "/-/ready"});
    return answer.ok() && answer->status == 200;
  }

  TemporaryDirectory directory_;
  std::string log_ = directory_.File("log");
  std::string address_;
  pid_t pid_ = -1;
  int ended_ = -1;
};

}  // namespace portolan::controller
