#pragma once
// What both buses share: bounded delivery to subscribers, services with bounded requests in flight,
// and an asker that waits.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "unhidra/messaging/bus.h"
#include "unhidra/runtime/task_scope.h"

namespace unhidra::messaging {

struct Counters {
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::size_t> subscriptions{0};
  std::atomic<std::size_t> in_flight{0};

  BusStats read() const;
};

Status check_message(std::string_view subject, std::size_t payload_size);
Error too_busy();

// One subscriber of one subject. Its queue is its executor's: `pending` bounds its share of it.
struct Subscriber {
  std::string subject;
  Executor executor;
  Bus::Handler handler;
  SubscribeOptions options;
  std::shared_ptr<Counters> counters;
  std::atomic<bool> active{true};
  std::atomic<std::size_t> pending{0};
  std::atomic<std::uint64_t> lost{0};

  // Takes a place in the queue; false: it is full, and the message counts as lost. Any thread.
  bool admit();
  // On the executor, once for each place.
  void deliver(Payload payload);
};

// Hands the payload to the subscriber's executor, or counts it as lost. Any thread.
void enqueue(const std::shared_ptr<Subscriber>& to, const Payload& payload);

struct Responder {
  std::string subject;
  Executor executor;
  Bus::Service service;
  ServeOptions options;
  std::shared_ptr<Counters> counters;
  std::atomic<std::size_t> in_flight{0};
};

// A place among the requests in flight; given back when it goes.
class Place {
 public:
  static std::optional<Place> take(const std::shared_ptr<Responder>& responder);
  Place(Place&&) noexcept = default;
  Place& operator=(Place&&) = delete;
  ~Place();
  const std::shared_ptr<Responder>& responder() const { return responder_; }

 private:
  explicit Place(std::shared_ptr<Responder> responder) : responder_(std::move(responder)) {}
  std::shared_ptr<Responder> responder_;
};

// Runs the service, on the responder's executor. An exception becomes an internal error without its
// text; a cancellation becomes Errc::closed.
Task<Result<Bytes>> answer_of(Place place, Bytes request);
// The same, and passes what it answers to `done`.
Task<void> serve_one(Place place, Bytes request, std::function<void(Result<Bytes>)> done);

// One request on its way. Touched on the asker's executor only.
struct Call {
  Call(Executor e, std::chrono::milliseconds timeout)
      : executor(std::move(e)), timer(executor, timeout) {}
  Executor executor;
  boost::asio::steady_timer timer;
  std::optional<Result<Bytes>> result;
};
// From any thread.
void complete(const std::shared_ptr<Call>& call, Result<Bytes> result);
// On the asker's executor.
Task<Result<Bytes>> wait_for(std::shared_ptr<Call> call, std::string subject);

}  // namespace unhidra::messaging
