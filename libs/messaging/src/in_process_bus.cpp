#include <array>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "unhidra/runtime/siphash.h"

#include "delivery.h"

namespace unhidra::messaging {
namespace {

constexpr std::size_t kShards = 64;
constexpr std::chrono::milliseconds kDrainPoll{2};
struct Topic {
  std::vector<std::shared_ptr<Subscriber>> subscribers;
  std::vector<std::shared_ptr<Responder>> responders;
  std::string queue_group;
  std::size_t next_responder = 0;

  bool empty() const { return subscribers.empty() && responders.empty(); }
};

struct SubjectHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view subject) const {
    // Keyed: ids in subjects may be chosen by clients.
    static const auto key = runtime::random_sip_key();
    return runtime::siphash24(key, as_bytes(subject));
  }
};

struct Shard {
  std::mutex mutex;
  std::unordered_map<std::string, Topic, SubjectHash, std::equal_to<>> topics;
};

struct Routes {
  std::array<Shard, kShards> shards;
  std::atomic<bool> closed{false};

  Shard& shard_of(std::string_view subject) {
    // The high bits: the map inside the shard uses the low ones.
    return shards[(SubjectHash()(subject) >> 32) % kShards];
  }

  template <class Member, class Entry>
  void remove(Member list, const std::shared_ptr<Entry>& entry) {
    auto& shard = shard_of(entry->subject);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.topics.find(entry->subject);
    if (found == shard.topics.end()) {
      return;
    }
    std::erase(found->second.*list, entry);
    if (found->second.empty()) {
      shard.topics.erase(found);
    }
  }
};

class SubscriberOwner final : public Subscription::Owner {
 public:
  SubscriberOwner(std::shared_ptr<Routes> routes, std::shared_ptr<Subscriber> subscriber)
      : routes_(std::move(routes)), subscriber_(std::move(subscriber)) {
    subscriber_->counters->subscriptions.fetch_add(1, std::memory_order_relaxed);
  }
  ~SubscriberOwner() override {
    subscriber_->active.store(false, std::memory_order_release);
    routes_->remove(&Topic::subscribers, subscriber_);
    subscriber_->counters->subscriptions.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::shared_ptr<Routes> routes_;
  std::shared_ptr<Subscriber> subscriber_;
};

class ResponderOwner final : public Subscription::Owner {
 public:
  ResponderOwner(std::shared_ptr<Routes> routes, std::shared_ptr<Responder> responder)
      : routes_(std::move(routes)), responder_(std::move(responder)) {}
  ~ResponderOwner() override { routes_->remove(&Topic::responders, responder_); }

 private:
  std::shared_ptr<Routes> routes_;
  std::shared_ptr<Responder> responder_;
};

class InProcessBus final : public Bus {
 public:
  explicit InProcessBus(Executor executor) : scope_(std::move(executor), "bus") {}

  Status publish(std::string_view subject, Bytes payload) override;
  Result<Subscription> subscribe(std::string_view subject, Executor executor, Handler handler,
                                 SubscribeOptions options) override;
  Task<Result<Bytes>> request(std::string subject, Bytes payload,
                              std::chrono::milliseconds timeout) override;
  Result<Subscription> serve(std::string_view subject, std::string_view queue_group,
                             Executor executor, Service service, ServeOptions options) override;
  std::optional<std::size_t> listeners(std::string_view subject) const override;
  Status healthy() const override;
  BusStats stats() const override;
  Task<Status> close(std::chrono::milliseconds deadline) override;

 private:
  Status check(std::string_view subject, std::size_t size) const;
  Result<Place> choose_responder(const std::string& subject, const Executor& asker);

