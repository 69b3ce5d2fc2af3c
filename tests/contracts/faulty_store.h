#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// Another store whose writes fail on demand; reads go through always. Thread-safe.
class FaultyStore final : public reconciler::StateStore {
 public:
  // `store` must outlive this.
  explicit FaultyStore(reconciler::StateStore& store) : store_(store) {}

  // From now on Commit and PutBlob fail with `error` and write nothing.
  void FailWrites(Error error) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(error);
  }
  void Heal() {
    const std::lock_guard lock(mutex_);
    fault_.reset();
  }

  Result<reconciler::Record> Get(std::string_view key) override { return store_.Get(key); }
  Result<std::vector<reconciler::Record>> List(std::string_view prefix) override {
    return store_.List(prefix);
  }
  Result<reconciler::CommitResult> Commit(const reconciler::Batch& batch) override {
    if (auto error = fault()) return *std::move(error);
    return store_.Commit(batch);
  }
  Result<Digest> PutBlob(std::string_view bytes) override {
    if (auto error = fault()) return *std::move(error);
    return store_.PutBlob(bytes);
  }
  Result<std::string> GetBlob(const Digest& digest) override { return store_.GetBlob(digest); }
  Result<std::vector<reconciler::Event>> Events(const reconciler::EventQuery& query) override {
    return store_.Events(query);
  }

 private:
  std::optional<Error> fault() {
    const std::lock_guard lock(mutex_);
    return fault_;
  }

  reconciler::StateStore& store_;
  std::mutex mutex_;
  std::optional<Error> fault_;
};

}  // namespace portolan::controller
