// Lines about a group in its timeline: who came, who went, what it is called, whether it shares its
// history. Made of commits and messages that this device has verified, in their place among the
// messages; nothing that the server says stands in them.

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMostNamed = 200;  // people of one line; of the others the number is kept

// The same on all own devices, so that one that is given the history of another one keeps one line.
MessageId notice_id(const crypto::Provider& crypto, ConversationId conversation, std::uint64_t seq,
                    NoticeKind kind) {
  ByteWriter what(32);
  write_id(what, conversation);
  what.u64(seq).u8(static_cast<std::uint8_t>(kind));
  const auto hash = crypto.sha256({as_bytes("unhidra group notice 1"), what.view()});
  ByteArray<16> id{};
  std::copy_n(hash.begin(), id.size(), id.begin());
  return MessageId(id);
}

}  // namespace

void Engine::Impl::place_notice(ConversationId id, const LogMoment& at, UserId by, Notice notice) {
  Message message;
  message.conversation = id;
  message.id =
      at.seq == 0 ? MessageId::make(clock_, random_) : notice_id(crypto_, id, at.seq, notice.kind);
  message.sender_user = by;
  message.seq = at.seq;
  message.sent_at = at.received_at;
  message.received_at = at.received_at;
  message.state = MessageState::notice;
  auto person = by;
  for (const auto& user : notice.users) {
    person = want_name(user) ? user : person;
  }
  if (!by.is_nil() && want_name(by)) {
    person = by;
  }
  if (std::ranges::find(notice.users, self_->user) != notice.users.end()) {
    auto& conversation = conversations_.at(id);
    conversation.last_activity = std::max(conversation.last_activity, at.received_at);
  }
  message.notice = std::move(notice);
  append_message(message);
  emit_named(person, event::Noticed{std::move(message)});
}

void Engine::Impl::place_people(ConversationId id, const LogMoment& at, NoticeKind kind, UserId by,
                                const std::vector<UserId>& users) {
  if (users.empty()) {
    return;
  }
  const auto named = std::min(users.size(), kMostNamed);
  Notice notice{kind, {users.begin(), users.begin() + static_cast<std::ptrdiff_t>(named)}, 0, {}};
  notice.others = users.size() - named;
  place_notice(id, at, by, std::move(notice));
}

void Engine::Impl::note_removals(const GroupHold& hold, const FollowedCommit& commit,
                                 const std::vector<UserId>& removed) {
  const auto& [own, by_server] = commit.departures;
  std::map<NoticeKind, std::vector<UserId>> lines;
  for (const auto& user : removed) {
    lines[own.contains(user)         ? NoticeKind::left
          : by_server.contains(user) ? NoticeKind::gone
                                     : NoticeKind::removed]
        .push_back(user);
  }
  for (const auto& [kind, users] : lines) {
    const auto by = kind == NoticeKind::removed ? commit.by.value_or(UserId())
                    : kind == NoticeKind::left  ? users.front()
                                                : UserId();
    place_people(hold.record.id, commit.at, kind, by, users);
  }
}

// Not of one of several own devices: this person stays.
void Engine::Impl::note_own_removal(const GroupHold& hold, const FollowedCommit& commit) {
  bool stays = false;
  commit.before.each_member([&](mls::LeafIndex index, const mls::LeafNode& leaf) {
    const auto name = name_of(leaf);
    const bool removed =
        std::ranges::find(commit.effects.removed, index) != commit.effects.removed.end();
    stays = stays || (name && name->user_id == self_->user && !removed);
  });
  if (!stays) {
    note_removals(hold, commit, {self_->user});
  }
}

// Who added this device vouches for the group's state with the key of a leaf.
void Engine::Impl::note_welcome(const GroupHold& hold, const LogMoment& at) {
  const auto by = hold.mls->welcomed_by();
  const auto user = by ? user_at(hold.mls->state().tree, *by) : std::nullopt;
  if (user && *user != self_->user) {
    place_people(hold.record.id, at, NoticeKind::added, *user, {self_->user});
  }
}

void Engine::Impl::note_name(const GroupHold& hold, const LogMoment& at, UserId by) {
  place_notice(hold.record.id, at, by, {NoticeKind::renamed, {}, 0, hold.record.name});
}

}  // namespace unhidra::client
