#include "controller/daemon/fast_path_watch.h"

#include <utility>

namespace portolan::controller {

FastPathWatch::FastPathWatch(mapcore::FastPaths& paths, std::function<void()> failed)
    : paths_(paths), failed_(std::move(failed)) {}

Duration FastPathWatch::Process(const Now& now) {
  if (!due_) due_ = now.mono + kInterval;
  if (now.mono >= *due_) {
    due_ = now.mono + kInterval;
    if (!paths_.SelfCheck()) failed_();
  }
  return *due_ - now.mono;
}

}  // namespace portolan::controller
