// The life of a session (MQTT 5.0 sections 3.1.2.11.2, 3.1.3.2.2 and 4.1).
#include <algorithm>

#include "unhidra/mqtt/topic.h"

#include "core.h"

namespace unhidra::mqtt {

Space& Broker::Core::space(std::string_view name) {
  auto& found = spaces_[std::string(name)];
  if (!found) {
    const auto bytes = random_.array<4>();
    std::uint32_t seed = 0;
    for (const auto byte : bytes) {
      seed = (seed << 8) | byte;
    }
    found = std::make_unique<Space>(std::string(name), seed, messages_);
  }
  return *found;
}

const Space* Broker::Core::find_space(std::string_view name) const {
  const auto found = spaces_.find(std::string(name));
  return found != spaces_.end() ? found->second.get() : nullptr;
}

Session* Broker::Core::find_session(std::string_view space, std::string_view client_id) const {
  const Space* const where = find_space(space);
  if (where == nullptr) {
    return nullptr;
  }
  const auto found = where->sessions.find(client_id);
  return found != where->sessions.end() ? found->second.get() : nullptr;
}

Session& Broker::Core::create_session(Space& space, std::string_view client_id) {
  auto made = std::make_unique<Session>(*this, space, ++last_number_, std::string(client_id));
  Session& session = *made;
  space.sessions.emplace(session.client_id, std::move(made));
  roster_.add(session);
  return session;
}

void Broker::Core::forget(Session& session) {
  roster_.remove(session);
  // Not by erase(key): the key lives in what is erased.
  session.space.sessions.extract(session.space.sessions.find(session.client_id));
}

void Broker::Core::set_will(Session& session, const Connect& packet) {
  session.will.reset();
  if (!packet.will) {
    return;
  }
  const PublishRequest request{.topic = packet.will->topic,
                               .payload = packet.will->payload,
                               .properties = packet.will->properties,
                               .qos = packet.will->qos,
                               .retain = packet.will->retain};
  auto fields = fields_of(session.space, request, &session);
  // Its life begins when it is published: until then the interval stands in its place.
  const auto delay = packet.will->properties.number(PropertyId::will_delay_interval);
  const auto expiry = packet.will->properties.number(PropertyId::message_expiry_interval);
  fields.expires_at = Timestamp::max();
  session.will =
      PendingWill{.message = MessageRef::make(fields), .delay = delay.value_or(0), .life = expiry};
}

// Judged now, not when it was left: rights may have changed.
void Broker::Core::publish_will(Session& session) {
  if (!session.will) {
    return;
  }
  preserve(session);
  const auto will = std::move(*session.will);
  session.will.reset();
  if (session.journaled) {
    session.position = recorder_.will(session);
  }
  const PublishRequest request{.topic = will.message->topic(),
                               .payload = will.message->payload(),
                               .properties = Properties::trusted(will.message->properties()),
                               .qos = will.message->qos(),
                               .retain = will.message->retain()};
  if (judge(session, request).reason != ReasonCode::success) {
    return;
  }
  auto fields = fields_of(session.space, request, &session);
  if (will.life) {
    fields.expires_at = now.wall + std::chrono::seconds(*will.life);
  }
  route(session.space, fields, &session, std::nullopt);
}

// Its connection has ended.
void Broker::Core::leave(Session& session, bool with_will) {
  preserve(session);
  session.disconnected_at = now.wall;
  if (!with_will && session.will) {
    session.will.reset();
    if (session.journaled) {
      session.position = recorder_.will(session);
    }
  }
  if (session.will && (session.will->delay == 0 || !session.persistent())) {
    publish_will(session);
  }
  if (!session.persistent()) {
    return end_session(session);
  }
  if (session.journaled) {
    session.position = recorder_.session(session);
  }
  schedule(session);
}

// Sets when its will is due and when it ends, counted from when it was left.
void Broker::Core::schedule(Session& session) {
  const auto passed = std::max(now.wall - session.disconnected_at, Timestamp::duration::zero());
  const auto after = [this, passed](std::uint32_t seconds) {
    return now.steady + (std::chrono::seconds(seconds) - passed);
  };
  const bool ends = session.expiry != kNeverExpires;
  session.expiry_due = ends ? after(session.expiry) : SteadyTime::max();
  session.will_due = session.will ? after(session.will->delay) : SteadyTime::max();
  const auto due = std::min(session.expiry_due, session.will_due);
  if (due != SteadyTime::max()) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(due - now.steady);
    wheel_.clear(session);
    wheel_.set(session, now.steady, std::max(rest, std::chrono::milliseconds::zero()));
  }
}

