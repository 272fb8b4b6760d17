#pragma once
// How roles talk. In one process a request is a function call; on a cluster the same interface is
// NATS, and several processes that serve one subject are indistinguishable from one.
//
// Subjects are exact: no wildcards. 1 to 200 characters of [A-Za-z0-9._-], tokens between dots not
// empty ("device.<32 hex digits>", "chat.request").
//
// Delivery is at most once: what must not be lost lies in the database, and the bus only says that
// it is worth looking. All members are safe from any thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "unhidra/base/bytes.h"
#include "unhidra/messaging/errc.h"
#include "unhidra/runtime/task.h"

namespace unhidra::messaging {

// One copy of the bytes, shared by all receivers.
class Payload {
 public:
  Payload() = default;
  explicit Payload(Bytes bytes) : bytes_(std::make_shared<const Bytes>(std::move(bytes))) {}
  ByteView view() const { return bytes_ ? ByteView(*bytes_) : ByteView(); }

 private:
  std::shared_ptr<const Bytes> bytes_;
};

struct Message {
  std::string_view subject;  // lives as long as the handler's call
  Payload payload;           // may be kept
};

// Ends the subscription or service when it goes. When it goes on the executor that it was made for,
// no handler runs after that; from another thread, one call may still be in progress.
class [[nodiscard]] Subscription {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
  };
  Subscription() = default;
  explicit Subscription(std::unique_ptr<Owner> owner) : owner_(std::move(owner)) {}
  void reset() { owner_.reset(); }
  explicit operator bool() const { return owner_ != nullptr; }

 private:
  std::unique_ptr<Owner> owner_;
};

struct SubscribeOptions {
  // Messages that wait for the handler. When it is this far behind, further ones are lost for this
  // subscription alone, counted, and told by `on_lagged` before the next message that gets through.
  std::size_t max_pending = 1024;
  // Runs on the subscription's executor with the number of messages lost since the last call.
  std::function<void(std::uint64_t lost)> on_lagged = nullptr;
};

struct ServeOptions {
  // Requests being handled; one more is answered with Errc::overloaded and a retry hint.
  std::size_t max_in_flight = 1024;
};

struct BusStats {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;  // to slow subscribers
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // overloaded or without responder
  std::size_t subscriptions = 0;
  std::size_t in_flight = 0;
};

class Bus {
 public:
  // Must not block; work that takes time is spawned in a scope of its owner. Messages of one
  // publisher on one subject come in order.
  using Handler = std::function<void(const Message&)>;
  using Service = std::function<Task<Result<Bytes>>(Bytes request)>;

  virtual ~Bus() = default;

  // To every subscriber of exactly this subject. Never blocks; success does not mean that anybody
  // listened.
  virtual Status publish(std::string_view subject, Bytes payload) = 0;

  // `handler` runs on `executor`.
  virtual Result<Subscription> subscribe(std::string_view subject, Executor executor,
                                         Handler handler, SubscribeOptions options = {}) = 0;

  // One answer from whoever serves the subject. The server's own Error arrives here with the same
  // code, kind, message and retry_after. Errc::no_responder when nobody serves it;
  // unhidra::Errc::timeout when the answer does not come in time: the request may still take
  // effect. Within one process a responder on the asker's own executor is preferred and awaited
  // like a function: what it waits for then bounds the wait, and the asker's cancellation reaches
  // it.
  virtual Task<Result<Bytes>> request(std::string subject, Bytes payload,
                                      std::chrono::milliseconds timeout) = 0;

  // Answers requests; `service` starts on `executor`. Those who serve a subject under one
  // `queue_group` share its requests in turn: serve once per I/O thread to use them all. A subject
  // has one queue group. Requests in flight end by themselves when the subscription goes.
  virtual Result<Subscription> serve(std::string_view subject, std::string_view queue_group,
                                     Executor executor, Service service,
                                     ServeOptions options = {}) = 0;

  // How many subscriptions a message on the subject would reach; nothing when the bus cannot tell.
  virtual std::optional<std::size_t> listeners(std::string_view subject) const = 0;

  // Whether messages go through now: a readiness check.
  virtual Status healthy() const = 0;
  virtual BusStats stats() const = 0;

  // Refuses everything new with Errc::closed and waits until the requests being served have ended;
  // those that have not by the deadline are cancelled.
  virtual Task<Status> close(std::chrono::milliseconds deadline) = 0;
};

bool is_valid_subject(std::string_view subject);
constexpr std::size_t kMaxPayload = std::size_t{1} << 20;  // NATS's own default limit

// Within one process. `executor` runs its housekeeping.
std::unique_ptr<Bus> make_in_process_bus(Executor executor);

}  // namespace unhidra::messaging
