#include "recorder.h"

#include "space.h"

namespace unhidra::mqtt {
namespace {

ByteWriter begin(RecordType type) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(type));
  return out;
}

void put_message(ByteWriter& out, const Message& message) {
  out.text(message.topic())
      .bytes(message.properties())
      .bytes(message.payload())
      .u8(static_cast<std::uint8_t>(message.qos()))
      .u8(message.retain() ? 1 : 0)
      .u64(static_cast<std::uint64_t>(to_unix_micros(message.expires_at())))
      .u64(message.origin());
}

Bytes about(RecordType type, const Session& session, std::uint64_t value) {
  return std::move(begin(type).u64(session.number).u64(value)).take();
}

}  // namespace

namespace records {

Bytes session(const Session& session) {
  auto out = begin(RecordType::session);
  out.u64(session.number)
      .text(session.space.name)
      .text(session.client_id)
      .text(session.principal ? session.principal->identity : std::string())
      .u32(session.expiry)
      .u8(session.connected() ? 1 : 0)
      .u64(static_cast<std::uint64_t>(to_unix_micros(session.disconnected_at)));
  return std::move(out).take();
}

Bytes subscribed(const Session& session, std::string_view filter,
                 const SubscriptionRecord& subscription) {
  const auto& options = subscription.options;
  auto out = begin(RecordType::subscribed);
  out.u64(session.number)
      .text(filter)
      .u8(static_cast<std::uint8_t>(options.qos))
      .u8(static_cast<std::uint8_t>((options.no_local ? 1U : 0U) |
                                    (options.retain_as_published ? 2U : 0U)))
      .u8(static_cast<std::uint8_t>(options.retain_handling))
      .u32(subscription.identifier);
  return std::move(out).take();
}

Bytes will(std::uint64_t session, const std::optional<PendingWill>& will) {
  if (!will) {
    return std::move(begin(RecordType::will_cleared).u64(session)).take();
  }
  auto out = begin(RecordType::will);
  out.u64(session).u32(will->delay);
  out.u8(will->life ? 1 : 0).u32(will->life.value_or(0));
  put_message(out, *will->message);
  return std::move(out).take();
}

Bytes message(std::string_view space, const Message& message, std::span<const Recipient> recipients,
              RetainedChange retained, std::string_view owner, std::optional<Release> release) {
  ByteWriter out(64 + message.memory() + recipients.size() * 24);
  out.u8(static_cast<std::uint8_t>(RecordType::message)).text(space);
  put_message(out, message);
  out.u8(static_cast<std::uint8_t>(retained));
  out.u64(release ? release->session : 0).u16(release ? release->packet_id : PacketId{0});
  out.varint(recipients.size());
  for (const auto& to : recipients) {
    const auto bits = static_cast<unsigned>(to.qos) | (to.retain ? 4U : 0U) |
                      (to.shared ? 8U : 0U) | (static_cast<unsigned>(to.state) << 4);
    out.u64(to.session).u64(to.ordinal).u8(static_cast<std::uint8_t>(bits));
    out.varint(to.identifiers.size());
    for (const auto identifier : to.identifiers) {
      out.u32(identifier);
    }
  }
  if (!owner.empty()) {
    out.text(owner);
  }
  return std::move(out).take();
}

Bytes incoming(std::uint64_t session, PacketId id, const Message& message) {
  auto out = begin(RecordType::incoming);
  out.u64(session).u16(id);
  put_message(out, message);
  return std::move(out).take();
}

}  // namespace records

std::uint64_t Recorder::write(ByteView record) {
  if (journal_ != nullptr) {
    position_ = journal_->append(record);
  }
  return position_;
}

std::uint64_t Recorder::session(const Session& session) {
  return active() ? write(records::session(session)) : 0;
}
std::uint64_t Recorder::session_ended(const Session& session) {
  return active() ? write(begin(RecordType::session_ended).u64(session.number).view()) : 0;
}
std::uint64_t Recorder::subscribed(const Session& session, std::string_view filter,
                                   const SubscriptionRecord& subscription) {
  return active() ? write(records::subscribed(session, filter, subscription)) : 0;
}
std::uint64_t Recorder::unsubscribed(const Session& session, std::string_view filter) {
  return active() ? write(begin(RecordType::unsubscribed).u64(session.number).text(filter).view())
                  : 0;
}
std::uint64_t Recorder::will(const Session& session) {
  return active() ? write(records::will(session.number, session.will)) : 0;
}
std::uint64_t Recorder::message(std::string_view space, const Message& message,
                                std::span<const Recipient> recipients, RetainedChange retained,
                                std::string_view owner, std::optional<Release> release) {
  return active() ? write(records::message(space, message, recipients, retained, owner, release))
                  : 0;
}
std::uint64_t Recorder::incoming(const Session& session, PacketId id, const Message& message) {
  return active() ? write(records::incoming(session.number, id, message)) : 0;
}
std::uint64_t Recorder::incoming_done(const Session& session, PacketId id) {
  return active() ? write(about(RecordType::incoming_done, session, id)) : 0;
}
std::uint64_t Recorder::released(const Session& session, std::uint64_t ordinal) {
  return active() ? write(about(RecordType::released, session, ordinal)) : 0;
}
std::uint64_t Recorder::finished(const Session& session, std::uint64_t ordinal) {
  return active() ? write(about(RecordType::finished, session, ordinal)) : 0;
}

}  // namespace unhidra::mqtt
