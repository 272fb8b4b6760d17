#include "delivery.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "unhidra/runtime/log.h"

namespace unhidra::messaging {

namespace asio = boost::asio;

BusStats Counters::read() const {
  return {.published = published,
          .delivered = delivered,
          .lost = lost,
          .requests = requests,
          .refused = refused,
          .subscriptions = subscriptions,
          .in_flight = in_flight};
}

Status check_message(std::string_view subject, std::size_t payload_size) {
  if (!is_valid_subject(subject)) {
    return fail(Errc::bad_subject, "not a subject of the bus");
  }
  if (payload_size > kMaxPayload) {
    return fail(Errc::too_large, "too large for the bus");
  }
  return {};
}

Error too_busy() {
  constexpr std::chrono::milliseconds kRetry{100};
  return Error(Errc::overloaded, "too busy, try again later").with_retry_after(kRetry);
}

bool Subscriber::admit() {
  if (pending.load(std::memory_order_acquire) >= options.max_pending) {
    lost.fetch_add(1, std::memory_order_acq_rel);
    counters->lost.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  pending.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

void Subscriber::deliver(Payload payload) {
  pending.fetch_sub(1, std::memory_order_acq_rel);
  if (!active.load(std::memory_order_acquire)) {
    return;
  }
  try {
    const auto missed = lost.exchange(0, std::memory_order_acq_rel);
    if (missed > 0 && options.on_lagged) {
      options.on_lagged(missed);
    }
    if (active.load(std::memory_order_acquire)) {  // on_lagged may have ended it
      counters->delivered.fetch_add(1, std::memory_order_relaxed);
      handler({subject, std::move(payload)});
    }
  } catch (const std::exception& e) {
    log::error("bus.handler_threw", {{"what", e.what()}});
  }
}

void enqueue(const std::shared_ptr<Subscriber>& to, const Payload& payload) {
  if (to->admit()) {
    asio::post(to->executor, [to, payload] { to->deliver(payload); });
  }
}

std::optional<Place> Place::take(const std::shared_ptr<Responder>& responder) {
  if (responder->in_flight.fetch_add(1) >= responder->options.max_in_flight) {
    responder->in_flight.fetch_sub(1);
    return std::nullopt;
  }
  responder->counters->in_flight.fetch_add(1, std::memory_order_relaxed);
  return Place(responder);
}

Place::~Place() {
  if (responder_) {
    responder_->in_flight.fetch_sub(1);
    responder_->counters->in_flight.fetch_sub(1, std::memory_order_relaxed);
  }
}

Task<Result<Bytes>> answer_of(Place place, Bytes request) {
  try {
    co_return co_await place.responder()->service(std::move(request));
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) {
      co_return fail(Errc::closed, "the server is stopping");
    }
    log::error("bus.service_threw", {{"what", e.what()}});
  } catch (const std::exception& e) {
    log::error("bus.service_threw", {{"what", e.what()}});
  }
  co_return fail(unhidra::Errc::internal, "internal error");
}

Task<void> serve_one(Place place, Bytes request, std::function<void(Result<Bytes>)> done) {
  done(co_await answer_of(std::move(place), std::move(request)));
}

void complete(const std::shared_ptr<Call>& call, Result<Bytes> result) {
  asio::dispatch(call->executor, [call, result = std::move(result)]() mutable {
    call->result.emplace(std::move(result));
    call->timer.cancel();
  });
}

Task<Result<Bytes>> wait_for(std::shared_ptr<Call> call, std::string subject) {
  boost::system::error_code woken;
  if (!call->result) {
    co_await call->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (call->result) {
    co_return std::move(*call->result);
  }
  if (woken == asio::error::operation_aborted) {
    co_return fail(unhidra::Errc::cancelled, "given up");
  }
  co_return fail(unhidra::Errc::timeout, "no answer from " + subject + " in time");
}

}  // namespace unhidra::messaging
