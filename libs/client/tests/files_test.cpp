// Files: sealing and opening in steps, and what messages say of them.

#include "files.h"

#include <algorithm>

#include "unhidra/client/files.h"

#include "world.h"

namespace unhidra::client::testing {
namespace {

Bytes some_bytes(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<Byte>(i * 131 + i / 251);
  }
  return out;
}

struct Sealed {
  Bytes ciphertext;
  e2ee::SealedObject object;
};

Sealed seal(World& world, ByteView content) {
  Sealed out;
  auto sealer = FileSealer::of(world.crypto, world.random, content.size()).value();
  while (!sealer.done()) {
    const auto size = sealer.wanted();
    append(out.ciphertext, sealer.seal(content.first(size)).value());
    content = content.subspan(size);
  }
  EXPECT_EQ(out.ciphertext.size(), sealer.layout().sealed_size());
  EXPECT_FALSE(sealer.seal({}));
  out.object = sealer.finish(e2ee::FileId::make(world.clock, world.random)).value();
  return out;
}

e2ee::AttachmentDescriptor descriptor(const Sealed& sealed, std::string name = "a report.pdf") {
  e2ee::AttachmentDescriptor out;
  out.object.file_id = sealed.object.file_id;
  out.object.key = e2ee::AttachmentKey::copy_of(sealed.object.key.expose());
  out.object.digest = sealed.object.digest;
  out.object.size = sealed.object.size;
  out.object.piece = sealed.object.piece;
  out.media_type = "application/pdf";
  out.name = std::move(name);
  return out;
}

// What comes out, or nothing when anything is refused.
std::optional<Bytes> open(World& world, const Bytes& description, ByteView ciphertext) {
  auto opener = FileOpener::of(world.crypto, description, false);
  if (!opener) {
    return std::nullopt;
  }
  Bytes out;
  while (!opener->done()) {
    const auto size = opener->wanted();
    if (size > ciphertext.size()) {
      return std::nullopt;
    }
    const auto opened = opener->open(ciphertext.first(size));
    if (!opened) {
      return std::nullopt;
    }
    append(out, opened->expose());
    ciphertext = ciphertext.subspan(size);
  }
  return opener->finish() && ciphertext.empty() ? std::optional(out) : std::nullopt;
}

Bytes described(const e2ee::AttachmentDescriptor& file) {
  return to_bytes(e2ee::encode(file).value().expose());
}

TEST(Files, ComeOutAsTheyWentIn) {
  World world;
  for (const std::size_t size : {0U, 1U, 511U, 513U, 65'520U, 65'521U, 1'048'320U, 3'000'001U}) {
    const auto content = some_bytes(size);
    const auto sealed = seal(world, content);
    EXPECT_EQ(open(world, described(descriptor(sealed)), sealed.ciphertext), content) << size;
  }
}

TEST(Files, AreRefusedWhenAnythingIsOther) {
  World world;
  const auto content = some_bytes(3'000'000);
  const auto sealed = seal(world, content);
  const auto other = seal(world, content);
  const auto description = described(descriptor(sealed));
  const std::size_t piece = e2ee::kAttachmentPiece;
  const auto changed = [&](const std::function<void(Bytes&)>& change) {
    auto bytes = sealed.ciphertext;
    change(bytes);
    return open(world, description, bytes).has_value();
  };
  EXPECT_TRUE(changed([](Bytes&) {}));
  EXPECT_FALSE(changed([](Bytes& bytes) { bytes[70'000] ^= 1; })) << "tampered";
  EXPECT_FALSE(changed([](Bytes& bytes) { bytes.pop_back(); })) << "cut";
  EXPECT_FALSE(changed([&](Bytes& bytes) { bytes.resize(piece * 4); })) << "cut at a piece";
  EXPECT_FALSE(changed([](Bytes& bytes) { bytes.push_back(0); })) << "with a tail";
  EXPECT_FALSE(changed([&](Bytes& bytes) {
    std::swap_ranges(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(piece),
                     bytes.begin() + static_cast<std::ptrdiff_t>(piece));
  })) << "in another order";
  EXPECT_FALSE(changed([&](Bytes& bytes) {
    std::copy_n(other.ciphertext.begin(), piece, bytes.begin());
  })) << "with another file's piece";
  EXPECT_FALSE(open(world, description, other.ciphertext)) << "another file";
  EXPECT_TRUE(open(world, described(descriptor(other)), other.ciphertext));
}

TEST(Files, AFileThatGrowsOrShrinksIsNotSent) {
  World world;
  auto sealer = FileSealer::of(world.crypto, world.random, 100).value();
  EXPECT_FALSE(sealer.seal(Bytes(99)));
  EXPECT_FALSE(sealer.seal(Bytes(101)));
  EXPECT_FALSE(sealer.finish(e2ee::FileId(Uuid{1}))) << "not yet at its end";
  EXPECT_TRUE(sealer.seal(Bytes(100)));
  EXPECT_FALSE(sealer.finish(e2ee::FileId())) << "without an id";
  EXPECT_FALSE(FileSealer::of(world.crypto, world.random, e2ee::kMaxAttachmentSize + 1));
}

class FileMessages : public ::testing::Test {
 protected:
  FileMessages() {
    for (const auto* name : {"ann", "bob"}) {
      auto& phone = world.add_phone(world.add_user(name));
      world.connect(phone);
      world.settle();
      phones.push_back(&phone);
    }
    EXPECT_TRUE(ann().engine->send_text(bob().enrollment.user, "first"));
    world.settle();
    pair = ann().engine->conversation_with(bob().enrollment.user).value()->id;
    group = ann().engine->create_group("the group", std::vector{bob().enrollment.user}).value();
    world.settle();
  }
  Phone& ann() { return *phones[0]; }
  Phone& bob() { return *phones[1]; }
  Result<MessageId> send(ConversationId where, e2ee::AttachmentDescriptor file,
                         std::string text = {}) {
    std::vector<e2ee::AttachmentDescriptor> files;
    files.push_back(std::move(file));
    auto id = ann().engine->send_files(where, {.text = std::move(text)}, std::move(files));
    world.settle();
    return id;
  }
  Message at_bob(ConversationId where, MessageId id) {
    return bob().engine->message(where, {id, ann().enrollment.device}).value().value_or(Message());
  }

  World world;
  std::vector<Phone*> phones;
  ConversationId pair;
  ConversationId group;
};

TEST_F(FileMessages, CarryAllThatIsNeededAndTheNameIsCleaned) {
  const auto content = some_bytes(100'000);
  for (const auto where : {pair, group}) {
    const auto sealed = seal(world, content);
    const auto id = send(where, descriptor(sealed, "../../etc/pass\xE2\x80\xAEwd.pdf"), "look");
    ASSERT_TRUE(id) << id.error().message();
    for (auto* phone : {&ann(), &bob()}) {
      world.disconnect(*phone);
      phone->reopen();
      world.connect(*phone);
      world.settle();
      const auto message =
          phone->engine->message(where, {*id, ann().enrollment.device}).value().value();
      EXPECT_EQ(message.text, "look");
      ASSERT_EQ(message.attachments.size(), 1U);
      const auto& file = message.attachments.front();
      EXPECT_EQ(file.name, "passwd.pdf");
      EXPECT_EQ(file.size, content.size());
      EXPECT_EQ(file.media_type, "application/pdf");
      EXPECT_EQ(file.scan, ScanState::none);
      EXPECT_EQ(open(world, file.description, sealed.ciphertext), content);
    }
  }
}

TEST_F(FileMessages, MayHaveNoTextButFiles) {
  EXPECT_TRUE(send(pair, descriptor(seal(world, some_bytes(5)))));
  EXPECT_EQ(ann().engine->send_files(pair, {.text = "x"}, {}).error(), Errc::bad_attachment);
  auto bad = descriptor(seal(world, some_bytes(5)));
  bad.media_type = "no type";
  EXPECT_EQ(send(pair, std::move(bad)).error(), Errc::bad_attachment);
}

TEST_F(FileMessages, AVerdictIsSignedByTheSendingDevice) {
  for (const bool clean : {true, false}) {
    auto file = descriptor(seal(world, some_bytes(5)));
    file.verdict = e2ee::ScanVerdict{
        .clean = clean, .scanner = "ClamAV 1.4", .scanned_at = world.clock.now(), .signature = {}};
    const auto id = send(group, std::move(file));
    ASSERT_TRUE(id);
    const auto seen = at_bob(group, *id).attachments.at(0);
    EXPECT_EQ(seen.scan, clean ? ScanState::clean : ScanState::infected);
    EXPECT_EQ(seen.scanner, "ClamAV 1.4");
  }
}

TEST_F(FileMessages, AVerdictOfAnotherDeviceIsForged) {
  const auto mine = crypto::Ed25519KeyPair::generate(world.crypto, world.random);
  const auto theirs = crypto::Ed25519KeyPair::generate(world.crypto, world.random);
  auto file = descriptor(seal(world, some_bytes(5)));
  file.verdict = e2ee::ScanVerdict{
      .clean = true, .scanner = "ClamAV 1.4", .scanned_at = world.clock.now(), .signature = {}};
  ASSERT_TRUE(e2ee::sign_verdict(world.crypto, mine, file.object, *file.verdict));
  const wire::Text text{.body = "", .attachments = {described(file)}};
  const auto state = [&](const std::optional<crypto::Ed25519PublicKey>& key) {
    return attachments_of(world.crypto, text, key).at(0).scan;
  };
  EXPECT_EQ(state(mine.public_key()), ScanState::clean);
  EXPECT_EQ(state(theirs.public_key()), ScanState::forged);
  EXPECT_EQ(state(std::nullopt), ScanState::forged);
}

TEST_F(FileMessages, AreFoundByTheirNamesAndAsFiles) {
  ASSERT_TRUE(send(pair, descriptor(seal(world, some_bytes(5)), "Quarterly Numbers.pdf")));
  ASSERT_TRUE(send(pair, descriptor(seal(world, some_bytes(6)), "other.pdf"), "quarterly, too"));
  ASSERT_TRUE(ann().engine->send_text(pair, "quarterly without one"));
  world.settle();
  const auto hits = [&](std::string words) {
    return bob().engine->search({.words = std::move(words)}).value().size();
  };
  EXPECT_EQ(hits("quarterly"), 3U);
  EXPECT_EQ(hits("quarterly has:file"), 2U);
  EXPECT_EQ(hits("has:file"), 2U);
  EXPECT_EQ(hits("numbers"), 1U);
}

TEST_F(FileMessages, GoWithADeletion) {
  const auto id = send(pair, descriptor(seal(world, some_bytes(5))));
  ASSERT_TRUE(id);
  EXPECT_EQ(at_bob(pair, *id).attachments.size(), 1U);
  ASSERT_TRUE(ann().engine->remove(pair, {*id, ann().enrollment.device}));
  world.settle();
  EXPECT_TRUE(at_bob(pair, *id).deleted);
  EXPECT_TRUE(at_bob(pair, *id).attachments.empty());
}

}  // namespace
}  // namespace unhidra::client::testing
