#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// Another store whose writes or reads fail on demand. Thread-safe.
class FaultyStore final : public reconciler::StateStore {
 public:
  // `store` must outlive this.
  explicit FaultyStore(reconciler::StateStore& store) : store_(store) {}

  // From now on Commit and PutBlob fail with `error` and write nothing.
  void FailWrites(Error error) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(error);
  }
  // From now on Get and List fail with `error`.
  void FailReads(Error error) {
    const std::lock_guard lock(mutex_);
    read_fault_ = std::move(error);
  }
  void Heal() {
    const std::lock_guard lock(mutex_);
    fault_.reset();
    read_fault_.reset();
  }

  Result<reconciler::Record> Get(std::string_view key) override {
    if (auto error = read_fault()) return *std::move(error);
    return store_.Get(key);
  }
  Result<std::vector<reconciler::Record>> List(std::string_view prefix) override {
    if (auto error = read_fault()) return *std::move(error);
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

  std::optional<Error> read_fault() {
    const std::lock_guard lock(mutex_);
    return read_fault_;
  }

  reconciler::StateStore& store_;
  std::mutex mutex_;
  std::optional<Error> fault_;
  std::optional<Error> read_fault_;
};

}  // namespace portolan::controller
