// SUBSCRIBE and UNSUBSCRIBE, and the retained messages a new subscription gets (MQTT 5.0 sections
// 3.8 to 3.11 and 3.3.1.3).
#include <algorithm>

#include "core.h"

namespace unhidra::mqtt {

void Broker::Core::on_subscribe(Connection& connection, const Frame& frame) {
  const auto packet = decode_subscribe(frame, connection.version);
  if (!packet) {
    return fail(connection, packet.error());
  }
  Session& session = *connection.session;
  Bytes codes;
  std::vector<bool> fresh;
  for (const auto& entry : packet->entries) {
    bool is_new = false;
    const auto code = subscribe(session, entry, packet->identifier, is_new);
    fresh.push_back(is_new);
    // Before 3.1.1 there was no code for a refusal: the lowest QoS is what 3.1 leaves (3.1 section
    // 3.9). 3.1.1 knows one.
    const bool one_code = is_failure(code) && !connection.is_v5();
    codes.push_back(one_code ? Byte{0x80} : static_cast<Byte>(code));
  }
  hold(connection, session.journaled ? session.position : 0);
  const auto before = connection.out().size();
  append_subscribe_ack(connection.out(), PacketType::suback, packet->packet_id, codes,
                       connection.version);
  limit_packet(connection, before);
  if (connection.phase != Phase::connected) {
    return;
  }
  for (std::size_t i = 0; i < packet->entries.size(); ++i) {
    const auto& entry = packet->entries[i];
    const auto handling = entry.options.retain_handling;
    if (codes[i] < 0x80 && (handling == RetainHandling::send ||
                            (handling == RetainHandling::send_if_new && fresh[i]))) {
      send_retained(session, entry, packet->identifier);
    }
  }
  pump(session);
}

ReasonCode Broker::Core::subscribe(Session& session, const SubscribeEntry& entry,
                                   std::uint32_t identifier, bool& fresh) {
  const auto reason = authority_.subscribe(*session.principal, entry.filter, entry.options);
  if (reason != ReasonCode::success) {
    return reason;
  }
  auto found = session.subscriptions.find(entry.filter);
  fresh = found == session.subscriptions.end();
  const auto bytes = session.subscription_bytes + entry.filter.size();
  if (fresh && (session.subscriptions.size() >= settings_.max_subscriptions ||
                bytes > settings_.max_subscription_bytes)) {
    return ReasonCode::quota_exceeded;
  }
  preserve(session);
  session.subscription_bytes = fresh ? bytes : session.subscription_bytes;
  SubscriptionRecord record{.options = entry.options, .identifier = identifier};
  record.options.qos = lower(entry.options.qos, settings_.max_qos);
  session.space.subscriptions.add(entry.filter, {&session, record.options, identifier});
  session.subscriptions.insert_or_assign(std::string(entry.filter), record);
  session.space.counted.subscriptions += fresh ? 1 : 0;
  if (session.kept) {
    session.position = recorder_.subscribed(session, entry.filter, record);
  }
  return static_cast<ReasonCode>(record.options.qos);
}

void Broker::Core::on_unsubscribe(Connection& connection, const Frame& frame) {
  const auto packet = decode_unsubscribe(frame, connection.version);
  if (!packet) {
    return fail(connection, packet.error());
  }
  Session& session = *connection.session;
  Bytes codes;
  for (const auto filter : packet->filters) {
    const auto code =
        unsubscribe(session, filter) ? ReasonCode::success : ReasonCode::no_subscription_existed;
    codes.push_back(static_cast<Byte>(code));
  }
  hold(connection, session.journaled ? session.position : 0);
  const auto before = connection.out().size();
  append_subscribe_ack(connection.out(), PacketType::unsuback, packet->packet_id, codes,
                       connection.version);
  limit_packet(connection, before);
}

bool Broker::Core::unsubscribe(Session& session, std::string_view filter) {
  const auto found = session.subscriptions.find(filter);
  if (found == session.subscriptions.end()) {
    return false;
  }
  preserve(session);
  if (session.kept) {
    session.position = recorder_.unsubscribed(session, filter);
  }
  session.space.subscriptions.remove(filter, session);
  session.subscription_bytes -= found->first.size();
  session.subscriptions.erase(found);
  --session.space.counted.subscriptions;
  return true;
}

// ---- Retained messages -------------------------------------------------------------------------

void Broker::Core::send_retained(Session& session, const SubscribeEntry& entry,
                                 std::uint32_t identifier) {
  if (entry.filter.starts_with("$share/")) {
    return;  // section 4.8.2
  }
  const bool judged = authority_.judges_deliveries();
  session.space.retained.match(entry.filter, [&](const MessageRef& message) {
    const bool own = entry.options.no_local && message->origin() == session.number;
    const bool allowed =
        !judged || authority_.deliver(*session.principal, message->topic(), nullptr);
    if (!own && allowed && !message->expired(now.wall)) {
      send_retained(session, message, lower(entry.options.qos, settings_.max_qos), identifier);
    }
    return true;
  });
}

void Broker::Core::send_retained(Session& session, const MessageRef& message, QoS granted,
                                 std::uint32_t identifier) {
  Outgoing entry;
  entry.message = message;
  entry.qos = lower(granted, message->qos());
  entry.retain = true;
  if (identifier != 0) {
    entry.identifiers = std::make_unique<Identifiers>(1, identifier);
  }
  if (entry.qos == QoS::at_most_once) {
    auto& backlog = session.connection->backlog;
    if (!backlog) {
      backlog = std::make_unique<Ring<Outgoing>>();
    }
    backlog->push_back(std::move(entry));
    return send_backlog(*session.connection);
  }
  enqueue(session, std::move(entry));
}

// ---- The policy has changed --------------------------------------------------------------------

// What was queued while it was allowed, and was never sent.
void Broker::Core::drop_forbidden(Session& session) {
  if (!authority_.judges_deliveries()) {
    return;
  }
  for (auto ordinal = session.outbox.begin(); ordinal != session.outbox.end(); ++ordinal) {
    const auto* entry = session.outbox.find(ordinal);
    if (entry != nullptr && entry->state == Outgoing::State::waiting &&
        !authority_.deliver(*session.principal, entry->message->topic(), nullptr)) {
      drop(session, ordinal, DropReason::forbidden);
    }
  }
}

void Broker::Core::renew(std::string_view space, const Broker::Renewal& renewed) {
  const auto* const where = find_space(space);
  if (where == nullptr) {
    return;
  }
  for (const auto& [client_id, session] : where->sessions) {
    if (auto principal = renewed(*session->principal)) {
      session->principal = std::move(principal);
      if (session->connection != nullptr) {
        session->connection->principal = session->principal;
      }
    }
  }
}

void Broker::Core::rejudge(const Broker::Choice& which) {
  for (const auto& [name, space] : spaces_) {
    for (const auto& [client_id, session] : space->sessions) {
      if (which && !which(*session->principal, client_id)) {
        continue;
      }
      std::vector<std::string> refused;
      for (const auto& [filter, subscription] : session->subscriptions) {
        if (authority_.subscribe(*session->principal, filter, subscription.options) !=
            ReasonCode::success) {
          refused.push_back(filter);
        }
      }
      for (const auto& filter : refused) {
        unsubscribe(*session, filter);
      }
      drop_forbidden(*session);
    }
  }
}

}  // namespace unhidra::mqtt
