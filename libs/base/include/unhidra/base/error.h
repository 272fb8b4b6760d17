#pragma once
// Expected failures are values. An Error is a stable code, which programs compare, and a message
// for people, which may change. Each room declares its codes as one small `enum class Errc` and a
// `constexpr ErrorCode error_code(Errc)`.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace unhidra {

// What kind of failure this is, independent of the room. HTTP status, WebSocket close codes and
// MQTT reason codes are derived from it in one place each.
enum class ErrorKind : std::uint8_t {
  invalid,          // the request is malformed or breaks a rule: asking again unchanged fails again
  unauthenticated,  // no or no valid proof of who asks
  denied,           // known, but not allowed
  not_found,        // does not exist, or the asker may not know that it does
  conflict,         // clashes with the present state; look at the state and ask again
  too_large,        // over a size limit
  rate_limited,     // over a rate limit; `retry_after` tells when to ask again
  unprocessable,    // well formed, but its content cannot be accepted (a bad signature, say)
  unavailable,      // a dependency does not answer or the process is stopping: ask again later
  timeout,          // no answer in time: whether it took effect is unknown
  cancelled,        // given up on our own side
  corrupt,          // stored or received data is damaged or was tampered with
  internal,         // a bug
};

std::string_view to_string(ErrorKind kind);

// `name` is "<room>.<code>" in static storage and never changes once released.
struct ErrorCode {
  std::string_view name;
  ErrorKind kind = ErrorKind::internal;
  friend constexpr bool operator==(const ErrorCode& a, const ErrorCode& b) {
    return a.name == b.name;
  }
};

template <class E>
concept ErrorEnum = std::is_enum_v<E> && requires(E e) {
  { error_code(e) } -> std::same_as<ErrorCode>;
};

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}
  template <ErrorEnum E>
  Error(E code, std::string message) : Error(error_code(code), std::move(message)) {}

  const ErrorCode& code() const { return code_; }
  ErrorKind kind() const { return code_.kind; }
  // For people; never holds a secret, a token or message content.
  const std::string& message() const { return message_; }
  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }

  // By value: with a reference, `error = std::move(error).in("...")` would move it onto itself.
  Error with_retry_after(std::chrono::milliseconds delay) && {
    retry_after_ = delay;
    return std::move(*this);
  }
  // Says where the failure happened: "<context>: <message>".
  Error in(std::string_view context) && {
    message_.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }

  template <ErrorEnum E>
  friend bool operator==(const Error& error, E code) {
    return error.code_ == error_code(code);
  }

 private:
  ErrorCode code_;
  std::string message_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// `return fail(Errc::bad_tag, "the tag does not match");`
template <ErrorEnum E>
std::unexpected<Error> fail(E code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

// Codes that no single room owns.
enum class Errc : std::uint8_t { invalid, internal, cancelled, timeout, unavailable };
constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::invalid:
      return {"base.invalid", ErrorKind::invalid};
    case Errc::cancelled:
      return {"base.cancelled", ErrorKind::cancelled};
    case Errc::timeout:
      return {"base.timeout", ErrorKind::timeout};
    case Errc::unavailable:
      return {"base.unavailable", ErrorKind::unavailable};
    case Errc::internal:
      break;
  }
  return {"base.internal", ErrorKind::internal};
}

}  // namespace unhidra

// Early return of a failed Result; the two forms every caller needs.
#define UNHIDRA_CONCAT_(a, b) a##b
#define UNHIDRA_CONCAT(a, b) UNHIDRA_CONCAT_(a, b)
// UNHIDRA_TRY(auto key, parse_key(bytes));   or   UNHIDRA_TRY_VOID(check(x));
#define UNHIDRA_TRY_IMPL(holder, declaration, expression) \
  auto holder = (expression);                             \
  if (!holder) {                                          \
    return ::unhidra::fail(std::move(holder).error());    \
  }                                                       \
  declaration = std::move(*holder)
#define UNHIDRA_TRY(declaration, ...) \
  UNHIDRA_TRY_IMPL(UNHIDRA_CONCAT(try_result_, __LINE__), declaration, (__VA_ARGS__))
#define UNHIDRA_TRY_VOID(...)                                 \
  do {                                                        \
    if (auto try_status_ = (__VA_ARGS__); !try_status_) {     \
      return ::unhidra::fail(std::move(try_status_).error()); \
    }                                                         \
  } while (false)
// The same inside a coroutine.
#define UNHIDRA_CO_TRY_IMPL(holder, declaration, expression) \
  auto holder = (expression);                                \
  if (!holder) {                                             \
    co_return ::unhidra::fail(std::move(holder).error());    \
  }                                                          \
  declaration = std::move(*holder)
#define UNHIDRA_CO_TRY(declaration, ...) \
  UNHIDRA_CO_TRY_IMPL(UNHIDRA_CONCAT(try_result_, __LINE__), declaration, (__VA_ARGS__))
#define UNHIDRA_CO_TRY_VOID(...)                                 \
  do {                                                           \
    if (auto try_status_ = (__VA_ARGS__); !try_status_) {        \
      co_return ::unhidra::fail(std::move(try_status_).error()); \
    }                                                            \
  } while (false)
