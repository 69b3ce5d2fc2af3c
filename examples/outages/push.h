#pragma once

#include <memory>

#include "examples/demo/clients.h"

namespace portolan::demo {

// A map that is pushed by a script: one version, for every client at once, in the memory of the
// services themselves. What teams do without Portolan. Thread-safe.
class PushedMap {
 public:
  explicit PushedMap(manifests::Value::Object values);
  void Push(manifests::Value::Object values);
  // Its clients' reports go nowhere: nobody watches.
  Backend AsBackend() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace portolan::demo