void Broker::Core::session_deadline(Session& session) {
  if (session.connected()) {
    return;
  }
  if (session.expiry_due <= now.steady) {
    return end_session(session);
  }
  if (session.will && session.will_due <= now.steady) {
    publish_will(session);
  }
  session.will_due = SteadyTime::max();
  if (session.expiry_due != SteadyTime::max()) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(session.expiry_due - now.steady);
    wheel_.set(session, now.steady, rest);
  }
}

void Session::on_deadline() {
  core.session_deadline(*this);
}

void Broker::Core::forget_subscriptions(Session& session) {
  for (const auto& [filter, subscription] : session.subscriptions) {
    session.space.subscriptions.remove(filter, session);
  }
  session.space.counted.subscriptions -= session.subscriptions.size();
}

void Broker::Core::end_session(Session& session) {
  preserve(session);
  if (session.connection != nullptr) {
    session.expiry = 0;
    end(*session.connection, ReasonCode::administrative_action);
    return;  // which has come here again
  }
  publish_will(session);
  forget_subscriptions(session);
  hand_on(session);
  if (session.journaled) {
    recorder_.session_ended(session);
  }
  forget(session);
}

std::size_t Broker::Core::end_sessions(const Choice& which, ReasonCode reason) {
  std::vector<Session*> chosen;
  for (const auto& [name, space] : spaces_) {
    for (const auto& [client_id, session] : space->sessions) {
      if (which(*session->principal, client_id)) {
        chosen.push_back(session.get());
      }
    }
  }
  for (Session* const session : chosen) {
    preserve(*session);
    if (session->connection != nullptr) {
      session->expiry = 0;
      end(*session->connection, reason);
    } else {
      end_session(*session);
    }
  }
  return chosen.size();
}

// Messages of a group that it has not acknowledged go to another member (section 4.8.2). One of QoS
// 2 that went out may have arrived: it does not.
void Broker::Core::hand_on(Session& session) {
  auto& outbox = session.outbox;
  for (auto ordinal = outbox.begin(); ordinal < outbox.end(); ++ordinal) {
    const Outgoing* const entry = outbox.find(ordinal);
    const bool arrived = entry != nullptr && entry->qos == QoS::exactly_once &&
                         entry->state != Outgoing::State::waiting;
    if (entry == nullptr || !entry->shared || arrived || entry->message->expired(now.wall)) {
      continue;
    }
    for (const auto& [filter, subscription] : session.subscriptions) {
      const auto parsed = parse_filter(filter);
      if (parsed->group.empty() || !matches(parsed->filter, entry->message->topic())) {
        continue;
      }
      if (const auto heir = session.space.subscriptions.pick(filter, &session)) {
        hand_to(static_cast<Session&>(*heir->subscriber), *heir, *entry);
        break;
      }
    }
  }
}

void Broker::Core::hand_to(Session& heir, const Subscription& subscription, const Outgoing& entry) {
  const auto& message = entry.message;
  if (!heir.connected() && !heir.persistent()) {
    return;
  }
  Outgoing own;
  own.message = message;
  own.qos = std::max(lower(message->qos(), subscription.options.qos), QoS::at_least_once);
  own.shared = true;
  if (subscription.identifier != 0) {
    own.identifiers = std::make_unique<Identifiers>(1, subscription.identifier);
  }
  enqueue(heir, std::move(own));
  pump(heir);
}

}  // namespace unhidra::mqtt
