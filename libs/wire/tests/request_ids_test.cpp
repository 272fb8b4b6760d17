#include "unhidra/wire/request_ids.h"

#include <gtest/gtest.h>

#include "unhidra/wire/frames.h"

namespace unhidra::wire {
namespace {

const ConversationId kPlace{Uuid{1}};
const UserId kAnn{Uuid{2}};

const RequestIds* find(const std::vector<RequestIds>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &RequestIds::name);
  return found == all.end() ? nullptr : &*found;
}

TEST(RequestIds, NameWhereAMessageGoes) {
  SendGroupMessage request;
  request.conversation_id = kPlace;
  request.message_id = MessageId(Uuid{6});
  const auto ids = ids_of_request(request_field<SendGroupMessage>(), encode(request));
  ASSERT_TRUE(ids) << ids.error().message();
  const auto* place = find(*ids, "conversation_id");
  ASSERT_NE(place, nullptr);
  EXPECT_FALSE(place->list);
  EXPECT_EQ(place->ids, std::vector{kPlace.uuid()});
}

TEST(RequestIds, OfAFieldGivenTwiceTheLastCountsAsForTheHandler) {
  OpenDirectConversation request;
  request.user_id = kAnn;
  auto bytes = encode(request);
  request.user_id = UserId(Uuid{9});
  append(bytes, encode(request));
  const auto ids = ids_of_request(request_field<OpenDirectConversation>(), bytes);
  ASSERT_TRUE(ids);
  ASSERT_EQ(ids->size(), 1U);
  EXPECT_EQ(ids->front().ids, std::vector{Uuid{9}});
}

TEST(RequestIds, ListsAreListsAndWhatIsLeftOutIsAbsent) {
  const auto lists = ids_of_request(request_field<FetchDeviceLists>(),
                                    encode(FetchDeviceLists{{kAnn, UserId(Uuid{3})}}));
  ASSERT_TRUE(lists);
  const auto* users = find(*lists, "user_ids");
  ASSERT_NE(users, nullptr);
  EXPECT_TRUE(users->list);
  EXPECT_EQ(users->ids, (std::vector{Uuid{2}, Uuid{3}}));
  EXPECT_EQ(find(*lists, "device_id"), nullptr);
  const auto none = ids_of_request(request_field<JoinChannel>(), {});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST(RequestIds, WhatIsNoRequestIsRefused) {
  EXPECT_EQ(ids_of_request(1, {}).error(), Errc::no_body);
  EXPECT_EQ(ids_of_request(request_field<SendMessage>(), Bytes{0xff}).error(), Errc::malformed);
  const auto bytes = encode(OpenDirectConversation{kAnn});
  EXPECT_EQ(ids_of_request(request_field<OpenDirectConversation>(), bytes, {.max_size = 4}).error(),
            Errc::too_large);
}

}  // namespace
}  // namespace unhidra::wire
