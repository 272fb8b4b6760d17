// The C interface as a host sees it: life, memory, malformed calls, and calls from within calls.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "unhidra/base/codec.h"

#include "fake_host.h"
#include "unhidra_core.h"

namespace unhidra::core {
namespace {

constexpr std::string_view kUser = "0191d3f0-0000-7000-8000-000000000001";
constexpr std::string_view kPeer = "0191d3f0-0000-7000-8000-000000000003";
constexpr std::string_view kDevice = "0191d3f0-0000-7000-8000-000000000002";

// A buffer that the test filled.
class Buffer {
 public:
  explicit Buffer(std::string_view content)
      : data_(unhidra_buffer_new(static_cast<std::uint32_t>(content.size()))),
        size_(static_cast<std::uint32_t>(content.size())) {
    std::copy(content.begin(), content.end(), data_);
  }
  ~Buffer() { EXPECT_EQ(unhidra_buffer_free(data_), 0); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::uint8_t* data() const { return data_; }
  std::uint32_t size() const { return size_; }

 private:
  std::uint8_t* data_;
  std::uint32_t size_;
};

std::string answer() {
  return {reinterpret_cast<const char*>(unhidra_answer()), unhidra_answer_size()};
}

class InterfaceTest : public ::testing::Test {
 protected:
  void SetUp() override { fake::reset(); }

