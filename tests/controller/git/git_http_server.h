#pragma once

#include <memory>
#include <string>

namespace portolan::controller {

// git's own http-backend behind a loopback HTTP server: what a forge looks like to libgit2.
class GitHttpServer {
 public:
  struct Behaviour {
    std::string token = {};  // asks for this password when not empty
    std::string redirect_to =
        {};            // answers every request with a redirect to this prefix when not empty
    bool tls = false;  // with a certificate of its own, which names the address
  };

  // Serves the repositories below `root` as /<name>.
  GitHttpServer(std::string root, Behaviour behaviour);
  ~GitHttpServer();

  std::string Url(const std::string& name) const;
  std::string certificate() const;  // path of its PEM file
  int requests() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace portolan::controller
