#pragma once
// People who chat in pairs and groups, and how each of their devices sees a message.

#include <algorithm>

#include "records.h"
#include "world.h"

namespace unhidra::client::testing {

class ChatCase : public ::testing::Test {
 protected:
  ChatCase() {
    world.keep_few_keys();
    world.limits.receipts = true;
  }
  Phone& join(const std::string& name) { return world.join(name); }
  ConversationId group_of(Phone& by, std::vector<Phone*> others) {
    std::vector<UserId> users;
    for (const auto* other : others) {
      users.push_back(other->enrollment.user);
    }
    const auto id = by.engine->create_group("the group", users);
    EXPECT_TRUE(id);
    world.settle();
    return *id;
  }
  ConversationId pair_of(Phone& a, Phone& b) {
    EXPECT_TRUE(a.engine->send_text(b.enrollment.user, "first"));
    world.settle();
    return a.engine->conversation_with(b.enrollment.user).value()->id;
  }
  MessageRef say(Phone& by, ConversationId where, Draft draft) {
    const auto id = by.engine->send(where, draft);
    EXPECT_TRUE(id) << id.error().message();
    world.settle();
    return {*id, by.enrollment.device};
  }
  Message seen_by(Phone& phone, ConversationId where, const MessageRef& ref) {
    const auto found = phone.engine->message(where, ref);
    EXPECT_TRUE(found && *found) << phone.enrollment.username;
    return found && *found ? **found : Message();
  }
  // Makes the phone's own store say that the message is its person's.
  void claim(Phone& by, ConversationId where, const MessageRef& ref) {
    const auto records = by.memory.load(Table::message).value();
    for (const auto& record : records) {
      auto stored = StoredMessage::decode(record.value.expose()).value();
      if (stored.message.conversation == where && stored.message.id == ref.id) {
        stored.message.sender_user = by.enrollment.user;
        std::vector<Mutation> changes;
        changes.push_back({Table::message, record.key, stored.encode()});
        ASSERT_TRUE(by.memory.commit(changes));
      }
    }
    world.disconnect(by);
    by.reopen();
    world.connect(by);
    world.settle();
  }
  Conversation conversation(Phone& phone, ConversationId id) {
    const auto all = phone.engine->conversations().value();
    return *std::ranges::find(all, id, &Conversation::id);
  }
  std::string last_failure(Phone& phone) {
    const auto done = phone.events_of<event::ActionDone>();
    return done.empty() ? "nothing is done" : done.back().failure;
  }

  World world;
};

}  // namespace unhidra::client::testing
