#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "controller/store/batch_check.h"
#include "controller/store/event_chain.h"
#include "manifests/value.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// A StateStore that forgets everything when it goes: for tests of what uses one. Keeps the contract
// of state_store_contract.h. Thread-safe.
class MemoryStore final : public reconciler::StateStore {
 public:
  Result<reconciler::Record> Get(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto found = state_.records.find(std::string(key));
    if (found != state_.records.end()) return found->second;
    return Error{ErrorCode::kNotFound, "no record \"" + std::string(key) + "\" is stored"};
  }

  Result<std::vector<reconciler::Record>> List(std::string_view prefix) override {
    const std::lock_guard lock(mutex_);
    std::vector<reconciler::Record> records;
    for (auto it = state_.records.lower_bound(std::string(prefix));
         it != state_.records.end() && it->first.starts_with(prefix); ++it)
      records.push_back(it->second);
    return records;
  }

  Result<reconciler::CommitResult> Commit(const reconciler::Batch& batch) override {
    PORTOLAN_CHECK(CheckBatch(batch));
    const std::lock_guard lock(mutex_);
    State next = state_;
    for (const auto& put : batch.puts) PORTOLAN_CHECK(ApplyPut(put, next));
    for (const std::string& key : batch.deletes) next.records.erase(key);
    for (const reconciler::Event& event : batch.events) {
      PORTOLAN_TRY(const ChainLink link, AppendToChain(event, next.head));
      PORTOLAN_TRY(reconciler::Event stored, DecodeEvent(link.body));
      stored.prev_hash = link.prev_hash;
      stored.hash = link.hash;
      next.events.push_back(std::move(stored));
    }
    state_ = std::move(next);
    return reconciler::CommitResult{state_.head.sequence};
  }

  Result<Digest> PutBlob(std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    const Digest digest = Sha256Of(bytes);
    blobs_.try_emplace(digest, bytes);
    return digest;
  }

  Result<std::string> GetBlob(const Digest& digest) override {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(digest);
    if (found != blobs_.end()) return found->second;
    return Error{ErrorCode::kNotFound, "no blob " + digest.ToString() + " is stored"};
  }

  Result<std::vector<reconciler::Event>> Events(const reconciler::EventQuery& query) override {
    const std::lock_guard lock(mutex_);
    std::vector<reconciler::Event> events;
    for (std::size_t i = query.after; i < state_.events.size(); ++i)
      if (query.map.empty() || state_.events[i].map == query.map ||
          (!query.also.empty() && state_.events[i].map == query.also))
        events.push_back(state_.events[i]);
    if (events.size() <= query.limit) return events;
    const auto surplus = static_cast<std::ptrdiff_t>(events.size() - query.limit);
    if (query.newest) {
      events.erase(events.begin(), events.begin() + surplus);
    } else {
      events.erase(events.end() - surplus, events.end());
    }
    return events;
  }

 private:
  struct State {
    std::map<std::string, reconciler::Record> records;
    std::vector<reconciler::Event> events;  // events[n] has sequence n + 1
    ChainHead head;
  };

  static Status ApplyPut(const reconciler::Batch::Put& put, State& state) {
    const auto found = state.records.find(put.key);
    PORTOLAN_TRY(const std::uint64_t version,
                 NextVersion(put, found == state.records.end() ? 0 : found->second.version));
    if (!manifests::ParseJson(put.body, {.bytes = kRecordBytesMax}).ok())
      return Error{ErrorCode::kInvalid, "record \"" + put.key + "\" is no JSON"};
    state.records[put.key] = {put.key, put.body, version};
    return {};
  }

  std::mutex mutex_;
  State state_;
  std::unordered_map<Digest, std::string, DigestHash> blobs_;
};

}  // namespace portolan::controller
