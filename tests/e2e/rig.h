#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "examples/demo/workshop.h"
#include "tests/contracts/temporary_directory.h"

namespace portolan::e2e {

// The map of most of the tests.
inline constexpr char kMap[] = "limits";

// The value, or the error as an exception: a test ends at the first step that does not work.
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}
void Must(const Status& status);

// The member at a dotted path ("stable.digest"); null when there is none.
manifests::Value At(const manifests::Value& value, const std::string& path);
std::string TextAt(const manifests::Value& value, const std::string& path);

// How a program ended.
struct Ended {
  int exit_code = -1;  // 128 + the signal when one ended it
  std::string out;
  std::string err;
};

// Runs the real program with these arguments, at most 20 s. `directory` holds its output files.
Ended RunPortolan(const std::vector<std::string>& arguments, const std::string& directory);

// A port of the loopback that was free a moment ago.
int FreePort();

// A real daemon on a real repository, in a directory of its own, with the clients and operators
// around it. Failures are exceptions. Not thread-safe, but for Call and Verb.
class Rig {
 public:
  // The repository holds the strategy "quick" (10 %, 50 %, 100 %, soaks of 100 ms, 10 lookups, bake
  // of 100 ms).
  explicit Rig(const std::string& listen = "127.0.0.1:0");

  demo::Workshop& workshop() { return workshop_; }
  std::string state() const { return directory_.path() + "/rig/state"; }
  const std::string& scratch() const { return directory_.path(); }

  // A map with the entries' YAML lines, by the strategy named; "": by that of its group.
  void WriteMap(const std::string& name, const std::string& entries,
                const std::string& strategy = "quick");
  void Git(const std::vector<std::string>& arguments);
  std::string Head();
  // Commits everything and waits until the daemon has looked; returns its source.
  manifests::Value Commit(const std::string& message);
  manifests::Value Sync();
  manifests::Value Source();
  std::string SourceName() { return TextAt(Source(), "name"); }

  void Start() { Must(workshop_.StartDaemon()); }
  // SIGKILL, and until it is gone.
  void Kill();

  // The status and JSON body of one call, whatever the status.
  std::pair<int, manifests::Value> Call(const std::string& method, const std::string& target,
                                        const manifests::Value& body = {}) const;
  std::pair<int, manifests::Value> Verb(
      const std::string& map, const std::string& verb,
      const manifests::Value& body = manifests::Value::Object{}) const;
  manifests::Value MapStatus(const std::string& map) const;
  // The digest that a client gets, or the error's code.
  std::string Served(const std::string& map, const std::string& query = "") const;
  std::vector<manifests::Value> Events(const std::string& map) const;

  // One report of both arms of the present step: 40 lookups of 40 subjects each, of which so many
  // fail on the canary.
  void Report(const std::string& map, int failing = 0);
  // Until the map's status satisfies, at most 20 s; `meanwhile` runs between looks.
  manifests::Value Await(
      const std::string& map, const std::function<bool(const manifests::Value&)>& satisfies,
      const std::function<void()>& meanwhile = [] {});
  manifests::Value AwaitPhase(const std::string& map, const std::string& phase);
  // Reports good clients until the map is in that phase.
  manifests::Value Drive(const std::string& map, const std::string& phase);

  Ended Cli(std::vector<std::string> arguments) const;

 private:
  controller::TemporaryDirectory directory_;
  demo::Workshop workshop_;
  std::int64_t batch_ = 0;
};

}  // namespace portolan::e2e
