// The bus over NATS. Callbacks come on threads of the NATS library; they copy and hand over to
// executors and do nothing else.
#include "unhidra/messaging/nats_bus.h"

#include <mutex>
#include <unordered_map>

#include <nats/nats.h>

#include "unhidra/messaging/error_codec.h"
#include "unhidra/runtime/log.h"

#include "delivery.h"

namespace unhidra::messaging {
namespace {

// Marks a reply whose body is an encoded Error.
constexpr const char* kErrorHeader = "Unhidra-Error";

template <class T, void (*Destroy)(T*)>
struct Destroyer {
  void operator()(T* object) const { Destroy(object); }
};
using Options = std::unique_ptr<natsOptions, Destroyer<natsOptions, natsOptions_Destroy>>;
using Connection =
    std::unique_ptr<natsConnection, Destroyer<natsConnection, natsConnection_Destroy>>;
using NatsSubscription =
    std::unique_ptr<natsSubscription, Destroyer<natsSubscription, natsSubscription_Destroy>>;
using NatsMessage = std::unique_ptr<natsMsg, Destroyer<natsMsg, natsMsg_Destroy>>;

Status to_status(natsStatus status) {
  switch (status) {
    case NATS_OK:
      return {};
    case NATS_MAX_PAYLOAD:
      return fail(Errc::too_large, "too large for the bus");
    case NATS_CONNECTION_CLOSED:
      return fail(Errc::closed, "the bus is closed");
    default:
      return fail(Errc::disconnected, std::string("NATS: ") + natsStatus_GetText(status));
  }
}

ByteView body_of(const natsMsg* message) {
  return {reinterpret_cast<const Byte*>(natsMsg_GetData(message)),
          static_cast<std::size_t>(natsMsg_GetDataLength(message))};
}

void log_connection_event(natsConnection* connection, void* closure) {
  if (!natsConnection_IsClosed(connection)) {  // closing it ourselves is no event
    log::warn(static_cast<const char*>(closure));
  }
}

// What callbacks may still need after the bus object has begun to go.
struct Core {
  Connection connection;
  std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  std::unique_ptr<runtime::TaskScope> scope;
  std::atomic<bool> closed{false};
  std::string inbox;  // prefix of the reply subjects, with its dot

  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<Call>> calls;  // by reply subject
  std::uint64_t next_call = 1;

  std::string add_call(const std::shared_ptr<Call>& call) {
    const std::lock_guard lock(mutex);
    auto reply = inbox + std::to_string(next_call++);
    calls.emplace(reply, call);
    return reply;
  }
  std::shared_ptr<Call> take_call(const std::string& reply) {
    const std::lock_guard lock(mutex);
    const auto found = calls.find(reply);
    if (found == calls.end()) {
      return nullptr;
    }
    auto call = found->second.lock();
    calls.erase(found);
    return call;
  }

