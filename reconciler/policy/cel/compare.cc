#include "reconciler/policy/cel/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

// Numbers of different kinds compare by mathematical value, without going through a double: 2^53 +
// 1 as an int is above 2^53 as a double. Only the operators < <= > >= round the other side, as
// cel-go does and the conformance cases expect (OperatorOrder); equality never does.

namespace portolan::reconciler::cel {
namespace {

template <typename T>
Order Ordered(const T& left, const T& right) {
  return left < right ? Order::kLess : right < left ? Order::kGreater : Order::kEqual;
}

Order Reversed(Order order) {
  if (order == Order::kLess) return Order::kGreater;
  return order == Order::kGreater ? Order::kLess : order;
}

Order IntWithUint(std::int64_t left, std::uint64_t right) {
  return left < 0 ? Order::kLess : Ordered(static_cast<std::uint64_t>(left), right);
}

// The whole part decides; when it is equal, the fraction of the double does.
template <typename Integer>
Order WholeWithDouble(Integer left, double right) {
  const double whole = std::trunc(right);
  const Order order = Ordered(left, static_cast<Integer>(whole));
  return order != Order::kEqual ? order : Ordered(whole, right);
}

Order IntWithDouble(std::int64_t left, double right) {
  if (std::isnan(right)) return Order::kUnordered;
  // 2^63 is a double exactly, and the first that no int reaches; casting it would be undefined.
  if (right >= 0x1p63) return Order::kLess;
  if (right < -0x1p63) return Order::kGreater;
  return WholeWithDouble(left, right);
}

Order UintWithDouble(std::uint64_t left, double right) {
  if (std::isnan(right)) return Order::kUnordered;
  if (right >= 0x1p64) return Order::kLess;
  if (right < 0) return Order::kGreater;
  return WholeWithDouble(left, right);
}

Order Numbers(const Value& left, const Value& right) {
  switch (left.kind()) {
    case Kind::kInt:
      if (right.is(Kind::kUint)) return IntWithUint(left.AsInt(), right.AsUint());
      if (right.is(Kind::kDouble)) return IntWithDouble(left.AsInt(), right.AsDouble());
      return Order::kNone;
    case Kind::kUint:
      if (right.is(Kind::kInt)) return Reversed(IntWithUint(right.AsInt(), left.AsUint()));
      if (right.is(Kind::kDouble)) return UintWithDouble(left.AsUint(), right.AsDouble());
      return Order::kNone;
    case Kind::kDouble:
      if (right.is(Kind::kInt)) return Reversed(IntWithDouble(right.AsInt(), left.AsDouble()));
      if (right.is(Kind::kUint)) return Reversed(UintWithDouble(right.AsUint(), left.AsDouble()));
      return Order::kNone;
    default:
      return Order::kNone;
  }
}

bool EqualNetworks(const Network& left, const Network& right) {
  return std::memcmp(left.bytes, right.bytes, sizeof left.bytes) == 0 &&
         left.prefix + (left.v4 ? 96 : 0) == right.prefix + (right.v4 ? 96 : 0);
}

// Values nested deeper than this are only built to exhaust the stack.
constexpr int kDepthMax = 1000;

class Equality {
 public:
  Equality(Arena& arena, Meter& meter) : arena_(arena), meter_(meter) {}

  bool Values(const Value& left, const Value& right, int depth) {
    if (left.kind() != right.kind()) return Numbers(left, right) == Order::kEqual;
    // Charging everything ends the evaluation with "cost limit", from wherever it is.
    if (depth > kDepthMax) return meter_.Charge(std::numeric_limits<std::uint64_t>::max());
    switch (left.kind()) {
      case Kind::kNull:
        return true;
      case Kind::kType:
        return left.AsType() == right.AsType();
      case Kind::kList:
        return Lists(left.AsList(), right.AsList(), depth);
      case Kind::kMap:
        return Maps(left.AsMap(), right.AsMap(), depth);
      case Kind::kOptional:
        return Optionals(left.AsOptional(), right.AsOptional(), depth);
      case Kind::kIp:
      case Kind::kCidr:
        return EqualNetworks(left.AsNetwork(), right.AsNetwork());
      case Kind::kString:
      case Kind::kBytes:
        // Equal lengths are not asked for first: the cost must not depend on where texts differ.
        meter_.ChargeTraversal(std::min(left.AsText().size(), right.AsText().size()));
        return left.AsText() == right.AsText();
      default:
        return Compare(left, right) == Order::kEqual;
    }
  }

 private:
  bool Lists(const List& left, const List& right, int depth) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (!meter_.Charge(1) || !Values(left.At(i, arena_), right.At(i, arena_), depth + 1))
        return false;
    return true;
  }

  bool Maps(const Map& left, const Map& right, int depth) {
    struct Entries final : EntryVisitor {
      Entries(Equality& all, const Map& map, int at) : equality(all), other(map), depth(at) {}
      bool Visit(const Value& key, const Value& value) override {
        const auto found = other.Find(key, equality.arena_);
        equal =
            equality.meter_.Charge(1) && found.has_value() && equality.Values(value, *found, depth);
        return equal;
      }
      Equality& equality;
      const Map& other;
      int depth;
      bool equal = true;
    };
    if (left.size() != right.size()) return false;
    Entries entries(*this, right, depth + 1);
    left.ForEach(true, entries, arena_);
    return entries.equal;
  }

  bool Optionals(const Value* left, const Value* right, int depth) {
    if (left == nullptr || right == nullptr) return left == right;
    return Values(*left, *right, depth + 1);
  }

  Arena& arena_;
  Meter& meter_;
};

}  // namespace

Order Compare(const Value& left, const Value& right) {
  if (left.kind() != right.kind()) return Numbers(left, right);
  switch (left.kind()) {
    case Kind::kBool:
    case Kind::kInt:
      return Ordered(left.AsInt(), right.AsInt());
    case Kind::kUint:
      return Ordered(left.AsUint(), right.AsUint());
    case Kind::kDouble:
      if (std::isnan(left.AsDouble()) || std::isnan(right.AsDouble())) return Order::kUnordered;
      return Ordered(left.AsDouble(), right.AsDouble());
    case Kind::kString:
    case Kind::kBytes:
      return Ordered(left.AsText(), right.AsText());
    case Kind::kTimestamp:
    case Kind::kDuration:
      return Ordered(left.AsTime(), right.AsTime());
    default:
      return Order::kNone;
  }
}

Order OperatorOrder(const Value& left, const Value& right) {
  const Order exact = Compare(left, right);
  if (exact == Order::kNone || left.is(Kind::kDouble) == right.is(Kind::kDouble)) return exact;
  const auto rounded = [](const Value& value) {
    if (value.is(Kind::kInt)) return static_cast<double>(value.AsInt());
    return value.is(Kind::kUint) ? static_cast<double>(value.AsUint()) : value.AsDouble();
  };
  return rounded(left) == rounded(right) ? Order::kEqual : exact;
}

bool Equal(const Value& left, const Value& right, Arena& arena, Meter& meter) {
  return Equality(arena, meter).Values(left, right, 0);
}

}  // namespace portolan::reconciler::cel
