// The whole state as it is at one moment, taken a part at a time: what is about to change is taken
// before its turn. A part holds references to messages; it is made into records elsewhere.
#include <algorithm>

#include "core.h"

namespace unhidra::mqtt {

namespace {

using Captured = SnapshotPart::Captured;
using WriteRecord = std::function<void(ByteView)>;

void write_session(const Captured::SessionImage& session, const WriteRecord& write) {
  for (const auto& record : session.records) {
    write(record);
  }
  if (session.will) {
    write(records::will(session.number, session.will));
  }
  for (const auto& [id, message] : session.incoming) {
    write(records::incoming(session.number, id, *message));
  }
  for (const auto& waiting : session.outgoing) {
    const Recipient to{.session = session.number,
                       .ordinal = waiting.ordinal,
                       .qos = waiting.qos,
                       .state = waiting.state,
                       .retain = waiting.retain,
                       .shared = waiting.shared,
                       .identifiers = waiting.identifiers};
    write(records::message(session.space, *waiting.message, std::span(&to, 1), RetainedChange::none,
                           {}, std::nullopt));
  }
}

std::vector<Captured::Waiting> capture_outbox(const Outbox& outbox) {
  std::vector<Captured::Waiting> out;
  out.reserve(outbox.unfinished());
  for (auto ordinal = outbox.begin(); ordinal < outbox.end(); ++ordinal) {
    if (const Outgoing* const entry = outbox.find(ordinal)) {
      out.push_back({.ordinal = ordinal,
                     .message = entry->message,
                     .identifiers = entry->identifiers ? *entry->identifiers : Identifiers(),
                     .qos = entry->qos,
                     .state = entry->state,
                     .retain = entry->retain,
                     .shared = entry->shared});
    }
  }
  return out;
}

}  // namespace

SnapshotPart::SnapshotPart(std::unique_ptr<Captured> captured) : captured_(std::move(captured)) {}
SnapshotPart::SnapshotPart(SnapshotPart&&) noexcept = default;
SnapshotPart& SnapshotPart::operator=(SnapshotPart&&) noexcept = default;
SnapshotPart::~SnapshotPart() = default;

void SnapshotPart::write(const WriteRecord& write) const {
  for (const auto& session : captured_->sessions) {
    write_session(session, write);
  }
  for (const auto& [space, message, owner] : captured_->retained) {
    write(records::message(space, *message, {}, RetainedChange::set, owner, std::nullopt));
  }
}

void Broker::Core::begin_snapshot() {
  snapshot_ = std::make_unique<Captured>();
  roster_.begin_visit();
  for (const auto& [name, space] : spaces_) {
    space->retained.begin_visit(
        [this, &where = *space](const MessageRef& message, std::string_view owner) {
          if (!is_statistic(message->topic())) {
            snapshot_->retained.push_back({where.name, message, std::string(owner)});
            ++snapshot_->size;
          }
        });
  }
}

std::optional<SnapshotPart> Broker::Core::next_part(std::size_t size) {
  if (!snapshot_) {
    return std::nullopt;
  }
  // Those that nobody keeps are looked at, too.
  std::size_t left = size - std::min(size, snapshot_->size);
  while (left > 0) {
    const Session* const session = roster_.next();
    if (session == nullptr) {
      break;
    }
    left -= std::min(left, 1 + capture(*session));
  }
  for (const auto& [name, space] : spaces_) {
    left -= space->retained.visit(left);
  }
  if (left > 0 && snapshot_->size == 0) {
    end_snapshot();
    return std::nullopt;
  }
  return SnapshotPart(std::exchange(snapshot_, std::make_unique<Captured>()));
}

void Broker::Core::end_snapshot() {
  snapshot_.reset();
  for (const auto& [name, space] : spaces_) {
    space->retained.begin_visit({});
  }
}

// Returns how much it was.
std::size_t Broker::Core::capture(const Session& session) {
  if (!session.journaled) {
    return 0;
  }
  Captured::SessionImage image{.number = session.number,
                               .space = session.space.name,
                               .records = {},
                               .will = session.will,
                               .incoming = {},
                               .outgoing = {}};
  image.records.push_back(records::session(session));
  if (session.kept) {
    for (const auto& [filter, subscription] : session.subscriptions) {
      image.records.push_back(records::subscribed(session, filter, subscription));
    }
    for (const auto& [id, incoming] : session.inbox) {
      image.incoming.emplace_back(id, incoming.message);
    }
    image.outgoing = capture_outbox(session.outbox);
  }
  const auto size = image.records.size() + image.incoming.size() + image.outgoing.size();
  snapshot_->size += size;
  snapshot_->sessions.push_back(std::move(image));
  return size;
}

}  // namespace unhidra::mqtt
