#include "tests/controller/cli/cli_harness.h"

#include "controller/cli/run_cli.h"

namespace portolan::controller {
namespace {

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(ScriptedDaemon& daemon) : daemon_(daemon) {}
  Result<TransportResponse> Do(const TransportRequest& request) override {
    return daemon_.Answer(request);
  }
  Status Stream(const TransportRequest& request,
                const std::function<bool(std::string_view)>& on_line) override {
    return daemon_.Stream(request, on_line);
  }

 private:
  ScriptedDaemon& daemon_;
};

}  // namespace

Result<TransportResponse> ScriptedDaemon::Answer(const TransportRequest& request) {
  requests.push_back(request);
  auto& answers = answers_[request.method + " " + request.target];
  if (answers.empty())
    return Error{ErrorCode::kUnavailable, "no script for " + request.method + " " + request.target};
  const Result<TransportResponse> answer = answers.front();
  if (answers.size() > 1) answers.pop_front();
  return answer;
}

Status ScriptedDaemon::Stream(const TransportRequest& request,
                              const std::function<bool(std::string_view)>& on_line) {
  requests.push_back(request);
  for (const std::string& line : lines_[request.target])
    if (!on_line(line)) break;
  return {};
}

CliHarness::CliHarness() {
  env.out = &out_;
  env.err = &err_;
  env.in = &in;
  env.clock = &clock;
  env.version = "9.8.7";
  env.getenv = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  env.path_exists = [](const std::string&) { return false; };
  env.random = [] { return std::uint64_t{0x0123456789ABCDEF}; };
  env.wait = [this](Duration duration) {
    clock.Advance(duration);
    return waits_until_interrupt < 0 || waits_until_interrupt-- > 0;
  };
  env.connect = [this](const ServerAddress& address) -> Result<std::unique_ptr<Transport>> {
    daemon.connections.push_back(address);
    return std::unique_ptr<Transport>(std::make_unique<ScriptedTransport>(daemon));
  };
}

int CliHarness::Run(std::vector<std::string> args) {
  out_.str("");
  err_.str("");
  return RunCli(env, std::move(args));
}

std::string StatusJson(const std::string& phase, int step, int weight) {
  const std::string stable = "sha256:" + std::string(64, 'a');
  const std::string target = "sha256:" + std::string(64, 'b');
  const std::string sync = phase == "Healthy" ? "Synced" : "Progressing";
  return R"({"map":"limits","source":"edge","phase":")" + phase + R"(","reason":"Reason)" + phase +
         R"(","message":"","sync":")" + sync + R"(","syncReason":"","stable":{"digest":")" +
         stable + R"(","commit":"8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809","author":"ana",)" +
         R"("subject":"first",)" + R"("number":41,"size":2},"target":)" +
         (phase == "Healthy" ? "null" : R"({"digest":")" + target + "\"}") + R"(,"desired":null,)" +
         R"("step":)" + std::to_string(step) + R"(,"steps":3,"weight":)" + std::to_string(weight) +
         R"(,"since":"2026-11-21T11:57:00.000Z","plan":"sha256:)" + std::string(64, 'c') + "\"}";
}

std::string AnswerOfVerb(const std::string& status) {
  return R"({"map":"limits","verb":"v","outcome":"accepted","message":"goes on","status":)" +
         status + "}";
}

std::string Problem(int status, const std::string& code, const std::string& detail) {
  return R"({"type":"about:blank","title":"Refused","status":)" + std::to_string(status) +
         R"(,"code":")" + code + R"(","detail":")" + detail + "\"}";
}

}  // namespace portolan::controller