  void answer(const std::string& reply, const Result<Bytes>& result);
};

void Core::answer(const std::string& reply, const Result<Bytes>& result) {
  natsStatus status = NATS_OK;
  if (result && result->size() <= kMaxPayload) {
    status = natsConnection_Publish(connection.get(), reply.c_str(), result->data(),
                                    static_cast<int>(result->size()));
  } else {
    const auto body = encode_error(
        result ? Error(Errc::too_large, "the answer is too large for the bus") : result.error());
    natsMsg* raw = nullptr;
    status =
        natsMsg_Create(&raw, reply.c_str(), nullptr, reinterpret_cast<const char*>(body.data()),
                       static_cast<int>(body.size()));
    const NatsMessage message(raw);
    if (status == NATS_OK) {
      status = natsMsgHeader_Set(raw, kErrorHeader, "1");
    }
    if (status == NATS_OK) {
      status = natsConnection_PublishMsg(connection.get(), raw);
    }
  }
  if (status != NATS_OK) {
    // The asker runs into its timeout.
    log::warn("bus.reply_lost", {{"nats", natsStatus_GetText(status)}});
  }
}

Result<Bytes> read_reply(natsMsg* message) {
  if (natsMsg_IsNoResponders(message)) {
    return fail(Errc::no_responder, "nobody serves this subject");
  }
  const char* flag = nullptr;
  if (natsMsgHeader_Get(message, kErrorHeader, &flag) == NATS_OK) {
    Error error(Errc::bad_reply, "");
    UNHIDRA_TRY_VOID(decode_error(body_of(message), error));
    return fail(std::move(error));
  }
  return to_bytes(body_of(message));
}

// A closure of a NATS subscription: lives until its last callback has returned.
template <class T>
struct Closure {
  std::shared_ptr<Core> core;
  std::shared_ptr<T> target;
  static void destroy(void* closure) { delete static_cast<Closure*>(closure); }
};

void on_message(natsConnection* /*c*/, natsSubscription* /*s*/, natsMsg* raw, void* closure) {
  const NatsMessage message(raw);
  const auto& to = *static_cast<Closure<Subscriber>*>(closure);
  if (to.target->active.load(std::memory_order_acquire)) {
    enqueue(to.target, Payload(to_bytes(body_of(raw))));
  }
}

void on_request(natsConnection* /*c*/, natsSubscription* /*s*/, natsMsg* raw, void* closure) {
  const NatsMessage message(raw);
  const auto& to = *static_cast<Closure<Responder>*>(closure);
  const char* reply_to = natsMsg_GetReply(raw);
  if (reply_to == nullptr) {
    return;  // published, not requested: nobody waits
  }
  auto place = Place::take(to.target);
  if (!place) {
    to.core->counters->refused.fetch_add(1, std::memory_order_relaxed);
    to.core->answer(reply_to, fail(too_busy()));
    return;
  }
  auto done = [core = to.core, reply = std::string(reply_to)](Result<Bytes> result) {
    core->answer(reply, result);
  };
  auto task = serve_one(std::move(*place), to_bytes(body_of(raw)), std::move(done));
  if (!to.core->scope->spawn_on(to.target->executor, "request", std::move(task))) {
    to.core->answer(reply_to, fail(Errc::closed, "the server is stopping"));
  }
}

void on_reply(natsConnection* /*c*/, natsSubscription* /*s*/, natsMsg* raw, void* closure) {
  const NatsMessage message(raw);
  const auto& to = *static_cast<Closure<Core>*>(closure);
  // A late reply finds nobody and is dropped.
  if (const auto call = to.core->take_call(natsMsg_GetSubject(raw))) {
    complete(call, read_reply(raw));
  }
}

template <class T>
Result<NatsSubscription> listen(const std::shared_ptr<Core>& core, const std::string& subject,
                                const char* queue_group, natsMsgHandler handler,
                                std::shared_ptr<T> target) {
  auto closure = std::make_unique<Closure<T>>(Closure<T>{core, std::move(target)});
  natsSubscription* raw = nullptr;
  const auto status =
      queue_group == nullptr
          ? natsConnection_Subscribe(&raw, core->connection.get(), subject.c_str(), handler,
                                     closure.get())
          : natsConnection_QueueSubscribe(&raw, core->connection.get(), subject.c_str(),
                                          queue_group, handler, closure.get());
  UNHIDRA_TRY_VOID(to_status(status));
  auto* kept = closure.release();  // from here NATS owns it
  natsSubscription_SetOnCompleteCB(raw, &Closure<T>::destroy, kept);
  return NatsSubscription(raw);
}

class SubscriberOwner final : public Subscription::Owner {
 public:
  SubscriberOwner(std::shared_ptr<Subscriber> subscriber, NatsSubscription subscription)
      : subscriber_(std::move(subscriber)), subscription_(std::move(subscription)) {
    subscriber_->counters->subscriptions.fetch_add(1, std::memory_order_relaxed);
  }
  ~SubscriberOwner() override {
    subscriber_->active.store(false, std::memory_order_release);
    subscriber_->counters->subscriptions.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<Subscriber> subscriber_;
  NatsSubscription subscription_;
};

class ResponderOwner final : public Subscription::Owner {
 public:
  explicit ResponderOwner(NatsSubscription subscription) : subscription_(std::move(subscription)) {}

