// Emoji with pictures: brought into a conversation, used in texts and reactions, taken back.

#include "unhidra/e2ee/attachment_descriptor.h"

#include "chat_case.h"
#include "emoji_rules.h"
#include "emoji_set.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

e2ee::AttachmentDescriptor picture(std::uint8_t id) {
  e2ee::AttachmentDescriptor out;
  out.object.file_id = e2ee::FileId(Uuid{id, 1});
  out.object.size = 900;
  out.media_type = "image/webp";
  out.name = "parrot.webp";
  out.dimensions = e2ee::Dimensions{128, 128};
  return out;
}
Bytes described(const e2ee::AttachmentDescriptor& file) {
  return to_bytes(e2ee::encode(file).value().expose());
}

class EmojiWithPictures : public ChatCase {
 protected:
  MessageRef bring(Phone& by, ConversationId where, std::string_view name, std::uint8_t file) {
    const auto id = by.engine->bring_emoji(where, name, picture(file));
    EXPECT_TRUE(id) << id.error().message();
    world.settle();
    return {*id, by.enrollment.device};
  }
  std::vector<std::string> names(Phone& phone, ConversationId where) {
    std::vector<std::string> out;
    const auto all = phone.engine->emoji(where).value();
    for (const auto& one : all) {
      out.push_back(one.emoji.name);
    }
    return out;
  }
  Phone& add_device(Phone& approver, const std::string& name) {
    auto& phone = world.add_phone(approver.enrollment.user, name);
    world.connect(phone);
    world.settle();
    world.approve(approver, phone);
    world.settle_over(60s);
    return phone;
  }
};

TEST_F(EmojiWithPictures, AreBroughtByAMessageAndKnownToAllWhoReadIt) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  std::uint8_t file = 0;
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = bring(ann, where, "parrot", ++file);
    for (auto* phone : {&ann, &bob}) {
      const auto message = seen_by(*phone, where, ref);
      EXPECT_EQ(message.brings_emoji, "parrot");
      ASSERT_EQ(message.attachments.size(), 1U);
      const auto set = phone->engine->emoji(where).value();
      ASSERT_EQ(set.size(), 1U);
      EXPECT_EQ(set[0].emoji.name, "parrot");
      EXPECT_EQ(set[0].emoji.picture.file_id, message.attachments[0].file_id);
      EXPECT_EQ(set[0].brought_by, ann.enrollment.user);
      EXPECT_EQ(set[0].brought_in, ref);
      EXPECT_GE(phone->count<event::EmojiChanged>(), 1U);
    }
    EXPECT_EQ(bob.engine->bring_emoji(where, "parrot", picture(99)).error(), Errc::emoji_exists);
    EXPECT_EQ(ann.engine->edit(where, ref, {.text = "something else"}).error(), Errc::bad_emoji);
    EXPECT_TRUE(bob.engine->search({.words = "has:file", .conversation = where})->empty());
  }
  const auto where = pair_of(ann, bob);
  EXPECT_EQ(ann.engine->bring_emoji(where, "Parrot", picture(9)).error(), Errc::bad_emoji);
  auto large = picture(9);
  large.object.size = kMaxEmojiPicture + 1;
  EXPECT_EQ(ann.engine->bring_emoji(where, "large", std::move(large)).error(),
            Errc::bad_attachment);
}

TEST_F(EmojiWithPictures, StandInTextsWithTheirPictures) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto where = group_of(ann, {&bob});
  bring(ann, where, "parrot", 1);
  bring(bob, where, "duck", 2);
  const auto ref = say(bob, where, {.text = "a :parrot:, a :parrot: and no :goose:"});
  ASSERT_EQ(seen_by(ann, where, ref).emoji.size(), 1U);
  EXPECT_EQ(seen_by(ann, where, ref).emoji[0].name, "parrot");
  // Who came later, and has not seen it brought, draws it from what is written to him.
  ASSERT_TRUE(ann.engine->add_to_group(where, std::array{cleo.enrollment.user}));
  world.settle_over(10s);
  EXPECT_TRUE(names(cleo, where).empty());
  const auto later = say(ann, where, {.text = "welcome :parrot:"});
  ASSERT_EQ(seen_by(cleo, where, later).emoji.size(), 1U);
  EXPECT_EQ(names(cleo, where), Texts{"parrot"});
  EXPECT_TRUE(cleo.engine->emoji(where).value()[0].brought_by.is_nil());
  const auto answer = say(cleo, where, {.text = ":parrot:"});
  EXPECT_EQ(seen_by(bob, where, answer).emoji.size(), 1U);
  // An edit brings its own.
  ASSERT_TRUE(ann.engine->edit(where, later, {.text = "welcome :duck:"}));
  world.settle();
  ASSERT_EQ(seen_by(bob, where, later).emoji.size(), 1U);
  EXPECT_EQ(seen_by(bob, where, later).emoji[0].name, "duck");
  bob.reopen();
  world.connect(bob);
  world.settle();
  EXPECT_EQ(seen_by(bob, where, later).emoji[0].name, "duck");
}

