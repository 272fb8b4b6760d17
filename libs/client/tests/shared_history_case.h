#pragma once
// What tests of shared history do with their phones.

#include "group_world.h"

namespace unhidra::client::testing {

class SharedHistoryCase : public Groups {
 protected:
  void share(Phone& by, ConversationId id, bool shared = true) {
    const auto change = by.engine->share_history(id, shared);
    ASSERT_TRUE(change) << change.error().message();
    world.settle();
    ASSERT_FALSE(by.events_of<event::GroupChangeDone>().empty());
    EXPECT_EQ(by.events_of<event::GroupChangeDone>().back().failure, "");
    EXPECT_EQ(by.events_of<event::GroupChangeDone>().back().change, *change);
  }
  void tell(Phone& by, ConversationId id, const std::string& text) {
    say(by, id, text);
    world.settle();
  }
  void add(Phone& by, ConversationId id, const Phone& who) {
    ASSERT_TRUE(by.engine->add_to_group(id, std::array{who.enrollment.user}));
    world.settle();
  }
  // Reads back until nothing is left.
  std::uint64_t read_all(Phone& by, ConversationId id) {
    std::uint64_t placed = 0;
    for (int i = 0; i < 100 && by.engine->group(id)->has_earlier; ++i) {
      EXPECT_TRUE(by.engine->read_earlier(id));
      world.settle();
      const auto told = by.events_of<event::EarlierMessages>();
      EXPECT_FALSE(told.empty());
      placed += told.empty() ? 0 : told.back().messages;
    }
    EXPECT_FALSE(by.engine->group(id)->has_earlier);
    return placed;
  }
};

}  // namespace unhidra::client::testing