 private:
  NatsSubscription subscription_;
};

class NatsBus final : public Bus {
 public:
  NatsBus(std::shared_ptr<Core> core, NatsSubscription replies)
      : core_(std::move(core)), replies_(std::move(replies)) {}
  ~NatsBus() override {
    core_->closed = true;
    natsConnection_FlushTimeout(core_->connection.get(), 1000);
    replies_.reset();
    natsConnection_Close(core_->connection.get());
  }

  Status publish(std::string_view subject, Bytes payload) override {
    UNHIDRA_TRY_VOID(check(subject, payload.size()));
    core_->counters->published.fetch_add(1, std::memory_order_relaxed);
    return to_status(natsConnection_Publish(core_->connection.get(), std::string(subject).c_str(),
                                            payload.data(), static_cast<int>(payload.size())));
  }
  Result<Subscription> subscribe(std::string_view subject, Executor executor, Handler handler,
                                 SubscribeOptions options) override;
  Task<Result<Bytes>> request(std::string subject, Bytes payload,
                              std::chrono::milliseconds timeout) override;
  Result<Subscription> serve(std::string_view subject, std::string_view queue_group,
                             Executor executor, Service service, ServeOptions options) override;
  // Only the server knows.
  std::optional<std::size_t> listeners(std::string_view) const override { return std::nullopt; }
  Status healthy() const override;
  BusStats stats() const override { return core_->counters->read(); }
  Task<Status> close(std::chrono::milliseconds deadline) override;

 private:
  Status check(std::string_view subject, std::size_t size) const {
    UNHIDRA_TRY_VOID(check_message(subject, size));
    return core_->closed ? Status(fail(Errc::closed, "the bus is closed")) : Status{};
  }

