#include "reconciler/json_parts.h"

namespace portolan::reconciler {

using manifests::Value;

Value RevisionToValue(const manifests::Revision& revision) {
  Value value;
  value.Set("branch", revision.branch);
  value.Set("commit", revision.commit);
  value.Set("author", revision.author);
  value.Set("subject", revision.subject);
  value.Set("time", FormatTime(revision.time));
  return value;
}

Result<manifests::Revision> RevisionFromValue(const Value& value) {
  manifests::Revision revision;
  revision.branch = value.StringOr("branch", "");
  revision.commit = value.StringOr("commit", "");
  revision.author = value.StringOr("author", "");
  revision.subject = value.StringOr("subject", "");
  const auto time = ParseTime(value.StringOr("time", ""));
  if (!time.ok())
    return Error{ErrorCode::kCorrupt, "a stored revision's time: " + time.error().message};
  revision.time = *time;
  return revision;
}

Value FindingToValue(const Finding& finding) {
  Value value;
  value.Set("policy", finding.policy);
  value.Set("level", finding.level);
  value.Set("message", finding.message);
  if (!finding.map.empty()) value.Set("map", finding.map);
  return value;
}

Value FindingsToValue(const std::vector<Finding>& findings) {
  Value::Array array;
  for (const Finding& finding : findings) array.push_back(FindingToValue(finding));
  return array;
}

}  // namespace portolan::reconciler
