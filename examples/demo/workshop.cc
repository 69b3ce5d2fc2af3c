#include "examples/demo/workshop.h"

#include <poll.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "controller/http/problem.h"

namespace portolan::demo {
namespace {

namespace fs = std::filesystem;

constexpr int kStartPatienceMs = 10'000;
constexpr int kStartLookMs = 10;

Result<std::string> ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "cannot read " + path.string()};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The address in the daemon's line "listening on http://127.0.0.1:PORT", or nothing yet.
std::string ListeningAddress(const fs::path& log) {
  const auto text = ReadText(log);
  constexpr std::string_view kLine = "listening on ";
  const std::size_t at = text.ok() ? text->find(kLine) : std::string::npos;
  if (at == std::string::npos) return "";
  const std::size_t end = text->find('\n', at);
  return end == std::string::npos ? "" : text->substr(at + kLine.size(), end - at - kLine.size());
}

}  // namespace

WallTime WallNow() {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

Workshop::Workshop(Options options) : options_(std::move(options)) {}

Status Workshop::MakeRepository() {
  std::error_code failed;
  fs::remove_all(options_.directory, failed);
  fs::create_directories(repository(), failed);
  if (failed)
    return Error{ErrorCode::kUnavailable,
                 "cannot make " + repository().string() + ": " + failed.message()};
  PORTOLAN_CHECK(Run({"git", "init", "-q", "-b", "main"}, repository()));
  PORTOLAN_CHECK(Run({"git", "config", "user.name", "Ana"}, repository()));
  PORTOLAN_CHECK(Run({"git", "config", "user.email", "ana@example.com"}, repository()));
  return Run({"git", "config", "commit.gpgsign", "false"}, repository());
}

Status Workshop::CopyIn(const fs::path& folder) {
  std::error_code failed;
  fs::copy(folder, repository() / folder.filename(), fs::copy_options::recursive, failed);
  if (failed)
    return Error{ErrorCode::kUnavailable,
                 "cannot copy " + folder.string() + ": " + failed.message()};
  return {};
}

Status Workshop::Write(const std::string& file, const std::string& content) {
  fs::create_directories((repository() / file).parent_path());
  std::ofstream out(repository() / file, std::ios::binary);
  out << content;
  if (!out.flush()) return Error{ErrorCode::kUnavailable, "cannot write " + file};
  return {};
}

Status Workshop::Edit(const std::string& file, const std::string& from, const std::string& to) {
  PORTOLAN_TRY(std::string text, ReadText(repository() / file));
  const std::size_t at = text.find(from);
  if (at == std::string::npos || text.find(from, at + 1) != std::string::npos)
    return Error{ErrorCode::kNotFound, "\"" + from + "\" is not exactly once in " + file};
  text.replace(at, from.size(), to);
  return Write(file, text);
}

Result<WallTime> Workshop::Commit(const std::string& message) {
  PORTOLAN_CHECK(Run({"git", "add", "-A"}, repository()));
  PORTOLAN_CHECK(Run({"git", "commit", "-q", "-m", message}, repository()));
  return WallNow();
}

Status Workshop::Configure(const std::string& source_members, const std::string& members) {
  config_ = options_.directory / "portolan.yaml";
  std::ofstream file(config_);
  file << "state: state\nlisten: {control: \"" << options_.listen
       << "\"}\nsources:\n- {name: maps, url: " << repository().string()
       << ", poll: " << options_.poll << ", " << source_members << "}\n"
       << members << '\n';
  file.close();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + config_.string()};
  return {};
}

Status Workshop::StartDaemon() {
  const fs::path log = options_.directory / "daemon.log";
  std::vector<std::string> command{options_.portolan, "serve", "--config", config_.string()};
  if (config_.empty())
    command = {options_.portolan, "serve",
               "--repo",          repository().string(),
               "--state",         (options_.directory / "state").string(),
               "--listen",        options_.listen,
               "--poll",          options_.poll};
  PORTOLAN_TRY(Process process, Process::Start(command, log));
  daemon_ = std::make_unique<Process>(std::move(process));
  for (int waited = 0; waited < kStartPatienceMs; waited += kStartLookMs) {
    address_ = ListeningAddress(log);
    if (!address_.empty() && Call("GET", "/v1/version").ok()) return {};
    poll(nullptr, 0, kStartLookMs);
  }
  const auto text = ReadText(log);
  return Error{ErrorCode::kTimeout, "the daemon did not answer within 10 s; its log " +
                                        log.string() + ":\n" + (text.ok() ? *text : "")};
}

controller::HttpClient Workshop::Client() const {
  return controller::HttpClient({.endpoint = *controller::ParseEndpoint(address_)});
}

Result<manifests::Value> Workshop::Call(const std::string& method, const std::string& target,
                                        const std::string& body) const {
  PORTOLAN_TRY(const controller::ClientResponse response,
               Client().Do({.method = method, .target = target, .body = body}));
  if (response.status / 100 != 2) return controller::ErrorOfProblem(response.status, response.body);
  if (response.body.empty()) return manifests::Value();
  return manifests::ParseJson(response.body, {.bytes = 64u << 20});
}

Result<Workshop::Reported> Workshop::Report(const std::string& body) const {
  PORTOLAN_TRY(const controller::ClientResponse response,
               Client().Do({.method = "POST", .target = "/v1/reports", .body = body}));
  if (response.status == 429) {
    const int seconds = std::atoi(std::string(response.Header("Retry-After")).c_str());
    return Reported{0, std::chrono::seconds(std::max(seconds, 1))};
  }
  if (response.status / 100 != 2) return controller::ErrorOfProblem(response.status, response.body);
  PORTOLAN_TRY(const manifests::Value answer, manifests::ParseJson(response.body));
  return Reported{answer.IntOr("accepted", 0), Duration(0)};
}

Status Workshop::Hook() {
  PORTOLAN_CHECK(Call("POST", "/v1/hooks/git"));
  return {};
}

}  // namespace portolan::demo
