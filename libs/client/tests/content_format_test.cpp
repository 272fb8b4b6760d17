#include "content_format.h"

#include <gtest/gtest.h>

#include "unhidra/base/fold_case.h"
#include "unhidra/base/text.h"
#include "unhidra/client/errc.h"
#include "unhidra/e2ee/attachment_descriptor.h"
#include "unhidra/wire/codec.h"

#include "padding.h"
#include "search_texts.h"

namespace unhidra::client {
namespace {

const wire::MessageRef kRef{MessageId(Uuid{1}), DeviceId(Uuid{2})};

Result<wire::Content> through(wire::Content content) {
  return parse_content(pad(encode_content(std::move(content)).expose()).expose());
}
wire::Content content_of(decltype(wire::Content::body) body) {
  wire::Content out;
  out.body = std::move(body);
  return out;
}

TEST(ContentFormat, APlainTextIsStillWhatItAlwaysWas) {
  wire::Content content = content_of(wire::Text{.body = "hello"});
  content.peer_user_id = UserId(Uuid{3});
  const auto encoded = encode_content(content_of(wire::Text{.body = "hello"}));
  // field 1, 7 bytes: field 1, 5 bytes
  EXPECT_EQ(to_hex(encoded.expose()), "0a070a0568656c6c6f");
  const auto back = through(std::move(content));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->format, 0U);
  EXPECT_EQ(std::get<wire::Text>(back->body).body, "hello");
}

TEST(ContentFormat, WhatIsNewSaysSo) {
  for (auto& content : std::array{
           content_of(wire::Reaction{kRef, "👍", false}),
           content_of(wire::Edit{kRef, wire::Text{.body = "x"}}), content_of(wire::Deletion{kRef}),
           content_of(wire::Receipt{kRef, std::nullopt}), content_of(wire::ReadState{}),
           content_of(wire::Text{.body = "x", .thread_root = kRef})}) {
    const auto format =
        wire::decode<wire::Content>(
            encode_content(wire::decode<wire::Content>(wire::encode(content)).value()).expose())
            ->format;
    EXPECT_EQ(format, 1U);
  }
}

Bytes description(std::uint8_t id) {
  e2ee::AttachmentDescriptor file;
  file.object.file_id = e2ee::FileId(Uuid{id});
  file.object.size = 10;
  file.media_type = "text/plain";
  file.name = "a.txt";
  return to_bytes(e2ee::encode(file).value().expose());
}

TEST(ContentFormat, TextsWithFilesAreForReadersWhoKnowThem) {
  const auto back = through(content_of(wire::Text{.body = "", .attachments = {description(1)}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->format, 2U);
  EXPECT_EQ(std::get<wire::Text>(back->body).attachments.size(), 1U);
  auto older = content_of(wire::Text{.body = "x", .attachments = {description(1)}});
  for (const std::uint32_t format : {0U, 1U, kContentFormat + 1}) {
    older.format = format;
    EXPECT_FALSE(parse_content(pad(wire::encode(older)).expose())) << format;
  }
}

TEST(ContentFormat, ImportedTextsAreForReadersWhoKnowThem) {
  const wire::Imported good{.system = "Slack",
                            .author = "Anna",
                            .written_at = from_unix_micros(1'600'000'000'000'000),
                            .reactions = {{"👍", {"Ben", "Carla"}}}};
  const auto back = through(content_of(wire::Text{.body = "x", .imported = good}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->format, 3U);
  EXPECT_EQ(std::get<wire::Text>(back->body).imported, good);
  auto older = content_of(wire::Text{.body = "x", .imported = good});
  older.format = 2;
  EXPECT_FALSE(parse_content(pad(wire::encode(older)).expose()));
  EXPECT_FALSE(through(content_of(wire::Edit{kRef, wire::Text{.body = "x", .imported = good}})));

  std::vector<wire::Imported> wrong(9, good);
  wrong[0].system.clear();
  wrong[1].author.clear();
  wrong[2].author.assign(kMaxImportedName + 1, 'x');
  wrong[3].author = "\xff";
  wrong[4].reactions[0].emoji = "a b";
  wrong[5].reactions[0].names.clear();
  wrong[6].reactions.assign(kMaxImportedReactions + 1, good.reactions[0]);
  wrong[7].reactions[0].names.assign(kMaxImportedNames + 1, "Ben");
  wrong[8].reactions[0].names.assign(kMaxImportedBytes / kMaxImportedName + 1,
                                     std::string(kMaxImportedName, 'x'));
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    EXPECT_FALSE(through(content_of(wire::Text{.body = "x", .imported = wrong[i]}))) << i;
  }
}

TEST(ContentFormat, RulesForThreadsAreForReadersWhoKnowThem) {
  const ConversationId place(Uuid{7});
  const Timestamp now = from_unix_micros(1);
  const auto good = {wire::FollowRule{std::nullopt, false, true, false, now},
                     wire::FollowRule{place, false, false, false, now},
                     wire::FollowRule{place, true, false, false, now}};
  const auto back = through(content_of(wire::ReadState{{}, good}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->format, 5U);
  EXPECT_TRUE(std::ranges::equal(std::get<wire::ReadState>(back->body).follow_rules, good));
  for (const auto& wrong : {wire::FollowRule{std::nullopt, true, false, false, now},
                            wire::FollowRule{ConversationId(), false, true, true, now},
                            wire::FollowRule{place, true, true, false, now}}) {
    EXPECT_FALSE(through(content_of(wire::ReadState{{}, {wrong}})));
  }
  EXPECT_FALSE(through(
      content_of(wire::ReadState{{wire::ReadMark{place, 1, std::nullopt, {}}},
                                 std::vector<wire::FollowRule>(kMaxReadMarks, *good.begin())})));
}

TEST(ContentFormat, AWishForReceiptsIsForReadersWhoKnowIt) {
  const wire::ReceiptWish wish{false, from_unix_micros(5)};
  const auto back = through(content_of(wire::ReadState{{}, {}, wish}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->format, 7U);
  EXPECT_EQ(std::get<wire::ReadState>(back->body).receipts, wish);
}

Bytes emoji_picture(std::uint8_t id) {
  e2ee::AttachmentDescriptor file;
  file.object.file_id = e2ee::FileId(Uuid{id});
  file.object.size = 10;
  file.media_type = "image/png";
  file.name = "a.png";
  file.dimensions = e2ee::Dimensions{16, 16};
  return to_bytes(e2ee::encode(file).value().expose());
}

TEST(ContentFormat, EmojiWithPicturesAreForReadersWhoKnowThem) {
  const auto first = emoji_picture(1);
  const auto used = wire::Text{.body = "a :b1: c", .emoji = {{"b1", first}}};
  const auto brought = wire::Text{.attachments = {first}, .brings_emoji = "b1"};
  for (auto& content :
       std::array{content_of(used), content_of(brought), content_of(wire::Edit{kRef, used}),
                  content_of(wire::Reaction{kRef, ":b1:", false, first})}) {
    auto older = wire::decode<wire::Content>(wire::encode(content)).value();
    const auto back = through(std::move(content));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->format, 6U);
    older.format = 3;
    EXPECT_FALSE(parse_content(pad(wire::encode(older)).expose()));
  }
  const auto refused = [&](auto text) { return !through(content_of(std::move(text))); };
  auto text = used;
  text.body = "a b1 c";
  EXPECT_TRUE(refused(text)) << "it does not stand there";
  text = used;
  text.emoji.push_back(text.emoji[0]);
  EXPECT_TRUE(refused(text)) << "twice";
  text = used;
  text.emoji[0].picture = description(1);
  EXPECT_TRUE(refused(text)) << "no picture";
  text = brought;
  text.body = "and a text";
  EXPECT_TRUE(refused(text));
  text = brought;
  text.brings_emoji = "B 1";
  EXPECT_TRUE(refused(text));
  text = brought;
  text.attachments.push_back(emoji_picture(2));
  EXPECT_TRUE(refused(text));
  text = brought;
  text.thread_root = kRef;
  EXPECT_TRUE(refused(text));
  EXPECT_TRUE(refused(wire::Reaction{kRef, "👍", false, first})) << "a picture for another emoji";
  EXPECT_TRUE(refused(wire::Reaction{kRef, ":b1:", false, description(1)}));
  EXPECT_TRUE(refused(wire::Edit{kRef, brought}));
  text = used;
  for (int i = 0; i <= 20; ++i) {
    const auto name = "n" + std::to_string(i);
    text.body += " :" + name + ":";
    text.emoji.push_back({name, first});
  }
  EXPECT_TRUE(refused(text)) << "too many";
}

TEST(ContentFormat, RefusesFilesThatNoClientSends) {
  EXPECT_FALSE(through(content_of(wire::Text{.body = "x", .attachments = {Bytes{1, 2, 3}}})));
  EXPECT_FALSE(through(content_of(wire::Text{.body = "x", .attachments = {description(0)}})));
  EXPECT_FALSE(through(
      content_of(wire::Text{.body = "x", .attachments = {description(1), description(1)}})));
  std::vector<Bytes> many;
  for (std::uint8_t i = 1; i <= kMaxAttachments + 1; ++i) {
    many.push_back(description(i));
  }
  EXPECT_FALSE(through(content_of(wire::Text{.body = "x", .attachments = many})));
  many.pop_back();
  EXPECT_TRUE(through(content_of(wire::Text{.body = "x", .attachments = many})));
  EXPECT_FALSE(through(
      content_of(wire::Edit{kRef, wire::Text{.body = "x", .attachments = {description(1)}}})));
}

TEST(ContentFormat, RefusesWhatNoClientMakes) {
  const std::string long_emoji(kMaxEmoji + 1, 'x');
  EXPECT_FALSE(through(content_of(wire::Reaction{kRef, "", false})));
  EXPECT_FALSE(through(content_of(wire::Reaction{kRef, "a b", false})));
  EXPECT_FALSE(through(content_of(wire::Reaction{kRef, long_emoji, false})));
  EXPECT_FALSE(through(content_of(wire::Reaction{std::nullopt, "x", false})));
  EXPECT_FALSE(through(content_of(wire::Edit{kRef, std::nullopt})));
  EXPECT_FALSE(through(content_of(wire::Edit{kRef, wire::Text{}})));
  EXPECT_FALSE(through(content_of(wire::Edit{kRef, wire::Text{.body = "x", .thread_root = kRef}})));
  EXPECT_FALSE(through(content_of(wire::Deletion{})));
  EXPECT_FALSE(through(content_of(wire::Receipt{})));
  EXPECT_FALSE(through(content_of(
      wire::Text{.body = "x", .mentioned_user_ids = std::vector<UserId>(kMaxMentions + 1)})));
  EXPECT_FALSE(through(content_of(wire::Deletion{wire::MessageRef{}})));
}

TEST(ContentFormat, IsCanonical) {
  auto bytes = to_bytes(encode_content(content_of(wire::Deletion{kRef})).expose());
  EXPECT_TRUE(parse_content(pad(bytes).expose()));
  auto unknown = bytes;
  append(unknown, from_hex("980601").value());  // field 99
  EXPECT_FALSE(parse_content(pad(unknown).expose()));
  auto twice = bytes;
  append(twice, from_hex("880101").value());  // the format once more
  EXPECT_FALSE(parse_content(pad(twice).expose()));
}

TEST(ContentFormat, ANewerOneIsToldApartFromNonsense) {
  auto content = content_of(wire::Text{.body = "x"});
  content.format = kContentFormat + 1;
  const auto newer = parse_content(pad(wire::encode(content)).expose());
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error(), Errc::unsupported);
  // What is new may not hide under the old format.
  auto hidden = content_of(wire::Deletion{kRef});
  EXPECT_EQ(parse_content(pad(wire::encode(hidden)).expose()).error(), Errc::bad_frame);
}

TEST(ContentFormat, TheEnvelopeTellsWhatTheServerHasToKnowAndNoMore) {
  EXPECT_EQ(envelope_of(content_of(wire::Text{.body = "x"})), Envelope{});
  EXPECT_EQ(envelope_of(content_of(wire::Reaction{kRef, "x", false})),
            (Envelope{wire::MessageKind::signal, std::nullopt}));
  EXPECT_EQ(envelope_of(content_of(wire::Deletion{kRef})),
            (Envelope{wire::MessageKind::deletion, kRef}));
  EXPECT_FALSE(
      fits({wire::MessageKind::signal, std::nullopt}, content_of(wire::Text{.body = "x"})));
  EXPECT_FALSE(fits({}, content_of(wire::Edit{kRef, wire::Text{.body = "x"}})));
  EXPECT_TRUE(fits({}, content_of(wire::SessionReset{})));
}

TEST(SearchText, LeavesNothingBehind) {
  const std::string text(40, 'x');
  SearchText one{.state = SearchText::State::found, .sender = {}, .sent_at = {}, .folded = text};
  one.folded = "a shorter one";  // the end of the longer one stands behind it
  const std::string_view all(one.folded.data(), one.folded.capacity());
  EXPECT_NE(all.find('x'), std::string_view::npos);
  one.wipe_text();
  EXPECT_EQ(all.find_first_not_of('\0'), std::string_view::npos);
  // What is kept stays where it is: a text that was moved would leave a copy.
  SearchTexts texts(1 << 20);
  const auto id = ConversationId(Uuid{1});
  one.folded = "short";
  texts.put(id, 0, one);
  const auto* const at = texts.find(id, 0);
  for (std::uint64_t index = 1; index < 1000; ++index) {
    texts.put(id, index, one);
  }
  EXPECT_EQ(texts.find(id, 0), at);
}

TEST(SearchText, ComparesWithoutRegardToCase) {
  EXPECT_EQ(fold_case("ÄÖÜ Straße ÉCOLE"), "äöü straße école");
  EXPECT_EQ(fold_case("ΑΒΓ ΈΉ"), "αβγ έή");
  EXPECT_EQ(fold_case("ПРИВЕТ ЁЖ"), "привет ёж");
  EXPECT_EQ(fold_case("語🦑\xff\xc3"), "語🦑\xff\xc3");
  EXPECT_EQ(split_words("  a  bc\n"), (std::vector<std::string>{"a", "bc"}));
}

}  // namespace
}  // namespace unhidra::client
