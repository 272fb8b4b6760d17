#include "unhidra/mqtt/broker.h"

#include <array>

#include "core.h"

namespace unhidra::mqtt {
namespace {

// Who watches when nobody does.
Observer& no_observer() {
  static Observer nobody;
  return nobody;
}

}  // namespace

std::string_view to_string(Transport transport) {
  constexpr std::array<std::string_view, 4> kNames = {"tcp", "tls", "websocket",
                                                      "secure websocket"};
  return kNames[static_cast<std::size_t>(transport)];
}

std::string_view to_string(DropReason reason) {
  constexpr std::array<std::string_view, 4> kNames = {"queue full", "expired", "too large",
                                                      "forbidden"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::optional<Admission> Authority::authenticate(ConnectionId, ByteView, bool) {
  return Admission{.reason = ReasonCode::bad_authentication_method};
}
void Authority::left(ConnectionId) {}
void Authority::rehearse(ConnectionId) {}
bool Authority::deliver(const Principal&, std::string_view, const Principal*) {
  return true;
}
std::shared_ptr<const Principal> Authority::restore(std::string_view, std::string_view) {
  return nullptr;
}

void Observer::connected(const Principal&, std::string_view) {}
void Observer::disconnected(const Principal&, std::string_view, ReasonCode) {}
void Observer::retained_refused(const Principal&, std::string_view, std::string_view) {}
void Observer::dropped(const Principal&, std::string_view, std::string_view, DropReason) {}

Broker::Core::Core(BrokerSettings settings, Authority& authority, Journal* journal,
                   Observer& observer, RandomSource& random, Moment start)
    : now(start),
      settings_(settings),
      authority_(authority),
      observer_(observer),
      random_(random),
      recorder_(journal),
      journal_(journal),
      started_(start.steady),
      statistics_due_(start.steady + settings.statistics_interval),
      expired_(start.steady) {}

// Sessions hold places in trees and wheels that go before them: they go first.
Broker::Core::~Core() {
  slots_.clear();
  dead_.clear();
  for (const auto& [name, space] : spaces_) {
    space->sessions.clear();
  }
}

Broker::Broker(BrokerSettings settings, Authority& authority, Journal* journal, Observer* observer,
               RandomSource& random, Moment now)
    : core_(std::make_unique<Core>(settings, authority, journal,
                                   observer != nullptr ? *observer : no_observer(), random, now)) {}
Broker::~Broker() = default;

ConnectionId Broker::accept(Link& link, Peer peer, Moment now) {
  core_->now = now;
  return core_->accept(link, std::move(peer));
}
void Broker::receive(ConnectionId connection, ByteView bytes, Moment now) {
  core_->now = now;
  core_->receive(connection, bytes);
}
void Broker::lost(ConnectionId connection, Moment now) {
  core_->now = now;
  core_->lost(connection);
}
void Broker::writable(ConnectionId connection, Moment now) {
  core_->now = now;
  core_->writable(connection);
}
void Broker::decide(ConnectionId connection, const Admission& admission, Moment now) {
  core_->now = now;
  core_->decide(connection, admission);
}
void Broker::resume(ConnectionId connection, Moment now) {
  core_->now = now;
  core_->resume(connection);
}
bool Broker::wants_flush() const {
  return core_->wants_flush();
}
void Broker::flush() {
  core_->flush();
}
void Broker::tick(Moment now) {
  core_->now = now;
  core_->tick();
}
void Broker::durable(std::uint64_t position, Moment now) {
  core_->now = now;
  core_->durable(position);
}

Status Broker::replay(ByteView record) {
  return core_->replay(record);
}
void Broker::recovered(Moment now) {
  core_->now = now;
  core_->recovered();
}
void Broker::begin_snapshot() {
  core_->begin_snapshot();
}
std::optional<SnapshotPart> Broker::next_part(std::size_t size) {
  return core_->next_part(size);
}
void Broker::end_snapshot() {
  core_->end_snapshot();
}

std::size_t Broker::disconnect(const Choice& which, ReasonCode reason, Moment now) {
  core_->now = now;
  std::size_t count = 0;
  core_->for_each_connection([&](Connection& connection) {
    if (connection.session != nullptr &&
        which(*connection.principal, connection.session->client_id)) {
      core_->end(connection, reason);
      ++count;
    }
  });
  return count;
}
std::size_t Broker::end_sessions(const Choice& which, ReasonCode reason, Moment now) {
  core_->now = now;
  return core_->end_sessions(which, reason);
}
void Broker::renew(std::string_view space, const Renewal& renewed) {
  core_->renew(space, renewed);
}
void Broker::rejudge(Moment now) {
  core_->now = now;
  core_->rejudge({});
}
void Broker::rejudge(const Choice& which, Moment now) {
  core_->now = now;
  core_->rejudge(which);
}
std::size_t Broker::publish(std::string_view space, const PublishRequest& request, Moment now) {
  core_->now = now;
  return core_->publish(core_->space(space), request);
}
std::size_t Broker::clear_retained(std::string_view space, std::string_view filter, Moment now) {
  core_->now = now;
  Space& where = core_->space(space);
  std::vector<MessageRef> gone;
  where.retained.match(filter, [&gone](const MessageRef& message) {
    gone.push_back(message);
    return true;
  });
  for (const auto& message : gone) {
    core_->publish(where, {.topic = message->topic(), .qos = message->qos(), .retain = true});
  }
  return gone.size();
}
void Broker::drain(Farewell farewell, Moment now) {
  core_->now = now;
  core_->drain(std::move(farewell));
}
bool Broker::drained() const {
  return core_->drained();
}
void Broker::shut_down(Moment now) {
  core_->now = now;
  core_->shut_down();
}

BrokerStats Broker::stats() const {
  return core_->stats();
}
BrokerStats Broker::stats(std::string_view space) const {
  const auto* found = core_->find_space(space);
  return found != nullptr ? found->stats() : BrokerStats{};
}
std::optional<std::size_t> Broker::queue_depth(std::string_view space,
                                               std::string_view client_id) const {
  const Session* const session = core_->find_session(space, client_id);
  return session != nullptr ? std::optional(session->outbox.unfinished()) : std::nullopt;
}

}  // namespace unhidra::mqtt
