#include "tests/e2e/rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mapcore/base/digest.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr int kLookMs = 10;
constexpr int kPatienceMs = 20'000;
constexpr char kQuick[] = R"(apiVersion: portolan/v1
kind: RolloutStrategy
metadata: {name: quick}
spec:
  steps:
    - setWeight: 10%
    - pause: {duration: 100ms}
    - setWeight: 50%
    - pause: {duration: 100ms}
    - setWeight: 100%
  minLookups: 10
  bake: 100ms
)";

void OpenAs(int descriptor, const std::string& file) {
  const int opened = open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  dup2(opened, descriptor);
}

[[noreturn]] void BecomePortolan(const std::vector<std::string>& arguments,
                                 const std::string& output) {
  OpenAs(STDOUT_FILENO, output + ".out");
  OpenAs(STDERR_FILENO, output + ".err");
  std::vector<char*> words = {const_cast<char*>(PORTOLAN_BINARY)};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execv(PORTOLAN_BINARY, words.data());
  _exit(127);
}

std::string SubjectHash(int subject) {
  return Sha256Of("tenant-" + std::to_string(subject)).Hex().substr(0, 16);
}

Value ArmReport(const std::string& map, const std::string& arm, const Value& status, int failing) {
  Value item;
  item.Set("map", map);
  item.Set("arm", arm);
  item.Set("digest", TextAt(status, arm == "stable" ? "stable.digest" : "target.digest"));
  item.Set("step", status.IntOr("step", 0));
  item.Set("lookups", 40);
  item.Set("subjects", 40);
  if (failing == 0) return item;
  Value::Array hashes;
  for (int i = 0; i < failing; ++i) hashes.emplace_back(SubjectHash(i));
  Value errors;
  errors.Set("count", failing);
  errors.Set("subjectHashes", std::move(hashes));
  item.Set("bad", Value::Object{{"errors", std::move(errors)}});
  item.Set("samples", Value::Array{Value("tenant-0: cannot work with it")});
  return item;
}

}  // namespace

void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error().message);
}

Value At(const Value& value, const std::string& path) {
  const std::size_t dot = path.find('.');
  const Value* member = value.Find(path.substr(0, dot));
  if (member == nullptr) return {};
  return dot == std::string::npos ? *member : At(*member, path.substr(dot + 1));
}

std::string TextAt(const Value& value, const std::string& path) {
  const Value found = At(value, path);
  return found.is_string() ? found.as_string() : "";
}

Ended RunPortolan(const std::vector<std::string>& arguments, const std::string& directory) {
  const std::string output = directory + "/output";
  const pid_t child = fork();
  if (child == 0) BecomePortolan(arguments, output);
  int status = 0;
  int waited = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (waited == kPatienceMs) kill(child, SIGKILL);
    poll(nullptr, 0, kLookMs);
    waited += kLookMs;
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          controller::ReadTestFile(output + ".out"), controller::ReadTestFile(output + ".err")};
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

Rig::Rig(const std::string& listen)
    : workshop_({.portolan = PORTOLAN_BINARY,
                 .directory = directory_.path() + "/rig",
                 .poll = "1h",
                 .listen = listen}) {
  Must(workshop_.MakeRepository());
  Must(workshop_.Write("strategies/quick.yaml", kQuick));
}

void Rig::WriteMap(const std::string& name, const std::string& entries,
                   const std::string& strategy) {
  Must(workshop_.Write("maps/" + name + ".yaml",
                       "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: " + name +
                           "}\nspec:\n" +
                           (strategy.empty() ? "" : "  rollout: {strategy: " + strategy + "}\n") +
                           "  entries:\n" + entries));
}

void Rig::Git(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"git"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Must(demo::Run(command, workshop_.repository()));
}

std::string Rig::Head() {
  std::string commit = controller::ReadTestFile(workshop_.repository() / ".git/refs/heads/main");
  commit.resize(40);
  return commit;
}

Value Rig::Commit(const std::string& message) {
  Must(workshop_.Commit(message));
  return Sync();
}

Value Rig::Sync() {
  const auto [code, answer] = Call("POST", "/v1/sources/" + SourceName() + "/sync");
  if (code != 200) throw std::runtime_error("sync: " + WriteJson(answer));
  return At(answer, "status");
}

Value Rig::Source() {
  const Value sources = At(Must(workshop_.Call("GET", "/v1/sources")), "sources");
  return sources.as_array().at(0);
}

void Rig::Kill() {
  const pid_t daemon = workshop_.daemon().Release();
  kill(daemon, SIGKILL);
  waitpid(daemon, nullptr, 0);
}

std::pair<int, Value> Rig::Call(const std::string& method, const std::string& target,
                                const Value& body) const {
  const auto answer = workshop_.Client().Do(
      {.method = method, .target = target, .body = body.is_null() ? "" : WriteJson(body)});
  if (!answer.ok()) return {0, Value(answer.error().message)};
  const auto parsed = manifests::ParseJson(answer->body, {.bytes = 64u << 20});
  return {answer->status, parsed.ok() ? *parsed : Value(answer->body)};
}

std::pair<int, Value> Rig::Verb(const std::string& map, const std::string& verb,
                                const Value& body) const {
  return Call("POST", "/v1/maps/" + map + "/" + verb, body);
}

Value Rig::MapStatus(const std::string& map) const {
  return Must(workshop_.Call("GET", "/v1/maps/" + map + "/status"));
}

std::string Rig::Served(const std::string& map, const std::string& query) const {
  const auto [code, answer] = Call("GET", "/v1/maps/" + map + query);
  return TextAt(answer, code == 200 ? "digest" : "code");
}

std::vector<Value> Rig::Events(const std::string& map) const {
  return At(Must(workshop_.Call("GET", "/v1/events?limit=1000&map=" + map)), "events").as_array();
}

void Rig::Report(const std::string& map, int failing) {
  const Value status = MapStatus(map);
  if (status.IntOr("step", 0) == 0 || At(status, "stable").is_null()) return;
  Value report;
  report.Set("instance", "checkout");
  report.Set("batch", ++batch_);
  report.Set("items", Value::Array{ArmReport(map, "stable", status, 0),
                                   ArmReport(map, "canary", status, failing)});
  Must(workshop_.Call("POST", "/v1/reports", WriteJson(report)));
}

Value Rig::Await(const std::string& map, const std::function<bool(const Value&)>& satisfies,
                 const std::function<void()>& meanwhile) {
  const WallTime deadline = demo::WallNow() + Duration(kPatienceMs);
  for (;;) {
    Value status = MapStatus(map);
    if (satisfies(status)) return status;
    if (demo::WallNow() > deadline)
      throw std::runtime_error("not within 20 s: " + WriteJson(status));
    meanwhile();
    poll(nullptr, 0, kLookMs);
  }
}

Value Rig::AwaitPhase(const std::string& map, const std::string& phase) {
  return Await(map, [&](const Value& status) { return status.StringOr("phase", "") == phase; });
}

Value Rig::Drive(const std::string& map, const std::string& phase) {
  return Await(
      map, [&](const Value& status) { return status.StringOr("phase", "") == phase; },
      [&] { Report(map); });
}

Ended Rig::Cli(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--server", workshop_.address()});
  return RunPortolan(arguments, scratch());
}

}  // namespace portolan::e2e