  std::shared_ptr<Core> core_;
  NatsSubscription replies_;
};

Result<Subscription> NatsBus::subscribe(std::string_view subject, Executor executor,
                                        Handler handler, SubscribeOptions options) {
  UNHIDRA_TRY_VOID(check(subject, 0));
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->subject = subject;
  subscriber->executor = std::move(executor);
  subscriber->handler = std::move(handler);
  subscriber->options = std::move(options);
  subscriber->counters = core_->counters;
  UNHIDRA_TRY(auto subscription,
              listen(core_, subscriber->subject, nullptr, on_message, subscriber));
  return Subscription(
      std::make_unique<SubscriberOwner>(std::move(subscriber), std::move(subscription)));
}

Result<Subscription> NatsBus::serve(std::string_view subject, std::string_view queue_group,
                                    Executor executor, Service service, ServeOptions options) {
  UNHIDRA_TRY_VOID(check(subject, 0));
  UNHIDRA_TRY_VOID(check(queue_group, 0));
  auto responder = std::make_shared<Responder>();
  responder->subject = subject;
  responder->executor = std::move(executor);
  responder->service = std::move(service);
  responder->options = options;
  responder->counters = core_->counters;
  UNHIDRA_TRY(auto subscription, listen(core_, responder->subject, std::string(queue_group).c_str(),
                                        on_request, responder));
  return Subscription(std::make_unique<ResponderOwner>(std::move(subscription)));
}

Task<Result<Bytes>> NatsBus::request(std::string subject, Bytes payload,
                                     std::chrono::milliseconds timeout) {
  UNHIDRA_CO_TRY_VOID(check(subject, payload.size()));
  UNHIDRA_CO_TRY_VOID(healthy());  // buffered until a reconnect, it would only time out
  auto core = core_;
  core->counters->requests.fetch_add(1, std::memory_order_relaxed);
  auto call = std::make_shared<Call>(co_await runtime::current_executor(), timeout);
  const auto reply = core->add_call(call);
  const auto sent = to_status(natsConnection_PublishRequest(core->connection.get(), subject.c_str(),
                                                            reply.c_str(), payload.data(),
                                                            static_cast<int>(payload.size())));
  if (!sent) {
    core->take_call(reply);
    co_return fail(sent.error());
  }
  auto result = co_await wait_for(call, std::move(subject));
  core->take_call(reply);
  if (!result && result.error() == Errc::no_responder) {
    core->counters->refused.fetch_add(1, std::memory_order_relaxed);
  }
  co_return result;
}

Status NatsBus::healthy() const {
  if (core_->closed) {
    return fail(Errc::closed, "the bus is closed");
  }
  if (natsConnection_Status(core_->connection.get()) != NATS_CONN_STATUS_CONNECTED) {
    return fail(Errc::disconnected, "no connection to NATS");
  }
  return {};
}

Task<Status> NatsBus::close(std::chrono::milliseconds deadline) {
  auto core = core_;
  core->closed = true;
  auto drained = co_await core->scope->join(deadline);
  core->scope->request_stop();
  auto stopped = co_await core->scope->join(std::chrono::seconds(1));
  co_return drained ? std::move(stopped) : std::move(drained);
}

natsStatus configure(natsOptions* options, const NatsOptions& wanted) {
  constexpr int kForever = -1;
  constexpr std::int64_t kReconnectMillis = 250;
  std::vector<const char*> urls;
  for (const auto& url : wanted.urls) {
    urls.push_back(url.c_str());
  }
  // The library's functions change nothing once a step has failed; the first failure is told.
  natsStatus status = NATS_OK;
  const auto step = [&status](natsStatus next) { status = status == NATS_OK ? next : status; };
  step(natsOptions_SetServers(options, urls.data(), static_cast<int>(urls.size())));
  step(natsOptions_SetName(options, wanted.name.c_str()));
  step(natsOptions_SetMaxReconnect(options, kForever));
  step(natsOptions_SetReconnectWait(options, kReconnectMillis));
  step(natsOptions_SetReconnectJitter(options, kReconnectMillis, kReconnectMillis));
  step(natsOptions_SetRetryOnFailedConnect(options, true, log_connection_event,
                                           const_cast<char*>("bus.connected")));
  step(natsOptions_SetDisconnectedCB(options, log_connection_event,
                                     const_cast<char*>("bus.disconnected")));
  step(natsOptions_SetReconnectedCB(options, log_connection_event,
                                    const_cast<char*>("bus.reconnected")));
  // One pool of delivery threads: a thread per subscription would be one per device.
  step(natsOptions_UseGlobalMessageDelivery(options, true));
  if (!wanted.credentials_file.empty()) {
    step(
        natsOptions_SetUserCredentialsFromFiles(options, wanted.credentials_file.c_str(), nullptr));
  }
  if (!wanted.ca_file.empty()) {
    step(natsOptions_SetSecure(options, true));
    step(natsOptions_LoadCATrustedCertificates(options, wanted.ca_file.c_str()));
  }
  return status;
}

}  // namespace

Result<std::unique_ptr<Bus>> make_nats_bus(const NatsOptions& wanted, Executor executor) {
  natsOptions* raw_options = nullptr;
  UNHIDRA_TRY_VOID(to_status(natsOptions_Create(&raw_options)));
  const Options options(raw_options);
  UNHIDRA_TRY_VOID(to_status(configure(raw_options, wanted)));
  auto core = std::make_shared<Core>();
  core->scope = std::make_unique<runtime::TaskScope>(std::move(executor), "bus");
  natsConnection* raw_connection = nullptr;
  const auto connected = natsConnection_Connect(&raw_connection, raw_options);
  core->connection.reset(raw_connection);
  if (connected != NATS_NOT_YET_CONNECTED) {  // it goes on trying by itself
    UNHIDRA_TRY_VOID(to_status(connected));
  }
  natsInbox* inbox = nullptr;
  UNHIDRA_TRY_VOID(to_status(natsInbox_Create(&inbox)));
  core->inbox = std::string(inbox) + ".";
  natsInbox_Destroy(inbox);
  UNHIDRA_TRY(auto replies, listen(core, core->inbox + "*", nullptr, on_reply, core));
  return std::unique_ptr<Bus>(std::make_unique<NatsBus>(std::move(core), std::move(replies)));
}

}  // namespace unhidra::messaging