TEST_F(EmojiWithPictures, StandInPlainTextsToo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    bring(ann, where, "parrot", 1);
    const auto id = bob.engine->send_text(where, "a :parrot:");
    ASSERT_TRUE(id) << id.error().message();
    world.settle();
    EXPECT_EQ(seen_by(ann, where, {*id, bob.enrollment.device}).emoji.size(), 1U);
  }
}

TEST_F(EmojiWithPictures, ReactionsOfOneNameAndTwoPicturesAreTwo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto other = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "ship it?"});
  // Both bring one of the same name before they hear of each other's.
  ASSERT_TRUE(ann.engine->bring_emoji(where, "ok", picture(1)));
  ASSERT_TRUE(bob.engine->bring_emoji(where, "ok", picture(2)));
  world.settle();
  const Uuid first = picture(1).object.file_id.uuid();
  const Uuid second = picture(2).object.file_id.uuid();
  ASSERT_TRUE(ann.engine->react(where, ref, ":ok:", true, first));
  ASSERT_TRUE(bob.engine->react(where, ref, ":ok:", true, second));
  world.settle();
  auto shown = seen_by(ann, where, ref).reactions;
  ASSERT_EQ(shown.size(), 2U);
  for (const auto& one : shown) {
    ASSERT_TRUE(one.picture);
    EXPECT_EQ(one.users, std::vector{one.picture->file_id == first ? ann.enrollment.user
                                                                   : bob.enrollment.user});
  }
  // The other joins by the picture that stands there, and takes back what is his.
  ASSERT_TRUE(bob.engine->react(where, ref, ":ok:", true, first));
  ASSERT_TRUE(bob.engine->react(where, ref, ":ok:", false, second));
  world.settle();
  shown = seen_by(bob, where, ref).reactions;
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].users.size(), 2U);
  EXPECT_EQ(shown[0].picture->file_id, first);
  // Without a picture of that name here it is the mere name, as ever.
  const auto elsewhere = say(ann, other, {.text = "and here?"});
  ASSERT_TRUE(bob.engine->react(other, elsewhere, ":ok:", true));
  world.settle();
  EXPECT_FALSE(seen_by(ann, other, elsewhere).reactions.at(0).picture);
  EXPECT_EQ(bob.engine->react(other, elsewhere, ":ok:", true, first).error(), Errc::not_found);
}

TEST_F(EmojiWithPictures, WhoBroughtOneTakesItBack) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = bring(ann, where, "parrot", 1);
  const auto said = say(bob, where, {.text = "hm"});
  ASSERT_TRUE(bob.engine->react(where, said, ":parrot:", true));
  world.settle();
  EXPECT_EQ(bob.engine->remove(where, ref).error(), Errc::not_yours);
  ASSERT_TRUE(ann.engine->remove(where, ref));
  world.settle();
  for (auto* phone : {&ann, &bob}) {
    EXPECT_TRUE(names(*phone, where).empty()) << phone->enrollment.username;
    EXPECT_FALSE(seen_by(*phone, where, ref).brings_emoji);
  }
  // Somebody who still has it cannot bring it back by using it.
  ASSERT_TRUE(bob.engine->react(where, said, ":parrot:", false, picture(1).object.file_id.uuid()));
  ASSERT_TRUE(bob.engine->react(where, said, ":parrot:", true, picture(1).object.file_id.uuid()));
  world.settle();
  EXPECT_TRUE(names(ann, where).empty());
  // Its name is free again.
  bring(bob, where, "parrot", 3);
  EXPECT_EQ(names(ann, where), Texts{"parrot"});
}

