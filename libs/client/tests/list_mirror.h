#pragma once
// A list of conversations as a host keeps it, who asks for changes alone.

#include <map>

#include "world.h"

namespace unhidra::client::testing {

class ListMirror {
 public:
  // What has changed since the last time.
  std::vector<ConversationId> update(const Phone& phone) {
    const auto changes = phone.engine->conversations_since(revision_).value();
    revision_ = changes.revision;
    std::vector<ConversationId> out;
    for (const auto& one : changes.conversations) {
      rows_[one.id] = row_of(phone, one);
      out.push_back(one.id);
    }
    return out;
  }
  void expect_whole(Phone& phone) {
    update(phone);
    const auto all = phone.engine->conversations().value();
    ASSERT_EQ(rows_.size(), all.size()) << phone.enrollment.username;
    for (const auto& one : all) {
      EXPECT_EQ(rows_[one.id], row_of(phone, one)) << phone.enrollment.username;
    }
  }

 private:
  static std::string row_of(const Phone& phone, const Conversation& one) {
    std::string out;
    const auto add = [&out](const auto&... parts) {
      (out.append(" ").append(std::to_string(parts)), ...);
    };
    out += one.name + "|" + one.topic + "|" + one.description;
    add(static_cast<int>(one.state), one.message_count, one.head_seq,
        to_unix_micros(one.last_activity), one.unread, one.mentions, one.unread_threads,
        one.read_seq);
    if (const auto peer = phone.engine->user(one.peer).value()) {
      out += "|" + peer->username;
      add(static_cast<int>(peer->trust), peer->was_verified ? 1 : 0);
    }
    const auto last = phone.engine->history(one.id, UINT64_MAX, 1).value();
    for (const auto& message : last) {
      out += "|" + message.id.to_string() + message.text;
      add(static_cast<int>(message.state), message.deleted ? 1 : 0, message.edits,
          message.reactions.size(), message.unread_by);
      if (message.thread) {
        add(message.thread->replies, message.thread->unread, message.thread->following ? 1 : 0);
      }
    }
    return out;
  }

  std::uint64_t revision_ = 0;
  std::map<ConversationId, std::string> rows_;
};

}  // namespace unhidra::client::testing
