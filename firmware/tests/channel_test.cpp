// The pairwise channel of the device core: the published vectors byte for byte, what it is for, and
// what a broker that lies may try.
#include <fstream>
#include <sodium.h>

#include <boost/json.hpp>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"

#include "channel_world.h"

extern "C" {
#include "group_internal.h"
}

namespace unhidra::firmware {
namespace {

class Channel : public testing::Test {
 protected:
  identity::GroupMember lamp_member() const { return {lamp.device.keys(), GroupRole::device}; }
  void rotate(std::vector<identity::GroupMember> leaders) {
    leaders.push_back(lamp_member());
    owner.rotate(std::move(leaders));
  }
  Bytes policy() const { return owner.policy(lamp.device.device_id); }
  Bytes epoch(Phone& from) { return from.epoch(owner, policy()).value(); }
  // The device is in the group and has a session with the phone, which has heard it.
  void meet() {
    rotate({phone.member()});
    ASSERT_TRUE(phone.take(lamp.published()).value());
    ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
    ASSERT_TRUE(phone.open(lamp.last_answer()));
  }
  uh_status hear_same(const Bytes& payload) {
    const auto before = lamp.flash.bytes();
    const auto status = lamp.hear(payload);
    EXPECT_EQ(lamp.flash.bytes(), before) << "a refused message changed flash";
    return status;
  }