  static std::int32_t open(std::uint32_t store = 1, char fill = 'k', std::uint64_t least = 0) {
    const Buffer key(std::string(32, fill));
    return unhidra_engine_open(store, key.data(), key.size(), least);
  }
  static std::int32_t enroll(std::int32_t engine) {
    const Buffer user(kUser);
    const Buffer device(kDevice);
    const Buffer name("ann");
    return unhidra_engine_enroll(engine, user.data(), user.size(), device.data(), device.size(),
                                 name.data(), name.size());
  }
  static std::int32_t send(std::int32_t engine, std::string_view text) {
    const Buffer peer(kPeer);
    const Buffer content(text);
    return unhidra_send_text(engine, peer.data(), peer.size(), content.data(), content.size());
  }
  static bool answered(std::string_view part) { return answer().find(part) != std::string::npos; }
};

TEST_F(InterfaceTest, ADeviceOutlivesItsHandle) {
  const auto first = open();
  ASSERT_GT(first, 0);
  ASSERT_EQ(enroll(first), 0) << answer();
  ASSERT_EQ(unhidra_account(first), 0);
  const auto account = answer();
  EXPECT_NE(account.find(kUser), std::string::npos) << account;
  ASSERT_EQ(unhidra_engine_close(first), 0);

  const auto second = open();
  ASSERT_GT(second, 0);
  EXPECT_NE(first, second);
  ASSERT_EQ(unhidra_account(second), 0);
  EXPECT_EQ(answer(), account);
  EXPECT_EQ(enroll(second), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.already_enrolled")) << answer();
  EXPECT_EQ(unhidra_engine_close(second), 0);
}

TEST_F(InterfaceTest, NothingOfTheStoreCanBeReadWithoutItsKey) {
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  ASSERT_EQ(send(engine, "a text that nobody else may read"), 0) << answer();
  EXPECT_TRUE(answered("messageId"));
  for (const auto& [name, entry] : fake::host().stores[1].entries) {
    EXPECT_EQ(as_text(entry.content).find("nobody else"), std::string_view::npos);
  }
  unhidra_engine_close(engine);
  const auto other = open(1, 'x');  // finds no record under its names
  ASSERT_GT(other, 0);
  EXPECT_EQ(unhidra_account(other), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.not_enrolled"));
  unhidra_engine_close(other);
}

TEST_F(InterfaceTest, AChangedRecordIsNoticed) {
  auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  unhidra_engine_close(engine);
  for (auto& [name, entry] : fake::host().stores[1].entries) {
    entry.content.back() ^= 1;
  }
  EXPECT_EQ(open(), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.corrupt_store")) << answer();
}

TEST_F(InterfaceTest, AFailedStoreEndsTheEngineAndNotTheModule) {
  const auto engine = open();
  fake::host().stores[1].fails = true;
  EXPECT_EQ(enroll(engine), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.store_failed")) << answer();
  fake::host().stores[1].fails = false;
  EXPECT_EQ(enroll(engine), UNHIDRA_REFUSED);
  EXPECT_EQ(unhidra_engine_close(engine), 0);
  const auto again = open();
  EXPECT_EQ(enroll(again), 0);
  unhidra_engine_close(again);
}

TEST_F(InterfaceTest, AnOldCopyOfTheStoreIsNoticed) {
  auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  unhidra_engine_close(engine);
  engine = open(1, 'k', 1'000'000);
  ASSERT_EQ(unhidra_engine_next(engine), UNHIDRA_EVENT);
  EXPECT_EQ(answer(), R"({"type":"stateRolledBack"})");
  EXPECT_EQ(unhidra_engine_next(engine), UNHIDRA_NOTHING);
  unhidra_engine_close(engine);
}

TEST_F(InterfaceTest, BadHandlesAreAnswered) {
  const auto engine = open();
  ASSERT_EQ(unhidra_engine_close(engine), 0);
  for (const auto handle : {engine, 0, -1, 1 << 30, INT32_MIN, INT32_MAX}) {
    EXPECT_EQ(unhidra_engine_tick(handle), UNHIDRA_BAD_HANDLE) << handle;
    EXPECT_TRUE(answered("core.bad_handle"));
    EXPECT_EQ(unhidra_engine_next(handle), UNHIDRA_BAD_HANDLE);
    EXPECT_EQ(unhidra_engine_close(handle), UNHIDRA_BAD_HANDLE);
    EXPECT_EQ(unhidra_account(handle), UNHIDRA_BAD_HANDLE);
  }
}

TEST_F(InterfaceTest, OnlyBytesWithinABufferAreRead) {
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  const Buffer buffer("bob-and-more");
  const auto look_up = [&](const std::uint8_t* at, std::uint32_t size) {
    return unhidra_look_up_user(engine, at, size);
  };
  EXPECT_EQ(look_up(buffer.data(), buffer.size()), UNHIDRA_REFUSED);  // no connection
  for (const auto size : {buffer.size() + 1, UINT32_MAX, UINT32_MAX - 3}) {
    EXPECT_EQ(look_up(buffer.data(), size), UNHIDRA_BAD_ARGUMENT);
  }
  EXPECT_EQ(look_up(buffer.data() + 4, buffer.size()), UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(look_up(nullptr, 3), UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(look_up(reinterpret_cast<const std::uint8_t*>(16), 3), UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(look_up(reinterpret_cast<const std::uint8_t*>(UINTPTR_MAX), 3), UNHIDRA_BAD_ARGUMENT);
  unhidra_engine_close(engine);
}

TEST_F(InterfaceTest, BuffersAreBoundedAndFreedOnce) {
  EXPECT_EQ(unhidra_buffer_new(UINT32_MAX), nullptr);
  EXPECT_EQ(unhidra_buffer_new(3 << 20), nullptr);
  std::vector<std::uint8_t*> all;
  while (auto* buffer = unhidra_buffer_new(1)) {
    all.push_back(buffer);
    ASSERT_LE(all.size(), 64U);
  }
  EXPECT_EQ(all.size(), 64U);
  EXPECT_EQ(unhidra_buffer_free(all.front() + 1), UNHIDRA_BAD_ARGUMENT);
  for (auto* buffer : all) {
    EXPECT_EQ(unhidra_buffer_free(buffer), 0);
    EXPECT_EQ(unhidra_buffer_free(buffer), UNHIDRA_BAD_ARGUMENT);
  }
  EXPECT_EQ(unhidra_buffer_free(nullptr), UNHIDRA_BAD_ARGUMENT);
}

TEST_F(InterfaceTest, EnginesAreBounded) {
  std::vector<std::int32_t> all;
  auto last = open();
  for (; last > 0; last = open(static_cast<std::uint32_t>(all.size() + 1))) {
    all.push_back(last);
    ASSERT_LE(all.size(), 16U);
  }
  EXPECT_EQ(last, UNHIDRA_FULL);
  for (const auto engine : all) {
    EXPECT_EQ(unhidra_engine_close(engine), 0);
  }
}

TEST_F(InterfaceTest, MalformedArgumentsAreAnswered) {
  const Buffer short_key("short");
  EXPECT_EQ(unhidra_engine_open(1, short_key.data(), short_key.size(), 0), UNHIDRA_BAD_ARGUMENT);
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  const Buffer no_id("0191d3f0-0000-7000-8000-00000000000g");
  EXPECT_EQ(unhidra_open_conversation(engine, no_id.data(), no_id.size()), UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(unhidra_history(engine, no_id.data(), no_id.size(), 0, UINT32_MAX),
            UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(send(engine, "\xff\xfe"), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.bad_text"));
  EXPECT_EQ(unhidra_engine_connection_opened(engine), 0);
  const Buffer garbage("\xff\xff\xff garbage");
  EXPECT_EQ(unhidra_engine_receive(engine, garbage.data(), garbage.size()), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.bad_frame")) << answer();
  unhidra_engine_close(engine);
}

TEST_F(InterfaceTest, ACallFromWithinACallChangesNothing) {
  const auto engine = open();
  int tried = 0;
  fake::host().on_call = [&] {
    ++tried;
    EXPECT_EQ(unhidra_engine_close(engine), UNHIDRA_BUSY);
    EXPECT_EQ(unhidra_engine_tick(engine), UNHIDRA_BUSY);
    EXPECT_EQ(unhidra_buffer_new(1), nullptr);
    EXPECT_EQ(unhidra_buffer_free(nullptr), UNHIDRA_BUSY);
  };
  EXPECT_EQ(enroll(engine), 0);
  EXPECT_GT(tried, 0);
  fake::host().on_call = nullptr;
  EXPECT_EQ(unhidra_engine_close(engine), 0);
}

TEST_F(InterfaceTest, AGroupIsMadeAndAskedFor) {
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  const Buffer name("the team");
  const Buffer nobody("");
  const Buffer two(std::string(kPeer) + "," + std::string(kDevice));
  // Only an approved device may make one: the list is understood, and the engine answers.
  EXPECT_EQ(unhidra_group_create(engine, name.data(), name.size(), two.data(), two.size()),
            UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.not_approved")) << answer();
  EXPECT_EQ(unhidra_group_create(engine, name.data(), name.size(), nobody.data(), 0),
            UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.not_approved")) << answer();
  const auto id = std::string(kPeer);
  for (const auto& malformed : {id + ",", "," + id, id + ",," + id, id + " " + id, id + "x",
                                std::string(","), std::string("x")}) {
    const Buffer users(malformed);
    EXPECT_EQ(unhidra_group_create(engine, name.data(), name.size(), users.data(), users.size()),
              UNHIDRA_BAD_ARGUMENT)
        << malformed;
  }
  const Buffer group(kPeer);
  EXPECT_EQ(unhidra_group(engine, group.data(), group.size()), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.not_found")) << answer();
  EXPECT_EQ(unhidra_group_add(engine, group.data(), group.size(), two.data(), two.size()),
            UNHIDRA_REFUSED);
  EXPECT_EQ(unhidra_group_remove(engine, two.data(), two.size(), two.data(), two.size()),
            UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(unhidra_group_leave(engine, group.data(), group.size()), UNHIDRA_REFUSED);
  EXPECT_EQ(unhidra_share_history(engine, group.data(), group.size(), 1), UNHIDRA_REFUSED);
  EXPECT_EQ(unhidra_share_history(engine, name.data(), name.size(), 1), UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(unhidra_read_earlier(engine, group.data(), group.size()), UNHIDRA_REFUSED);
  EXPECT_EQ(unhidra_read_earlier(engine, name.data(), name.size()), UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(unhidra_group_rename(engine, group.data(), group.size(), name.data(), name.size()),
            UNHIDRA_REFUSED);
  EXPECT_EQ(
      unhidra_channel_adopt_name(engine, group.data(), group.size(), name.data(), name.size()),
      UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.not_found")) << answer();
  EXPECT_EQ(unhidra_channel_adopt_name(engine, two.data(), two.size(), name.data(), name.size()),
            UNHIDRA_BAD_ARGUMENT);
  EXPECT_EQ(unhidra_send_text_to(engine, group.data(), group.size(), name.data(), name.size()),
            UNHIDRA_REFUSED);
  EXPECT_EQ(unhidra_engine_close(engine), 0);
}

TEST_F(InterfaceTest, TheHostsOwnValuesAreSealedBesideTheEngines) {
  const auto engine = open();
  const Buffer name("refresh token");
  const Buffer value("a token that must not be readable");
  EXPECT_EQ(unhidra_value_get(engine, name.data(), name.size()), 0);
  ASSERT_EQ(unhidra_value_put(engine, name.data(), name.size(), value.data(), value.size()), 0);
  ASSERT_EQ(unhidra_value_get(engine, name.data(), name.size()), 1);
  EXPECT_EQ(answer(), "a token that must not be readable");
  for (const auto& [at, entry] : fake::host().stores[1].entries) {
    EXPECT_EQ(as_text(entry.content).find("token"), std::string_view::npos);
  }
  ASSERT_EQ(unhidra_value_remove(engine, name.data(), name.size()), 0);
  EXPECT_EQ(unhidra_value_get(engine, name.data(), name.size()), 0);
  unhidra_engine_close(engine);
}

TEST_F(InterfaceTest, NamesOfMessagesAndRequestsAboutPlacesAreCheckedFirst) {
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  const Buffer conversation(kPeer);
  const std::string good = std::string(kUser) + "/" + std::string(kDevice);
  const auto remove = [&](std::string_view name) {
    const Buffer target(name);
    return unhidra_delete(engine, conversation.data(), conversation.size(), target.data(),
                          target.size());
  };
  for (const std::string& bad : {std::string(), std::string("x"), std::string(kUser),
                                 std::string(kUser) + "-" + std::string(kDevice), good + "x"}) {
    EXPECT_EQ(remove(bad), UNHIDRA_BAD_ARGUMENT) << bad;
  }
  EXPECT_EQ(remove(good), UNHIDRA_REFUSED);
  EXPECT_TRUE(answered("client.not_found")) << answer();
  const auto ask = [&](std::string_view lines) {
    const Buffer text(lines);
    return unhidra_place_request(engine, text.data(), text.size());
  };
  const std::string channel = "channel=" + std::string(kPeer);
  for (const std::string& bad :
       {std::string(), std::string("nonsense"), std::string("listChannels\nsearch"),
        std::string("listChannels\nwrong=1"), std::string("listChannels\nlimit=x"),
        std::string("listChannels\ncursor=xyz"), std::string("channel"),
        std::string("removeMember\n") + channel, "channel\n" + channel + "\n" + channel}) {
    EXPECT_EQ(ask(bad), UNHIDRA_BAD_ARGUMENT) << bad;
  }
  EXPECT_EQ(ask("listChannels\nsearch=news\njoined=1"), UNHIDRA_REFUSED);  // no connection
  EXPECT_EQ(ask("setOverride\n" + channel + "\nrole=2\nallow=1\ndeny=4"), UNHIDRA_REFUSED);
}

TEST_F(InterfaceTest, PresenceIsCheckedFirst) {
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  for (const auto own : {0, 1, 2}) {
    EXPECT_EQ(unhidra_set_presence(engine, own), 0) << answer();
  }
  for (const auto own : {-1, 3, INT32_MAX}) {
    EXPECT_EQ(unhidra_set_presence(engine, own), UNHIDRA_BAD_ARGUMENT) << own;
  }
  const Buffer malformed("nobody");
  EXPECT_EQ(unhidra_watch_presence(engine, malformed.data(), malformed.size()),
            UNHIDRA_BAD_ARGUMENT);
  const Buffer peer(kPeer);
  EXPECT_EQ(unhidra_watch_presence(engine, peer.data(), peer.size()), 0) << answer();
  ASSERT_EQ(unhidra_presence(engine), 0);
  EXPECT_EQ(answer(),
            R"([{"user":")" + std::string(kPeer) + R"(","state":"unknown","since":null}])");
  EXPECT_EQ(unhidra_watch_presence(engine, nullptr, 0), 0) << answer();
  ASSERT_EQ(unhidra_presence(engine), 0);
  EXPECT_EQ(answer(), "[]");
  unhidra_engine_close(engine);
}

TEST_F(InterfaceTest, AFileIsSealedInSteps) {
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  const auto file = unhidra_file_seal(engine, 1'048'321);
  ASSERT_GT(file, 0) << answer();
  EXPECT_TRUE(answered("\"size\":1048321")) << answer();
  EXPECT_TRUE(answered("\"wanted\":1048320")) << answer();
  const Buffer first(std::string(1'048'320, 'a'));
  const Buffer wrong("ab");
  const Buffer second("a");
  const Buffer nothing("");
  EXPECT_EQ(unhidra_file_next(engine, file, wrong.data(), wrong.size()), UNHIDRA_REFUSED);
  EXPECT_EQ(unhidra_file_finish(engine, file), UNHIDRA_REFUSED) << "not at its end";
  EXPECT_EQ(unhidra_file_next(engine, file, first.data(), first.size()), 1);
  EXPECT_EQ(unhidra_answer_size(), 1'048'576U);
  EXPECT_EQ(unhidra_file_next(engine, file, second.data(), second.size()), 0);
  EXPECT_EQ(unhidra_file_finish(engine, file), 0) << answer();
  EXPECT_TRUE(answered("\"digest\":\"")) << answer();
  EXPECT_EQ(unhidra_file_next(engine, file, nothing.data(), 0), UNHIDRA_REFUSED) << "it is over";
  EXPECT_EQ(unhidra_file_close(engine, file), 0);
  EXPECT_EQ(unhidra_file_close(engine, file), UNHIDRA_BAD_HANDLE);
  EXPECT_EQ(unhidra_file_next(engine, file, wrong.data(), wrong.size()), UNHIDRA_BAD_HANDLE);
}

TEST_F(InterfaceTest, FilesAreBoundedAndRefusedWhenMalformed) {
  const auto engine = open();
  ASSERT_EQ(enroll(engine), 0);
  EXPECT_EQ(unhidra_file_seal(engine, ~std::uint64_t{0}), UNHIDRA_REFUSED);
  const Buffer conversation(kPeer);
  const Buffer empty("");
  for (const std::string_view lines :
       {"", "file=1", "file=99\nid=0191d3f0-0000-7000-8000-000000000009\nname=a\ntype=text/plain",
        "file=1\nname=a\ntype=text/plain", "nonsense"}) {
    const Buffer files(lines);
    EXPECT_LT(unhidra_send_files(engine, conversation.data(), conversation.size(), empty.data(), 0,
                                 empty.data(), 0, empty.data(), 0, empty.data(), 0, 0, files.data(),
                                 static_cast<std::uint32_t>(lines.size())),
              0)
        << lines;
  }
  std::int32_t last = 0;
  for (int i = 0; i < 64; ++i) {
    last = unhidra_file_seal(engine, 10);
    ASSERT_GT(last, 0);
  }
  EXPECT_EQ(unhidra_file_seal(engine, 10), UNHIDRA_FULL);
  EXPECT_EQ(unhidra_file_close(engine, last), 0);
  EXPECT_GT(unhidra_file_seal(engine, 10), last);
}

}  // namespace
}  // namespace unhidra::core
