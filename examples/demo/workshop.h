#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "controller/http/client.h"
#include "examples/demo/process.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::demo {

// A git repository of maps and a daemon that follows it, in a directory of their own: what a
// demonstration or a measurement of the whole path needs. Not thread-safe, but for Call.
class Workshop {
 public:
  struct Options {
    std::string portolan;             // the program
    std::filesystem::path directory;  // made anew
    std::string poll = "30s";
    std::string listen = "127.0.0.1:0";
  };
  explicit Workshop(Options options);

  // An empty repository on branch main.
  Status MakeRepository();
  // Copies a folder into the repository.
  Status CopyIn(const std::filesystem::path& folder);
  // Replaces a text in a file; kNotFound when it is not there exactly once.
  Status Edit(const std::string& file, const std::string& from, const std::string& to);
  Status Write(const std::string& file, const std::string& content);
  // Commits everything; returns the time just after git was done.
  Result<WallTime> Commit(const std::string& message);

  // The daemon is configured by a file, with these members of its source and of the document
  // besides those of the options: "verify: head", "audit: 1s". To be called before StartDaemon.
  Status Configure(const std::string& source_members, const std::string& members = "");
  // Starts the daemon and waits until it answers.
  Status StartDaemon();
  // Tells the daemon that the repository changed, as a post-receive hook would.
  Status Hook();

  // One call of the API; another status than 2xx is an error.
  Result<manifests::Value> Call(const std::string& method, const std::string& target,
                                const std::string& body = "") const;
  controller::HttpClient Client() const;
  // One batch for /v1/reports. With `retry_after` the daemon has no room for it now: to be sent
  // again, as it is, after that time.
  struct Reported {
    std::int64_t accepted = 0;  // items
    Duration retry_after{0};
  };
  Result<Reported> Report(const std::string& body) const;

  std::filesystem::path repository() const { return options_.directory / "repository"; }
  const std::string& address() const { return address_; }
  Process& daemon() { return *daemon_; }

 private:
  Options options_;
  std::filesystem::path config_;
  std::string address_;
  std::unique_ptr<Process> daemon_;
};

WallTime WallNow();

}  // namespace portolan::demo