TEST_F(EmojiWithPictures, TravelWithTheHistoryToANewOwnDevice) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  bring(bob, where, "parrot", 1);
  const auto ref = say(bob, where, {.text = "look: :parrot:"});
  ASSERT_TRUE(ann.engine->react(where, ref, ":parrot:", true));
  world.settle();
  auto& fresh = add_device(ann, "tablet");
  ASSERT_TRUE(fresh.engine->request_history(ann.enrollment.device));
  world.settle();
  const auto code = fresh.engine->history_transfers().value().front().code;
  ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, code));
  world.settle_over(10s);
  EXPECT_EQ(names(fresh, where), Texts{"parrot"});
  const auto message = seen_by(fresh, where, ref);
  EXPECT_EQ(message.emoji.size(), 1U);
  ASSERT_EQ(message.reactions.size(), 1U);
  ASSERT_TRUE(message.reactions[0].picture);
  EXPECT_EQ(message.reactions[0].picture->description, described(picture(1)));
}

// ---- the rules ----

TEST(EmojiRules, Names) {
  for (const auto* good : {"ok", "+1", "party_parrot", "a-b-0"}) {
    EXPECT_TRUE(is_emoji_name(good)) << good;
    EXPECT_EQ(name_between_colons(between_colons(good)), good);
  }
  const std::string long_name(kMaxEmojiName + 1, 'x');
  for (const std::string_view bad : {"", "x", "Ok", "a b", "ä", "a:b", "a/b"}) {
    EXPECT_FALSE(is_emoji_name(bad)) << bad;
  }
  EXPECT_FALSE(is_emoji_name(long_name));
  for (const auto* bad : {"", ":", "::", "ok", ":ok", "ok:", ":Ok:"}) {
    EXPECT_FALSE(name_between_colons(bad)) << bad;
  }
}

TEST(EmojiRules, PicturesAreSmallAndOfThreeKinds) {
  EXPECT_TRUE(read_emoji_picture(described(picture(1))));
  const auto refused = [](auto change) {
    auto one = picture(1);
    change(one);
    return !read_emoji_picture(described(one));
  };
  EXPECT_TRUE(refused([](auto& one) { one.media_type = "image/svg+xml"; }));
  EXPECT_TRUE(refused([](auto& one) { one.media_type = "image/jpeg"; }));
  EXPECT_TRUE(refused([](auto& one) { one.object.size = kMaxEmojiPicture + 1; }));
  EXPECT_TRUE(refused([](auto& one) { one.object.size = 0; }));
  EXPECT_TRUE(refused([](auto& one) { one.dimensions.reset(); }));
  EXPECT_TRUE(refused([](auto& one) { one.dimensions->height = kMaxEmojiSide + 1; }));
  EXPECT_TRUE(refused([](auto& one) { one.object.file_id = e2ee::FileId(); }));
  EXPECT_FALSE(refused([](auto& one) { one.media_type = "image/gif"; }));
}

TEST(EmojiRules, ASetIsBoundedAndKeepsWhatWasTakenBack) {
  EmojiSet set;
  const auto entry = [](std::uint16_t number) {
    EmojiSet::Entry out;
    out.name = "e" + std::to_string(number);
    out.picture = described(picture(1));
    out.file = Uuid{static_cast<Byte>(number >> 8), static_cast<Byte>(number), 7};
    out.brought_in = MessageRef{MessageId(out.file), DeviceId(Uuid{1})};
    return out;
  };
  for (std::uint16_t i = 0; i < EmojiSet::kMost; ++i) {
    EXPECT_TRUE(set.bring(entry(i)));
  }
  EXPECT_FALSE(set.bring(entry(EmojiSet::kMost))) << "full";
  EXPECT_TRUE(set.take_back(*entry(5).brought_in));
  EXPECT_FALSE(set.take_back(*entry(5).brought_in));
  EXPECT_FALSE(set.bring(entry(5))) << "taken back for good";
  EXPECT_EQ(set.named("e5"), nullptr);
  EXPECT_TRUE(set.bring(entry(EmojiSet::kMost))) << "in its room";
  const auto back = EmojiSet::decode(set.encode().expose());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->size(), set.size());
  EXPECT_EQ(back->encode().expose().size(), set.encode().expose().size());
}

}  // namespace
}  // namespace unhidra::client::testing
