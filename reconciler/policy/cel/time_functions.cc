// getFullYear() and its kin.
#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/time.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;

// Seconds east of UTC of the zone that the call names at its time; an error goes to `failure`.
std::int32_t OffsetOf(CallContext& context, Arguments arguments, Value& failure) {
  if (arguments.size() == 1) return 0;
  const std::string_view name = arguments[1].AsText();
  if (const auto fixed = FixedOffset(name)) return *fixed;
  if (context.zones == nullptr) {
    failure = context.Fail("time zones by name are not available here");
    return 0;
  }
  const auto zone = context.zones->Find(name);
  if (zone.ok()) return (*zone)->OffsetAt(arguments[0].AsTime().seconds);
  failure = context.Fail(zone.error().message);
  return 0;
}

enum class Part {
  kFullYear,
  kMonth,
  kDayOfYear,
  kDayOfMonth,
  kDate,
  kDayOfWeek,
  kHours,
  kMinutes,
  kSeconds,
  kMilliseconds,
};

std::int64_t PartOf(Part part, const CivilTime& civil, SecondsNanos time) {
  switch (part) {
    case Part::kFullYear:
      return civil.year;
    case Part::kMonth:
      return civil.month - 1;
    case Part::kDayOfYear:
      return civil.day_of_year;
    case Part::kDayOfMonth:
      return civil.day - 1;
    case Part::kDate:
      return civil.day;
    case Part::kDayOfWeek:
      return civil.day_of_week;
    case Part::kHours:
      return civil.hour;
    case Part::kMinutes:
      return civil.minute;
    case Part::kSeconds:
      return civil.second;
    case Part::kMilliseconds:
      return time.nanos / 1'000'000;
  }
  return 0;
}

template <Part kPart>
Value Get(CallContext& context, Arguments arguments) {
  Value failure;
  const std::int32_t offset = OffsetOf(context, arguments, failure);
  if (failure.failed()) return failure;
  const SecondsNanos time = arguments[0].AsTime();
  return Value::Int(PartOf(kPart, CivilOf(time.seconds, offset), time));
}

// Whole units of a duration, towards zero.
template <std::int64_t kSeconds>
Value Units(CallContext&, Arguments arguments) {
  const SecondsNanos time = arguments[0].AsTime();
  if (time.seconds >= 0) return Value::Int(time.seconds / kSeconds);
  return Value::Int(-(NegateTime(time).seconds / kSeconds));
}

// Of the last second alone.
Value Milliseconds(CallContext&, Arguments arguments) {
  const SecondsNanos time = arguments[0].AsTime();
  if (time.seconds >= 0) return Value::Int(time.nanos / 1'000'000);
  return Value::Int(-static_cast<std::int64_t>(NegateTime(time).nanos / 1'000'000));
}

constexpr Overload kFunctions[] = {
    {"getFullYear", "t.:i", Get<Part::kFullYear>},
    {"getFullYear", "t.s:i", Get<Part::kFullYear>},
    {"getMonth", "t.:i", Get<Part::kMonth>},
    {"getMonth", "t.s:i", Get<Part::kMonth>},
    {"getDayOfYear", "t.:i", Get<Part::kDayOfYear>},
    {"getDayOfYear", "t.s:i", Get<Part::kDayOfYear>},
    {"getDayOfMonth", "t.:i", Get<Part::kDayOfMonth>},
    {"getDayOfMonth", "t.s:i", Get<Part::kDayOfMonth>},
    {"getDate", "t.:i", Get<Part::kDate>},
    {"getDate", "t.s:i", Get<Part::kDate>},
    {"getDayOfWeek", "t.:i", Get<Part::kDayOfWeek>},
    {"getDayOfWeek", "t.s:i", Get<Part::kDayOfWeek>},
    {"getHours", "t.:i", Get<Part::kHours>},
    {"getHours", "t.s:i", Get<Part::kHours>},
    {"getHours", "D.:i", Units<3600>},
    {"getMinutes", "t.:i", Get<Part::kMinutes>},
    {"getMinutes", "t.s:i", Get<Part::kMinutes>},
    {"getMinutes", "D.:i", Units<60>},
    {"getSeconds", "t.:i", Get<Part::kSeconds>},
    {"getSeconds", "t.s:i", Get<Part::kSeconds>},
    {"getSeconds", "D.:i", Units<1>},
    {"getMilliseconds", "t.:i", Get<Part::kMilliseconds>},
    {"getMilliseconds", "t.s:i", Get<Part::kMilliseconds>},
    {"getMilliseconds", "D.:i", Milliseconds},
};

}  // namespace

std::span<const Overload> TimeFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
