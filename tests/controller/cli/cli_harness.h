#pragma once

#include <deque>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "controller/cli/environment.h"

namespace portolan::controller {

// A clock that only a test moves.
class ManualClock final : public Clock {
 public:
  Now now() const override { return now_; }
  void Advance(Duration by) {
    now_.wall += by;
    now_.mono += by;
  }

 private:
  Now now_{ParseTime("2026-11-21T12:00:00Z").value(), Duration(1000)};
};

// What a daemon of a test answers, by "METHOD target". The last answer of a target is repeated.
class ScriptedDaemon {
 public:
  void On(const std::string& call, int status, std::string body) {
    answers_[call].push_back(TransportResponse{status, std::move(body)});
  }
  void OnError(const std::string& call, Error error) { answers_[call].push_back(std::move(error)); }
  void Lines(const std::string& target, std::vector<std::string> lines) {
    lines_[target] = std::move(lines);
  }

  Result<TransportResponse> Answer(const TransportRequest& request);
  Status Stream(const TransportRequest& request,
                const std::function<bool(std::string_view)>& on_line);

  std::vector<TransportRequest> requests;
  std::vector<ServerAddress> connections;

 private:
  std::map<std::string, std::deque<Result<TransportResponse>>> answers_;
  std::map<std::string, std::vector<std::string>> lines_;
};

// Runs command lines against a ScriptedDaemon, with a clock that moves when the program waits.
class CliHarness {
 public:
  CliHarness();

  int Run(std::vector<std::string> args);

  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  ScriptedDaemon daemon;
  ManualClock clock;
  CliEnvironment env;
  std::map<std::string, std::string> variables;
  std::istringstream in;
  int waits_until_interrupt = -1;  // never

 private:
  std::ostringstream out_;
  std::ostringstream err_;
};

// A MapStatus of docs/http-api.md.
std::string StatusJson(const std::string& phase, int step = 0, int weight = 0);
// A verb's answer with that status.
std::string AnswerOfVerb(const std::string& status);
std::string Problem(int status, const std::string& code, const std::string& detail);

}  // namespace portolan::controller
