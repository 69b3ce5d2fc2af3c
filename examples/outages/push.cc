#include "examples/outages/push.h"

#include <mutex>

#include "mapcore/base/digest.h"

namespace portolan::demo {

struct PushedMap::State {
  std::mutex mutex;
  Answer answer;
};

PushedMap::PushedMap(manifests::Value::Object values) : state_(std::make_shared<State>()) {
  Push(std::move(values));
}

void PushedMap::Push(manifests::Value::Object values) {
  const std::string digest = Sha256Of(CanonicalJson(manifests::Value(values))).ToString();
  const std::scoped_lock lock(state_->mutex);
  state_->answer = {"stable", digest, 0, std::move(values)};
}

Backend PushedMap::AsBackend() const {
  const auto look_up = [state = state_](const std::string&) -> Result<Answer> {
    const std::scoped_lock lock(state->mutex);
    return state->answer;
  };
  return {look_up,
          [](const manifests::Value&, const std::string&, std::uint64_t) { return Duration(0); }};
}

}  // namespace portolan::demo