  std::shared_ptr<Routes> routes_ = std::make_shared<Routes>();
  std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  runtime::TaskScope scope_;
};

Status InProcessBus::check(std::string_view subject, std::size_t size) const {
  UNHIDRA_TRY_VOID(check_message(subject, size));
  return healthy();
}

Status InProcessBus::publish(std::string_view subject, Bytes payload) {
  UNHIDRA_TRY_VOID(check(subject, payload.size()));
  counters_->published.fetch_add(1, std::memory_order_relaxed);
  auto& shard = routes_->shard_of(subject);
  // Under the lock, so that all subscribers of a subject see one order.
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.topics.find(subject);
  if (found == shard.topics.end() || found->second.subscribers.empty()) {
    return {};
  }
  const Payload shared(std::move(payload));
  for (const auto& subscriber : found->second.subscribers) {
    enqueue(subscriber, shared);
  }
  return {};
}

Result<Subscription> InProcessBus::subscribe(std::string_view subject, Executor executor,
                                             Handler handler, SubscribeOptions options) {
  UNHIDRA_TRY_VOID(check(subject, 0));
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->subject = subject;
  subscriber->executor = std::move(executor);
  subscriber->handler = std::move(handler);
  subscriber->options = std::move(options);
  subscriber->counters = counters_;
  auto& shard = routes_->shard_of(subject);
  {
    const std::lock_guard lock(shard.mutex);
    shard.topics[subscriber->subject].subscribers.push_back(subscriber);
  }
  return Subscription(std::make_unique<SubscriberOwner>(routes_, std::move(subscriber)));
}

Result<Subscription> InProcessBus::serve(std::string_view subject, std::string_view queue_group,
                                         Executor executor, Service service, ServeOptions options) {
  UNHIDRA_TRY_VOID(check(subject, 0));
  auto responder = std::make_shared<Responder>();
  responder->subject = subject;
  responder->executor = std::move(executor);
  responder->service = std::move(service);
  responder->options = options;
  responder->counters = counters_;
  auto& shard = routes_->shard_of(subject);
  {
    const std::lock_guard lock(shard.mutex);
    auto& topic = shard.topics[responder->subject];
    if (!topic.responders.empty() && topic.queue_group != queue_group) {
      return fail(Errc::bad_subject, "this subject is served under another queue group");
    }
    topic.queue_group = queue_group;
    topic.responders.push_back(responder);
  }
  return Subscription(std::make_unique<ResponderOwner>(routes_, std::move(responder)));
}

// One on the asker's own loop, if there is one that has room; else the next in turn that has.
Result<Place> InProcessBus::choose_responder(const std::string& subject, const Executor& asker) {
  auto& shard = routes_->shard_of(subject);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.topics.find(subject);
  if (found == shard.topics.end() || found->second.responders.empty()) {
    counters_->refused.fetch_add(1, std::memory_order_relaxed);
    return fail(Errc::no_responder, "nobody serves " + subject);
  }
  auto& topic = found->second;
  for (const auto& candidate : topic.responders) {
    if (candidate->executor == asker) {
      if (auto place = Place::take(candidate)) {
        return std::move(*place);
      }
    }
  }
  const auto count = topic.responders.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto& candidate = topic.responders[topic.next_responder++ % count];
    if (auto place = Place::take(candidate)) {
      return std::move(*place);
    }
  }
  counters_->refused.fetch_add(1, std::memory_order_relaxed);
  return fail(too_busy());
}

Task<Result<Bytes>> InProcessBus::request(std::string subject, Bytes payload,
                                          std::chrono::milliseconds timeout) {
  UNHIDRA_CO_TRY_VOID(check(subject, payload.size()));
  counters_->requests.fetch_add(1, std::memory_order_relaxed);
  const Executor here = co_await runtime::current_executor();
  UNHIDRA_CO_TRY(auto place, choose_responder(subject, here));
  const Executor there = place.responder()->executor;
  if (there == here) {
    co_return co_await answer_of(std::move(place), std::move(payload));
  }
  auto call = std::make_shared<Call>(here, timeout);
  auto done = [call](Result<Bytes> result) { complete(call, std::move(result)); };
  auto task = serve_one(std::move(place), std::move(payload), std::move(done));
  if (!scope_.spawn_on(there, "request", std::move(task))) {
    co_return fail(Errc::closed, "the server is stopping");
  }
  co_return co_await wait_for(std::move(call), std::move(subject));
}

std::optional<std::size_t> InProcessBus::listeners(std::string_view subject) const {
  auto& shard = routes_->shard_of(subject);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.topics.find(subject);
  return found == shard.topics.end() ? 0 : found->second.subscribers.size();
}

Status InProcessBus::healthy() const {
  if (routes_->closed.load(std::memory_order_acquire)) {
    return fail(Errc::closed, "the bus is closed");
  }
  return {};
}

BusStats InProcessBus::stats() const {
  return counters_->read();
}

Task<Status> InProcessBus::close(std::chrono::milliseconds deadline) {
  routes_->closed.store(true, std::memory_order_release);
  const auto end = std::chrono::steady_clock::now() + deadline;
  auto drained = co_await scope_.join(deadline);
  // Those that are answered on their asker's loop are tasks of the asker, who cancels them.
  while (counters_->in_flight > 0 && std::chrono::steady_clock::now() < end) {
    co_await runtime::sleep_for(kDrainPoll);
  }
  scope_.request_stop();
  auto stopped = co_await scope_.join(std::chrono::seconds(1));
  co_return drained ? std::move(stopped) : std::move(drained);
}

}  // namespace

std::unique_ptr<Bus> make_in_process_bus(Executor executor) {
  return std::make_unique<InProcessBus>(std::move(executor));
}

}  // namespace unhidra::messaging
