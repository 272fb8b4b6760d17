#pragma once
// Channels on top of the groups of GroupDeliveryFixture, and those who ask about them.

#include "unhidra/chat/errc.h"

#include "channels.h"
#include "group_delivery_fixture.h"
#include "spaces.h"

namespace unhidra::chat {

class ChannelFixture : public GroupDeliveryFixture {
 protected:
  void SetUp() override {
    GroupDeliveryFixture::SetUp();
    if (database_ == nullptr) {
      return;
    }
    private_ = id_;
    id_ = ConversationId::make(clock_, random_);
    ASSERT_TRUE(create(*laptop_, true));
    commit(*laptop_, adding({&*phone_}), {}, {&*phone_});
  }
  Asker asker(const Client& who, Level level = kMember) const {
    auto out = who.device.asker;
    out.level = level;
    return out;
  }
  template <class F>
  auto tx_write(F f) {
    return write([&](storage::Transaction& tx) { return f(tx); });
  }
  Status make(const Asker& by, wire::CreateChannel request) {
    return tx_write(
        [&](storage::Transaction& tx) { return create_channel(tx, by, request, clock_.now()); });
  }
  Status make_public(const std::string& name = "General") {
    return make(asker(*laptop_), {.channel_id = id_, .name = name});
  }
  Status update(const Asker& by, wire::UpdateChannel request) {
    request.channel_id = id_;
    return tx_write(
        [&](storage::Transaction& tx) { return update_channel(tx, by, request, clock_.now()); });
  }
  Result<std::uint32_t> join(const Asker& by, std::optional<ConversationId> id) {
    return tx_write(
        [&](storage::Transaction& tx) { return join_channel(tx, by, {id}, clock_.now()); });
  }
  std::vector<std::string> listed(const Asker& by, wire::ListChannels query = {}) {
    const auto page =
        read([&](storage::Transaction& tx) { return list_channels(tx, by, query); }).value();
    std::vector<std::string> out;
    for (const auto& one : page.channels) {
      out.push_back(one.name);
    }
    return out;
  }
  Result<wire::ChannelDetails> fetch(const Asker& by, ConversationId id) {
    return read([&](storage::Transaction& tx) { return fetch_channel(tx, by, id); });
  }
  void come_in(Client& who) {
    ASSERT_TRUE(join(asker(who), id_));
    const auto sent = send(who, external(who));
    ASSERT_TRUE(sent) << sent.error().message();
    for (auto* one : {&*laptop_, &*phone_}) {
      ASSERT_TRUE(one->group->receive(
          environment(), mls_public::MlsMessage::parse(sent->entries.front().content).value()));
    }
  }
  Result<GroupChange> kick(const Asker& by, UserId user, bool ban) {
    return write_as([&](const GroupService& s, storage::Transaction& tx) {
      return remove_from_channel(s, tx, by, {id_, user, ban}, clock_.now());
    });
  }
  template <class T>
  void expect_refused(const Result<T>& got, Errc code) {
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error() == code) << got.error().message();
  }

  ConversationId private_;  // Alice's, not yet a channel
};

}  // namespace unhidra::chat