  testkit::SeededRandom random{42};
  Owner owner{random};
  CoreDevice lamp{2, random, owner.key.public_key()};
  Phone phone{1, random, lamp.device.keys()};
};

TEST_F(Channel, AnEpochComesOverItAndIsReceipted) {
  rotate({phone.member()});
  ASSERT_TRUE(phone.take(lamp.published()).value());
  EXPECT_FALSE(lamp.channel.bound);
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
  EXPECT_TRUE(lamp.heard.is_new);
  EXPECT_FALSE(lamp.heard.is_command);
  EXPECT_EQ(lamp.group.current.number, 1U);
  EXPECT_EQ(lamp.policy.version, 1U);
  EXPECT_TRUE(lamp.channel.bound);
  const auto answer = phone.open(lamp.last_answer());
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(std::get<e2ee::ChannelReceipt>(*answer), (e2ee::ChannelReceipt{1, 1}));
  EXPECT_FALSE(phone.take(*lamp.publish()).value());
  EXPECT_FALSE(lamp.publish()) << "no news";
  rotate({phone.member()});
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
  EXPECT_EQ(lamp.group.current.number, 2U);
  EXPECT_EQ(std::get<e2ee::ChannelReceipt>(*phone.open(lamp.last_answer())),
            (e2ee::ChannelReceipt{2, 2}));
}

TEST_F(Channel, CommandsAreObeyedOnceAndAnswered) {
  meet();
  const auto order = phone.command("set 21.5").value();
  ASSERT_EQ(lamp.hear(order), UH_OK);
  ASSERT_TRUE(lamp.heard.is_command);
  EXPECT_EQ(lamp.command(), "set 21.5");
  ASSERT_EQ(lamp.answer("ok: 21.5"), UH_OK);
  const auto answer = phone.open(lamp.last_answer());
  ASSERT_TRUE(answer) << answer.error().message();
  const auto& result = std::get<e2ee::GroupContent>(*answer);
  EXPECT_EQ(as_text(result.body), "ok: 21.5");
  EXPECT_EQ(result.request_id, phone.request);
  EXPECT_EQ(hear_same(order), UH_DUPLICATE);
  lamp.start();
  EXPECT_EQ(hear_same(order), UH_DUPLICATE);
  EXPECT_EQ(lamp.hear(phone.command("on").value()), UH_OK);
}

TEST_F(Channel, TheOwnersPolicyAndChallengesHoldHereToo) {
  rotate({phone.member()});
  ASSERT_TRUE(phone.take(lamp.published()).value());
  ASSERT_EQ(lamp.hear(phone.epoch(owner, owner.policy(lamp.device.device_id, "set")).value()),
            UH_OK);
  EXPECT_EQ(lamp.hear(phone.command("unlock").value()), UH_DENIED);
  lamp.clock = {};  // a device without a clock
  EXPECT_EQ(lamp.hear(phone.command("set 20").value()), UH_BUSY);
  const auto asked = phone.open(lamp.last_answer()).value();
  const auto& challenge = std::get<e2ee::GroupContent>(asked).challenge;
  ASSERT_TRUE(challenge);
  EXPECT_EQ(lamp.hear(phone.command("set 20", challenge).value()), UH_OK);
  EXPECT_EQ(lamp.hear(phone.command("set 20").value()), UH_OK) << "its clock is sure now";
}

// Once there was a session nothing comes sealed for a key that stays.
TEST_F(Channel, ThereIsNoWayBackToSealedDeliveries) {
  rotate({phone.member()});
  const auto sealed = [&] {
    return e2ee::seal_epoch(provider(), random, owner.group, owner.secret, phone.device.device_id,
                            phone.device.signing(), lamp.device.device_id, policy())
        .value();
  };
  ASSERT_EQ(lamp.adopt(sealed()), UH_OK) << "a controller that knows no channel";
  ASSERT_TRUE(phone.take(lamp.published()).value());
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
  EXPECT_FALSE(lamp.heard.is_new);
  rotate({phone.member()});
  EXPECT_EQ(lamp.adopt(sealed()), UH_DENIED);
  lamp.start();
  EXPECT_EQ(lamp.adopt(sealed()), UH_DENIED);
  EXPECT_EQ(lamp.group.current.number, 1U);
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
  // Its owner commissions it anew, by hand.
  ASSERT_EQ(uh_channel_restart(&lamp.channel), UH_OK);
  EXPECT_TRUE(phone.take(*lamp.publish()).value());
  rotate({phone.member()});
  EXPECT_EQ(lamp.adopt(sealed()), UH_OK);
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
}

TEST_F(Channel, OnlyAControllerOfThePresentRosterBeginsASession) {
  rotate({phone.member()});
  const auto before = lamp.published();
  // Somebody whom the certificate authority let in, with an owner's key of his own.
  Owner thief(random);
  Phone spy(9, random, lamp.device.keys());
  thief.rotate({spy.member(), lamp_member()});
  ASSERT_TRUE(spy.take(before).value());
  EXPECT_EQ(hear_same(spy.epoch(thief).value()), UH_NOT_AN_OWNER);
  // With the owner's roster, in which he does not stand, or only as a hub.
  EXPECT_EQ(hear_same(spy.epoch(owner).value()), UH_WRONG_DEVICE);
  EXPECT_EQ(hear_same(spy.command("unlock").value()), UH_WRONG_DEVICE);
  rotate({phone.member(), spy.member(GroupRole::hub)});
  EXPECT_EQ(hear_same(spy.epoch(owner).value()), UH_WRONG_DEVICE);
  EXPECT_EQ(lamp.group.current.number, 0U);
  // None of that has used up the prekey.
  ASSERT_TRUE(phone.take(before).value());
  EXPECT_EQ(lamp.hear(epoch(phone)), UH_OK);
  EXPECT_EQ(hear_same(spy.epoch(owner).value()), UH_UNKNOWN_EPOCH);
}

TEST_F(Channel, WhoIsRemovedIsHeardNoMore) {
  Phone tablet(3, random, lamp.device.keys());
  rotate({phone.member(), tablet.member()});
  ASSERT_TRUE(phone.take(lamp.published()).value());
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
  ASSERT_TRUE(tablet.take(*lamp.publish()).value());
  ASSERT_EQ(lamp.hear(epoch(tablet)), UH_OK);
  ASSERT_EQ(lamp.hear(tablet.command("on").value()), UH_OK);
  const auto old = owner.group;
  rotate({phone.member()});
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
  EXPECT_EQ(hear_same(tablet.command("on").value()), UH_UNKNOWN_EPOCH);
  // Nor with a new session and the roster of before.
  ASSERT_TRUE(tablet.take(*lamp.publish()).value());
  Owner past(random);
  past.group = old;
  past.secret = random.secret_array<32>();
  EXPECT_EQ(hear_same(tablet.epoch(past).value()), UH_STALE);
  ASSERT_EQ(lamp.hear(phone.command("on").value()), UH_OK);
}

// The power goes after the epoch was stored and before the sessions were gone through; the broker
// keeps to itself what would be repeated then.
TEST_F(Channel, WhoIsRemovedIsHeardNoMoreThoughThePowerWentInBetween) {
  Phone tablet(3, random, lamp.device.keys());
  rotate({phone.member(), tablet.member()});
  ASSERT_TRUE(phone.take(lamp.published()).value());
  ASSERT_EQ(lamp.hear(epoch(phone)), UH_OK);
  ASSERT_TRUE(tablet.take(*lamp.publish()).value());
  ASSERT_EQ(lamp.hear(epoch(tablet)), UH_OK);
  rotate({phone.member()});
  const auto news = epoch(phone);
  bool was_between = false;
  for (std::uint64_t cut = 1;; cut += 16) {
    lamp.flash.cut_after(cut);
    const auto status = lamp.hear(news);
    const bool was_cut = lamp.flash.is_dead();
    lamp.start();
    const bool is_new = lamp.group.current.number == 2;
    EXPECT_EQ(lamp.hear(tablet.command("on").value()) == UH_OK, !is_new) << "cut after " << cut;
    was_between = was_between || (is_new && status == UH_STORAGE);
    if (!was_cut) {
      EXPECT_EQ(status, UH_OK) << "its epoch was there already";
      break;
    }
  }
  EXPECT_TRUE(was_between);
  EXPECT_EQ(lamp.hear(phone.command("on").value()), UH_OK);
}

TEST_F(Channel, WhatIsChangedMovedOrTurnedDoesNotOpenAndChangesNothing) {
  meet();
  const auto order = phone.command("on").value();
  for (std::size_t i = 0; i < order.size(); ++i) {
    auto changed = order;
    changed[i] ^= 1;
    EXPECT_NE(hear_same(changed), UH_OK) << i;
  }
  for (std::size_t size = 0; size < order.size(); ++size) {
    EXPECT_NE(hear_same(Bytes(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size))),
              UH_OK)
        << size;
  }
  EXPECT_NE(hear_same(lamp.last_answer()), UH_OK) << "its own answer, sent back";
  // For another device of the same controller.
  CoreDevice lock(4, random, owner.key.public_key());
  Phone to_lock(1, random, lock.device.keys());
  ASSERT_TRUE(to_lock.take(lock.published()).value());
  EXPECT_NE(hear_same(to_lock.epoch(owner).value()), UH_OK);
  EXPECT_EQ(lamp.hear(order), UH_OK);
}

TEST_F(Channel, WhatIsReorderedOpensAndWhatIsTooFarAheadDoesNot) {
  meet();
  std::vector<Bytes> orders;
  for (int i = 0; i < 9; ++i) {
    orders.push_back(phone.command("step " + std::to_string(i)).value());
  }
  ASSERT_EQ(lamp.hear(orders[8]), UH_OK);
  for (int i = 7; i >= 2; --i) {
    ASSERT_EQ(lamp.hear(orders[static_cast<std::size_t>(i)]), UH_OK) << i;
    EXPECT_EQ(lamp.command(), "step " + std::to_string(i));
  }
  EXPECT_EQ(hear_same(orders[1]), UH_DUPLICATE) << "its key has made room";
  EXPECT_EQ(hear_same(orders[5]), UH_DUPLICATE);
  for (unsigned i = 0; i < UH_CHANNEL_MAX_SKIP; ++i) {
    ASSERT_TRUE(phone.command("lost"));
  }
  const auto last = phone.command("at the limit").value();
  const auto beyond = phone.command("beyond").value();
  EXPECT_EQ(hear_same(beyond), UH_TOO_FAR_AHEAD);
  EXPECT_EQ(lamp.hear(last), UH_OK);
  EXPECT_EQ(lamp.hear(beyond), UH_OK);
}

TEST_F(Channel, ANewSessionTakesThePlaceOfTheOneBefore) {
  meet();
  const auto before = phone.command("on").value();
  phone.channel.distrust();  // restored from an old copy
  EXPECT_FALSE(phone.command("on"));
  ASSERT_TRUE(phone.take(*lamp.publish()).value());
  const auto first = epoch(phone);
  ASSERT_EQ(lamp.hear(first), UH_OK);
  EXPECT_EQ(hear_same(before), UH_UNDECRYPTABLE) << "of the session that is gone";
  EXPECT_EQ(hear_same(first), UH_DUPLICATE);
  EXPECT_TRUE(phone.open(lamp.last_answer()));
  EXPECT_EQ(lamp.hear(phone.command("on").value()), UH_OK);
}

TEST_F(Channel, HoldsFourControllersAndTheFirstMakesRoom) {
  std::vector<std::unique_ptr<Phone>> phones;
  std::vector<identity::GroupMember> members;
  for (std::uint64_t i = 0; i < UH_CHANNEL_SESSIONS + 1; ++i) {
    phones.push_back(std::make_unique<Phone>(10 + i, random, lamp.device.keys()));
    members.push_back(phones.back()->member());
  }
  rotate(members);
  for (auto& one : phones) {
    ASSERT_TRUE(one->take(lamp.published()).value());
    ASSERT_EQ(lamp.hear(epoch(*one)), UH_OK);
  }
  EXPECT_EQ(hear_same(phones[0]->command("on").value()), UH_UNKNOWN_EPOCH);
  for (std::size_t i = 1; i < phones.size(); ++i) {
    EXPECT_EQ(lamp.hear(phones[i]->command("on").value()), UH_OK) << i;
    EXPECT_FALSE(phones[i]->take(lamp.published()).value());
  }
  EXPECT_TRUE(phones[0]->take(lamp.published()).value()) << "it sees that it made room";
}

TEST_F(Channel, WhatIsInTheDeviceLaterOpensNothingThatWasSentBefore) {
  meet();
  rotate({phone.member()});
  const auto recorded = epoch(phone);
  ASSERT_EQ(lamp.hear(recorded), UH_OK);
  ASSERT_EQ(lamp.hear(phone.command("on").value()), UH_OK);
  // All of flash and the device's keys: the epoch's secret is not among what they give.
  lamp.start();
  EXPECT_EQ(lamp.hear(recorded), UH_DUPLICATE);
  uh_received received;
  auto bytes = recorded;
  EXPECT_EQ(uh_channel_receive(&lamp.channel, 2, bytes.data(), bytes.size(), &received),
            UH_DUPLICATE);
}

// ---- the published vectors ----

class FixedRandom {
 public:
  static void use(Bytes bytes) {
    draws() = std::move(bytes);
    static randombytes_implementation fixed = {.implementation_name = [] { return "vectors"; },
                                               .random = [] { return 0U; },
                                               .stir = nullptr,
                                               .uniform = nullptr,
                                               .buf = draw,
                                               .close = nullptr};
    randombytes_set_implementation(&fixed);
  }
  static void stop() { randombytes_set_implementation(&randombytes_sysrandom_implementation); }
  static Bytes& draws() {
    static Bytes bytes;
    return bytes;
  }

