#pragma once

#include <string>

namespace portolan::controller {

// A loopback server whose kernel accepts every connection and which never says a word.
class SilentServer {
 public:
  SilentServer();
  ~SilentServer();
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  std::string Url() const;  // "http://127.0.0.1:<port>/maps.git"
  // Waits until somebody has connected and sent a byte. False after ten seconds.
  bool WaitForRequest();

 private:
  int listener_;
  int connection_ = -1;
};

// A URL where nothing listens.
std::string ClosedPortUrl();

}  // namespace portolan::controller
