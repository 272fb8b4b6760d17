#pragma once
// Structured log: one JSON object a line on standard error (or plain text for a terminal).
//   log::info("session.opened", {{"user", log::obscure(user_id)}, {"devices", 3}});
// The event is a constant "noun.verb"; everything that varies is a field. Law: no message content,
// key, token or password at any level; a stable personal id at info and above only through
// obscure(). Values are escaped, so a foreign string cannot forge a line.
//
// Safe from any thread. A line is handed to a writer thread through a bounded queue: a stuck
// standard error never blocks the caller, it costs lines, which are counted and reported as
// "log.dropped" once it drains.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "unhidra/base/bytes.h"
#include "unhidra/base/time.h"

namespace unhidra::log {

enum class Level : std::uint8_t { debug, info, warn, error, fatal };
enum class Format : std::uint8_t { json, text };

std::string_view to_string(Level level);

// One key and value. Views what it is given: it lives as long as the logging expression.
class Field {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, const std::string& value)
      : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, double value) : key_(key), value_(value) {}
  template <std::same_as<bool> B>
  Field(std::string_view key, B value) : key_(key), value_(value) {}
  template <std::signed_integral I>
  Field(std::string_view key, I value) : key_(key), value_(std::int64_t{value}) {}
  template <std::unsigned_integral I>
    requires(!std::same_as<I, bool>)
  Field(std::string_view key, I value) : key_(key), value_(std::uint64_t{value}) {}
  // A duration is written in milliseconds; name the key "..._ms".
  template <class R, class P>
  Field(std::string_view key, std::chrono::duration<R, P> value)
      : key_(key), value_(std::chrono::duration<double, std::milli>(value).count()) {}
  // The stable code of an error; its text, which is for people, goes into a field of its own.
  Field(std::string_view key, const Error& error) : key_(key), value_(error.code().name) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  std::string_view key_;
  Value value_;
};
using Fields = std::initializer_list<Field>;

bool enabled(Level level);
void write(Level level, std::string_view event, std::span<const Field> fields);

inline void log(Level level, std::string_view event, Fields fields) {
  if (enabled(level)) {
    write(level, event, {fields.begin(), fields.size()});
  }
}
inline void debug(std::string_view event, Fields fields = {}) {
  log(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
  log(Level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
  log(Level::warn, event, fields);
}
// An error is a bug or a lost dependency: something an operator must look at.
inline void error(std::string_view event, Fields fields = {}) {
  log(Level::error, event, fields);
}
// Logs, flushes and aborts.
[[noreturn]] void fatal(std::string_view event, Fields fields = {});

// Ties the lines of one request together: {"request_id", id}.
inline Field request_id(std::string_view id) {
  return {"request_id", id};
}

// A salted hash of 12 hexadecimal digits: the same id gives the same text within this process, and
// nothing outside of it. SipHash-2-4 under a random key.
std::string obscure(ByteView id);
inline std::string obscure(std::string_view id) {
  return obscure(as_bytes(id));
}
template <class IdType>
  requires requires(const IdType& id) {
    { id.bytes() } -> std::convertible_to<ByteView>;
    { id.is_nil() } -> std::same_as<bool>;
  }
std::string obscure(const IdType& id) {
  return obscure(id.bytes());
}

// Where lines go. `write` gets one whole line with its newline; any thread, one at a time not
// guaranteed.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(Level level, std::string_view line) = 0;
  // Waits until everything written before is out, or the deadline.
  virtual void flush(std::chrono::milliseconds deadline) = 0;
  // Lines lost so far.
  virtual std::uint64_t dropped() const { return 0; }
};

// Writes to a descriptor (not owned) from a thread of its own, at most `max_lines` waiting.
std::shared_ptr<Sink> make_fd_sink(int fd, std::size_t max_lines = 8192);

struct Options {
  Level level = Level::info;
  Format format = Format::json;
};
void configure(Options options);
// Returns the sink that was there. The first one writes to standard error.
std::shared_ptr<Sink> set_sink(std::shared_ptr<Sink> sink);
void flush(std::chrono::milliseconds deadline = std::chrono::seconds(1));
std::uint64_t dropped_lines();

// The line itself, without a sink: for the sinks of tests and for tools.
std::string render(Format format, Timestamp time, Level level, std::string_view event,
                   std::span<const Field> fields);

}  // namespace unhidra::log
