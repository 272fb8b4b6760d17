#pragma once
// The state behind the interface: buffers, engines, and the answer of the last call.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "unhidra/client/engine.h"
#include "unhidra/crypto/random.h"

#include "errc.h"
#include "host_store.h"

namespace unhidra::core {

class HostClock final : public Clock {
 public:
  Timestamp now() const override { return from_unix_micros(unhidra_host_now()); }
  SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::nanoseconds(unhidra_host_steady_now()));
  }
};

// One engine with what it stands on.
class HostedEngine {
 public:
  HostedEngine(std::uint32_t number, std::span<const Byte, client::RecordSealer::kKeySize> key)
      : store(number, key, crypto::native_provider(), random) {}
  Status open(std::uint64_t least_generation);

  crypto::SystemRandom random;
  HostClock clock;
  HostStore store;
  std::optional<client::Engine> engine;
  // Files that are being sealed and opened, by handle.
  std::map<std::int32_t, std::variant<client::FileSealer, client::FileOpener>> files;
  std::int32_t last_file = 0;
  // Taken from the engine, not yet by the host.
  std::deque<Bytes> frames;
  std::deque<client::Event> events;
  bool reconnect = false;
};

// What a call answers: its number, and what stays in memory.
struct Answer {
  std::int32_t value = 0;
  std::string bytes;
};

// An argument: a place that the host named, not yet looked at.
struct Span {
  const std::uint8_t* data;
  std::uint32_t size;
};

class Module {
 public:
  static constexpr std::size_t kMaxBuffers = 64;
  static constexpr std::uint32_t kMaxBuffer = 2 * 1024 * 1024;
  static constexpr std::size_t kMaxEngines = 16;
  static constexpr std::size_t kMaxFiles = 64;  // of one engine

  static Module& instance();

  // Runs one call: its outcome becomes the answer. A call from within a call changes nothing.
  template <class Body>
  std::int32_t call(Body body) {
    if (busy_) {
      return UNHIDRA_BUSY;
    }
    busy_ = true;
    const auto value = settle(body());
    busy_ = false;
    return value;
  }

  Byte* new_buffer(std::uint32_t size);
  std::int32_t free_buffer(const Byte* buffer);
  // The bytes of a span that lies in one buffer.
  Result<ByteView> view(Span span) const;

  Result<Answer> open(std::uint32_t store, ByteView key, std::uint64_t least_generation);
  Result<Answer> close(std::int32_t handle);
  Result<HostedEngine*> engine(std::int32_t handle);

  const std::string& answer() const { return answer_; }

 private:
  std::int32_t settle(Result<Answer> result);

  // By address, each with its size.
  std::map<const Byte*, std::uint32_t, std::less<>> buffers_;
  std::map<std::int32_t, std::unique_ptr<HostedEngine>> engines_;
  std::int32_t last_handle_ = 0;
  std::string answer_;
  bool busy_ = false;
};

// Overwrites what earlier calls left behind on the stack, where the platform keeps one that this
// module owns.
void wipe_dead_stack();

}  // namespace unhidra::core
