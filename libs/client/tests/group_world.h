#pragma once
// Some people around a server that keeps the delivery service's whole contract.

#include <algorithm>

#include "world.h"

namespace unhidra::client::testing {

class Groups : public ::testing::Test {
 protected:
  Groups() {
    world.limits.pre_key_target = 5;
    world.limits.pre_key_low = 2;
    world.limits.key_package_target = 6;
    world.limits.key_package_low = 3;
  }
  Phone& join(const std::string& name) {
    auto& phone = world.add_phone(world.add_user(name));
    world.connect(phone);
    world.settle();
    return phone;
  }
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
