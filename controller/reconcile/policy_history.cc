#include "controller/reconcile/policy_history.h"

#include <algorithm>

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::size_t kCommitDigitsMin = 7;

}  // namespace

std::vector<AcceptedSet>::const_iterator PolicyHistory::At(std::string_view commit) const {
  return std::ranges::find(sets_, commit, &AcceptedSet::commit);
}

void PolicyHistory::Accept(AcceptedSet set) {
  if (const auto known = At(set.commit); known != sets_.end()) {
    sets_[static_cast<std::size_t>(known - sets_.begin())].left = false;
    return;
  }
  sets_.push_back(std::move(set));
  if (sets_.size() > kAcceptedSetsMax) sets_.erase(sets_.begin());
}

void PolicyHistory::Leave(std::string_view commit) {
  if (const auto known = At(commit); known != sets_.end())
    sets_[static_cast<std::size_t>(known - sets_.begin())].left = true;
}

Result<AcceptedSet> PolicyHistory::Find(std::string_view current, std::string_view to) const {
  if (to.empty()) {
    const auto now = At(current);
    const auto before = std::find_if(std::make_reverse_iterator(now), sets_.rend(),
                                     [](const AcceptedSet& set) { return !set.left; });
    if (now != sets_.end() && before != sets_.rend()) return *before;
    return Error{ErrorCode::kNotFound, "no set of policies is known that judged before this one"};
  }
  if (to.size() < kCommitDigitsMin)
    return Error{
        ErrorCode::kInvalid,
        "to: expected a commit, or its first 7 digits or more, found \"" + std::string(to) + "\""};
  std::string known;
  for (const AcceptedSet& set : sets_) {
    if (set.commit.starts_with(to)) return set;
    known += (known.empty() ? "" : ", ") + set.commit.substr(0, kCommitDigitsMin);
  }
  return Error{ErrorCode::kNotFound,
               "the policies of commit " + std::string(to) +
                   " were never accepted; those that were: " + (known.empty() ? "none" : known)};
}

reconciler::Writers PolicyHistory::WritersAfter(std::string_view commit) const {
  reconciler::Writers writers;
  auto set = At(commit);
  if (set == sets_.end()) return writers;
  for (++set; set != sets_.end(); ++set) writers.Add(set->writers);
  return writers;
}

Value PolicyHistory::ToValue() const {
  Value::Array items;
  for (const AcceptedSet& set : sets_) {
    Value item = Value::Object{{"commit", set.commit}, {"at", FormatTime(set.at)}, {"by", set.by}};
    WriteWriters(set.writers, item);
    if (set.left) item.Set("left", true);
    items.push_back(std::move(item));
  }
  return items;
}

PolicyHistory PolicyHistory::FromValue(const Value& value) {
  PolicyHistory history;
  if (!value.is_array()) return history;
  for (const Value& item : value.as_array()) {
    const auto at = ParseTime(item.StringOr("at", ""));
    if (!item.is_object() || !at.ok() || item.StringOr("commit", "").empty()) continue;
    history.sets_.push_back({std::string(item.StringOr("commit", "")), *at,
                             std::string(item.StringOr("by", "")), reconciler::WritersFrom(item),
                             item.BoolOr("left", false)});
  }
  return history;
}

}  // namespace portolan::controller