 private:
  static void draw(void* const out, const std::size_t size) {
    ASSERT_GE(draws().size(), size);
    std::copy_n(draws().begin(), size, static_cast<std::uint8_t*>(out));
    draws().erase(draws().begin(), draws().begin() + static_cast<std::ptrdiff_t>(size));
  }
};

class ChannelVectors : public testing::Test {
 protected:
  ChannelVectors() {
    std::ifstream file(UNHIDRA_CHANNEL_VECTORS);
    std::stringstream text;
    text << file.rdbuf();
    vectors_ = boost::json::parse(text.str()).as_object();
    const auto& device = vectors_["device"].as_object();
    id_ = bytes(device, "device_id");
    identity_ = bytes(device, "identity_private");
    seed_ = bytes(device, "signing_seed");
    FixedRandom::use(bytes(vectors_, "device_random"));
    const uh_channel_parts parts = {.device = id_.data(),
                                    .identity_key = identity_.data(),
                                    .signing_seed = seed_.data(),
                                    .work = work_,
                                    .work_size = sizeof work_};
    EXPECT_EQ(uh_channel_open(&channel_, &parts, flash_.get(), 0, 1), UH_OK);
  }
  ~ChannelVectors() override { FixedRandom::stop(); }

  static Bytes bytes(const boost::json::object& from, std::string_view name) {
    return from_hex(std::string_view(from.at(name).as_string())).value();
  }
  Bytes published() {
    Bytes out(UH_PREKEYS_SIZE);
    std::size_t size = 0;
    const auto micros = static_cast<std::uint64_t>(vectors_["published_at"].as_int64());
    EXPECT_EQ(uh_channel_publish(&channel_, micros / 1000, out.data(), out.size(), &size), UH_OK);
    out.resize(size);
    return out;
  }
  void keep(const uh_received& received, const Bytes& plaintext) {
    if (plaintext[0] != 1) {
      ASSERT_EQ(uh_channel_keep(&channel_, &received, nullptr), UH_OK);
      return;
    }
    ByteReader in(ByteView(plaintext).subspan(1));
    const auto document = to_bytes(in.bytes(4096));
    Bytes work(document.size() + UH_ROSTER_WORK);
    const uh_roster_input input = {.document = document.data(),
                                   .size = document.size(),
                                   .secret = nullptr,
                                   .listens = nullptr,
                                   .context = nullptr,
                                   .work = work.data(),
                                   .work_size = work.size()};
    uh_roster roster;
    ASSERT_EQ(uh_roster_read(&roster, &input), UH_OK);
    ASSERT_EQ(uh_channel_keep(&channel_, &received, &roster), UH_OK);
    epoch_ = roster.epoch;
  }
  void heard(const boost::json::object& message) {
    auto payload = bytes(message, "payload");
    uh_received received;
    ASSERT_EQ(uh_channel_receive(&channel_, epoch_, payload.data(), payload.size(), &received),
              UH_OK);
    const Bytes plaintext(received.content, received.content + received.content_size);
    EXPECT_EQ(plaintext, bytes(message, "plaintext"));
    keep(received, plaintext);
  }
  void said(const boost::json::object& message) {
    const auto plaintext = bytes(message, "plaintext");
    const auto controller = bytes(vectors_["controller"].as_object(), "device_id");
    Bytes out(plaintext.size() + UH_CHANNEL_OVERHEAD);
    std::size_t size = 0;
    ASSERT_EQ(uh_channel_seal(&channel_, controller.data(), plaintext.data(), plaintext.size(),
                              out.data(), out.size(), &size),
              UH_OK);
    out.resize(size);
    EXPECT_EQ(out, bytes(message, "payload"));
  }

  boost::json::object vectors_;
  Bytes id_;
  Bytes identity_;
  Bytes seed_;
  FakeFlash flash_{4096, 2};
  uh_channel channel_{};
  std::uint32_t epoch_ = 0;
  std::uint8_t work_[UH_CHANNEL_STORED_SIZE];
};

TEST_F(ChannelVectors, AreReadAndSaidByteForByte) {
  EXPECT_EQ(published(), bytes(vectors_, "prekeys"));
  for (const auto& value : vectors_["messages"].as_array()) {
    const auto& message = value.as_object();
    message.at("from") == "device" ? said(message) : heard(message);
  }
  EXPECT_EQ(published(), bytes(vectors_, "prekeys_later"));
  EXPECT_TRUE(FixedRandom::draws().empty());
}

}  // namespace
}  // namespace unhidra::firmware
