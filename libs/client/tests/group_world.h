#pragma once
// Some people around a server that keeps the delivery service's whole contract.

#include <algorithm>

#include "world.h"

namespace unhidra::client::testing {

class Groups : public ::testing::Test {
 protected:
  Groups() { world.keep_few_keys(); }
  Phone& join(const std::string& name) { return world.join(name); }
  ConversationId create(Phone& by, std::vector<Phone*> others) {
    std::vector<UserId> users;
    for (const auto* other : others) {
      users.push_back(other->enrollment.user);
    }
    const auto id = by.engine->create_group("the group", users);
    EXPECT_TRUE(id) << id.error().message();
    world.settle();
    return *id;
  }
  void say(Phone& by, ConversationId group, const std::string& text) {
    const auto sent = by.engine->send_text(group, text);
    ASSERT_TRUE(sent) << sent.error().message();
  }
  void expect_together(ConversationId id, const std::vector<Phone*>& phones) {
    const auto first = phones.front()->engine->group(id).value();
    for (const auto* phone : phones) {
      const auto group = phone->engine->group(id).value();
      EXPECT_EQ(group.state, GroupState::active) << phone->enrollment.username;
      EXPECT_EQ(group.epoch, first.epoch) << phone->enrollment.username;
      EXPECT_EQ(group.epoch_code, first.epoch_code) << phone->enrollment.username;
      EXPECT_EQ(group.name, first.name) << phone->enrollment.username;
      EXPECT_EQ(phone->count<event::MessageUnreadable>(), 0U) << phone->enrollment.username;
    }
  }

  World world;
};

}  // namespace unhidra::client::testing
