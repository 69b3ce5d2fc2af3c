#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace portolan {

// What kind of failure it was. One table maps a code to an HTTP status (controller/http/problem.h),
// one to an exit code of the command line (controller/cli/exit_code.h).
enum class ErrorCode {
  kInvalid,          // the input is wrong; the same input fails again
  kNotFound,         // the named thing does not exist
  kConflict,         // the state moved on, or forbids this now
  kDenied,           // known actor, no right; or a rule says no
  kUnauthenticated,  // unknown actor
  kUnavailable,      // a peer or a store does not answer now; retry later
  kTimeout,          // a deadline passed
  kExhausted,        // disk, memory or a limit is full
  kCorrupt,          // stored bytes are not what was written
  kCancelled,        // the caller gave up
  kInternal,         // a defect of the program
};

// The code's name in JSON and logs, for example "not_found".
std::string_view ErrorCodeName(ErrorCode code);

// A failure as a value. `message` is one sentence for a person: where, what was found, what was
// expected, what to do.
struct Error {
  ErrorCode code;
  std::string message;
};

// A value or an Error. Not thread-safe; accessing the absent side is a programmer error. Not a
// std::variant: its copies and moves, compiled for each T in each unit, took a tenth to a fifth of
// GCC's time.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  template <typename U>
  requires std::is_convertible_v<U&&, T> Result(U&& value)
      : value_(std::in_place, std::forward<U>(value)) {}  // NOLINT

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  const T& value() const& { return value_.value(); }
  T& value() & { return value_.value(); }
  T&& value() && { return std::move(value_).value(); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  std::optional<T> value_;
  Error error_{ErrorCode::kInternal, ""};  // of a failure
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit by design

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  Error error_{ErrorCode::kInternal, ""};
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace portolan

#define PORTOLAN_CONCAT_(a, b) a##b
#define PORTOLAN_CONCAT(a, b) PORTOLAN_CONCAT_(a, b)

// Declares `decl` from the value of `expr`, or returns the error from the enclosing function.
#define PORTOLAN_TRY(decl, expr)                                        \
  auto PORTOLAN_CONCAT(portolan_try_, __LINE__) = (expr);               \
  if (!PORTOLAN_CONCAT(portolan_try_, __LINE__).ok())                   \
    return std::move(PORTOLAN_CONCAT(portolan_try_, __LINE__)).error(); \
  decl = std::move(PORTOLAN_CONCAT(portolan_try_, __LINE__)).value()

// Returns the error of `expr` (a Status, or a Result whose value is not needed) from the enclosing
// function.
#define PORTOLAN_CHECK(expr)                                            \
  do {                                                                  \
    auto portolan_check = (expr);                                       \
    if (!portolan_check.ok()) return std::move(portolan_check).error(); \
  } while (false)
