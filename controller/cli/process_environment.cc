#include "controller/cli/process_environment.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include "controller/cli/http_transport.h"

namespace portolan::controller {

CliEnvironment ProcessEnvironment(const Clock& clock, std::string version) {
  CliEnvironment env;
  env.out = &std::cout;
  env.err = &std::cerr;
  env.in = &std::cin;
  env.in_is_tty = ::isatty(STDIN_FILENO) == 1;
  env.out_is_tty = ::isatty(STDOUT_FILENO) == 1;
  env.clock = &clock;
  env.version = std::move(version);
  env.getenv = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  env.path_exists = [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
  };
  env.random = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  };
  env.wait = [](Duration duration) {
    std::this_thread::sleep_for(duration);
    return true;
  };
  env.connect = ConnectHttp;
  return env;
}

}  // namespace portolan::controller
