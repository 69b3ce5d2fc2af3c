#include "tests/controller/git/git_http_server.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <stdlib.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

std::string RunBackend(const std::string& root, const httplib::Request& request,
                       const std::string& scratch) {
  WriteFile(scratch, request.body);
  const std::size_t mark = request.target.find('?');
  const std::string query = mark == std::string::npos ? "" : request.target.substr(mark + 1);
  const std::string command = "GIT_PROJECT_ROOT='" + root +
                              "' GIT_HTTP_EXPORT_ALL=1 GIT_CONFIG_NOSYSTEM=1 " +
                              "GIT_CONFIG_GLOBAL=/dev/null PATH_INFO='" + request.path +
                              "' REQUEST_METHOD=" + request.method + " QUERY_STRING='" + query +
                              "' CONTENT_TYPE='" + request.get_header_value("Content-Type") +
                              "' CONTENT_LENGTH=" + std::to_string(request.body.size()) +
                              " git http-backend < '" + scratch + "'";
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char chunk[65536];
  std::size_t n = 0;
  while ((n = fread(chunk, 1, sizeof chunk, pipe)) > 0) output.append(chunk, n);
  pclose(pipe);
  return output;
}

// A CGI answer as an HTTP response.
void Answer(const std::string& cgi, httplib::Response& response) {
  const std::size_t end = cgi.find("\r\n\r\n");
  const std::string head = cgi.substr(0, end);
  const std::size_t status = head.find("Status: ");
  response.status = status == std::string::npos ? 200 : std::stoi(head.substr(status + 8));
  const std::size_t type = head.find("Content-Type: ");
  const std::string mime = head.substr(type + 14, head.find("\r\n", type) - type - 14);
  response.set_content(cgi.substr(end + 4), mime);
}

}  // namespace

struct GitHttpServer::State {
  TestDirectory scratch;
  std::unique_ptr<httplib::Server> server;
  bool tls = false;
  std::thread thread;
  int port = 0;
  std::atomic<int> requests{0};

  std::string Certificate() const { return scratch.Path("server.pem"); }
  std::unique_ptr<httplib::Server> MakeServer() const {
    if (!tls) return std::make_unique<httplib::Server>();
    const std::string key = scratch.Path("server.key");
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
        "/CN=127.0.0.1 -keyout '" +
        key + "' -out '" + Certificate() + "' 2>/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return std::make_unique<httplib::SSLServer>(Certificate().c_str(), key.c_str());
  }
};

GitHttpServer::GitHttpServer(std::string root, Behaviour behaviour)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.tls = behaviour.tls;
  state.server = state.MakeServer();
  const auto handle = [&state, root, behaviour](const httplib::Request& request,
                                                httplib::Response& response) {
    const int number = ++state.requests;
    if (!behaviour.redirect_to.empty()) {
      response.set_redirect(behaviour.redirect_to + request.target);
      return;
    }
    const auto [name, value] =
        httplib::make_basic_authentication_header("git", behaviour.token, false);
    if (!behaviour.token.empty() && request.get_header_value(name) != value) {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Basic realm=\"maps\"");
      return;
    }
    Answer(RunBackend(root, request, state.scratch.Path(std::to_string(number))), response);
  };
  state.server->Get(".*", handle);
  state.server->Post(".*", handle);
  state.port = state.server->bind_to_any_port("127.0.0.1");
  state.thread = std::thread([&state] { state.server->listen_after_bind(); });
  while (!state.server->is_running()) std::this_thread::yield();
}

GitHttpServer::~GitHttpServer() {
  state_->server->stop();
  state_->thread.join();
}

std::string GitHttpServer::Url(const std::string& name) const {
  const std::string host = state_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:";
  return host + std::to_string(state_->port) + "/" + name;
}

std::string GitHttpServer::certificate() const {
  return state_->Certificate();
}

int GitHttpServer::requests() const {
  return state_->requests;
}

}  // namespace portolan::controller
