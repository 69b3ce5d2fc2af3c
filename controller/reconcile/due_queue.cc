#include "controller/reconcile/due_queue.h"

namespace portolan::controller {

void DueQueue::Set(const std::string& name, Duration due) {
  const auto [found, fresh] = due_.try_emplace(name, due);
  if (!fresh) {
    if (found->second == due) return;
    queue_.erase({found->second, name});
    found->second = due;
  }
  queue_.emplace(due, name);
}

void DueQueue::Remove(const std::string& name) {
  const auto found = due_.find(name);
  if (found == due_.end()) return;
  queue_.erase({found->second, name});
  due_.erase(found);
}

void DueQueue::AllDue(Duration now) {
  queue_.clear();
  for (auto& [name, due] : due_) {
    due = std::min(due, now);
    queue_.emplace(due, name);
  }
}

std::vector<std::string> DueQueue::Take(Duration now, std::size_t max) {
  std::vector<std::string> taken;
  while (taken.size() < max && !queue_.empty() && queue_.begin()->first <= now) {
    taken.push_back(std::move(queue_.extract(queue_.begin()).value().second));
    due_.erase(taken.back());
  }
  return taken;
}

std::optional<Duration> DueQueue::next() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->first;
}

}  // namespace portolan::controller
