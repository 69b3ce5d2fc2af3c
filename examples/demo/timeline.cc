#include "examples/demo/timeline.h"

#include <cstdio>

namespace portolan::demo {

using manifests::Value;

Timeline::Timeline(const Workshop& workshop, std::string map)
    : workshop_(workshop), map_(std::move(map)), mark_(WallNow()), thread_([this] { Follow(); }) {}

Timeline::~Timeline() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  thread_.join();
}

void Timeline::Mark(WallTime time) {
  const std::scoped_lock lock(mutex_);
  mark_ = time;
  since_mark_.clear();
}

Result<Value> Timeline::WaitFor(const std::string& reason, Duration patience) {
  std::unique_lock lock(mutex_);
  const Value* found = nullptr;
  arrived_.wait_for(lock, patience, [&] {
    for (const Value& event : since_mark_)
      if (event.StringOr("reason", "") == reason) found = &event;
    return found != nullptr;
  });
  if (found == nullptr)
    return Error{ErrorCode::kTimeout,
                 "no event " + reason + " of " + map_ + " within " + FormatDuration(patience)};
  return *found;
}

void Timeline::Follow() {
  const controller::HttpClient client = workshop_.Client();
  const Status followed = client.Stream("/v1/events?map=" + map_, {{"Accept", "text/event-stream"}},
                                        [this](std::string_view line) { return Take(line); });
  if (!followed.ok())
    std::fprintf(stderr, "the event stream ended: %s\n", followed.error().message.c_str());
}

// False ends the stream.
bool Timeline::Take(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  constexpr std::string_view kData = "data: ";
  if (!line.starts_with(kData)) return !stop_;
  auto event = manifests::ParseJson(line.substr(kData.size()));
  if (!event.ok()) return !stop_;
  const auto time = ParseTime(event->StringOr("time", ""));
  const long long after = time.ok() ? (*time - mark_).count() : 0;
  std::printf("  %+7lld ms  %-16s %s\n", after, std::string(event->StringOr("reason", "")).c_str(),
              std::string(event->StringOr("message", "")).c_str());
  std::fflush(stdout);
  since_mark_.push_back(std::move(event).value());
  arrived_.notify_all();
  return !stop_;
}

}  // namespace portolan::demo
