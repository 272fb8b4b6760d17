// Files in pieces: what a server, or who holds other files, can do to the ciphertext is found.
#include <algorithm>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/e2ee/attachment_descriptor.h"
#include "unhidra/e2ee/file_name.h"
#include "unhidra/e2ee/padme.h"

#include "world.h"

namespace unhidra::e2ee {
namespace {

constexpr std::uint32_t kPiece = kMinAttachmentPiece;
constexpr std::uint64_t kPlainPiece = kPiece - 16;

struct SealedFile {
  AttachmentLayout layout;
  AttachmentKey key;
  Bytes plaintext;
  std::vector<Bytes> pieces;
};

SealedFile seal_file(std::uint64_t size, testkit::SeededRandom& random,
                     std::uint32_t piece = kPiece) {
  const auto layout = *AttachmentLayout::of(size, piece);
  AttachmentSealer sealer(provider(), random, layout);
  SealedFile out{layout, sealer.key().clone(), Bytes(size), {}};
  random.fill(out.plaintext);
  auto rest = ByteView(out.plaintext);
  while (!sealer.done()) {
    const auto number = static_cast<std::uint32_t>(out.pieces.size());
    const auto own = rest.first(layout.plain_size_of(number));
    rest = rest.subspan(own.size());
    out.pieces.push_back(*sealer.seal(own));
  }
  EXPECT_TRUE(rest.empty());
  return out;
}

Result<Bytes> open_file(const AttachmentKey& key, std::uint64_t size, std::uint32_t piece,
                        const std::vector<Bytes>& pieces) {
  UNHIDRA_TRY(const auto layout, AttachmentLayout::of(size, piece));
  if (pieces.size() != layout.pieces()) {
    return fail(Errc::malformed, "not so many pieces");
  }
  const AttachmentOpener opener(provider(), key, layout);
  Bytes out;
  for (std::uint32_t number = 0; number < layout.pieces(); ++number) {
    UNHIDRA_TRY(const auto plaintext, opener.open(number, pieces[number]));
    append(out, plaintext.expose());
  }
  return out;
}

TEST(Padme, AddsAtMostTwelvePercentAndNeverGoesDown) {
  std::uint64_t before = 0;
  for (std::uint64_t size = 0; size < 100'000; ++size) {
    const auto padded = padme(size);
    ASSERT_GE(padded, size);
    ASSERT_GE(padded, before);
    ASSERT_LE(padded - size, size * 12 / 100);
    ASSERT_EQ(padme(padded), padded);
    before = padded;
  }
}

TEST(Attachment, EverySizeRoundABoundaryComesBack) {
  testkit::SeededRandom random;
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{511}, std::uint64_t{512}, kPlainPiece - 1,
        kPlainPiece, kPlainPiece + 1, 3 * kPlainPiece, 3 * kPlainPiece + 1,
        std::uint64_t{40'000}}) {
    const auto file = seal_file(size, random);
    std::uint64_t sealed = 0;
    for (const auto& piece : file.pieces) {
      sealed += piece.size();
    }
    EXPECT_EQ(sealed, file.layout.sealed_size());
    EXPECT_EQ(file.pieces.size(), file.layout.pieces());
    const auto opened = open_file(file.key, size, kPiece, file.pieces);
    ASSERT_TRUE(opened) << size << ": " << opened.error().message();
    EXPECT_EQ(*opened, file.plaintext);
  }
}

TEST(Attachment, FilesOfNearlyTheSameSizeLookTheSame) {
  const auto a = *AttachmentLayout::of(1'000'001);
  const auto b = *AttachmentLayout::of(1'010'000);
  EXPECT_EQ(a.sealed_size(), b.sealed_size());
  EXPECT_EQ(AttachmentLayout::of(0)->sealed_size(), AttachmentLayout::of(500)->sealed_size());
}

TEST(Attachment, ASealerSealsWhatWasAnnouncedOnce) {
  testkit::SeededRandom random;
  AttachmentSealer sealer(provider(), random, *AttachmentLayout::of(600, kPiece));
  EXPECT_EQ(sealer.seal(Bytes(599)).error(), Errc::malformed);
  EXPECT_EQ(sealer.seal(Bytes(601)).error(), Errc::malformed);
  ASSERT_TRUE(sealer.seal(Bytes(600)));
  EXPECT_TRUE(sealer.done());
  EXPECT_EQ(sealer.seal(Bytes(600)).error(), Errc::exhausted);
}

TEST(Attachment, ImpossibleLayoutsAreRefused) {
  EXPECT_FALSE(AttachmentLayout::of(kMaxAttachmentSize + 1));
  EXPECT_TRUE(AttachmentLayout::of(kMaxAttachmentSize));
  for (const std::uint32_t piece : {0U, 1U, 16U, 4095U, 5000U, 2U << 20U}) {
    EXPECT_FALSE(AttachmentLayout::of(1, piece)) << piece;
  }
}

TEST(Attachment, EveryBitOfAPieceCounts) {
  testkit::SeededRandom random;
  auto file = seal_file(100, random);
  const AttachmentOpener opener(provider(), file.key, file.layout);
  for (std::size_t bit = 0; bit < file.pieces[0].size() * 8; ++bit) {
    auto changed = file.pieces[0];
    changed[bit / 8] ^= static_cast<Byte>(1U << bit % 8);
    ASSERT_EQ(opener.open(0, changed).error(), Errc::undecryptable) << bit;
  }
}

TEST(Attachment, CutReorderedRepeatedSplicedAndExtendedFilesAreFound) {
  testkit::SeededRandom random;
  const std::uint64_t size = 4 * kPlainPiece + 7;
  const auto file = seal_file(size, random);
  const auto other = seal_file(size, random);
  const auto refused = [&](const std::vector<Bytes>& pieces, std::uint64_t claimed) {
    const auto opened = open_file(file.key, claimed, kPiece, pieces);
    EXPECT_FALSE(opened);
  };
  ASSERT_TRUE(open_file(file.key, size, kPiece, file.pieces));
  // Cut at a piece's end, with a description that agrees.
  const std::uint64_t shorter =
      padme(4 * kPlainPiece) == 4 * kPlainPiece ? 4 * kPlainPiece : 3 * kPlainPiece;
  const auto layout = *AttachmentLayout::of(shorter, kPiece);
  auto cut = file.pieces;
  cut.resize(layout.pieces());
  cut.back().resize(layout.sealed_size_of(layout.pieces() - 1));
  refused(cut, shorter);
  for (std::size_t i = 1; i < file.pieces.size(); ++i) {
    auto pieces = file.pieces;
    std::swap(pieces[i - 1], pieces[i]);
    refused(pieces, size);  // reordered
    pieces = file.pieces;
    pieces[i] = pieces[i - 1];
    refused(pieces, size);  // repeated
    pieces = file.pieces;
    pieces[i] = other.pieces[i];
    refused(pieces, size);  // another file's
    pieces = file.pieces;
    pieces[i].pop_back();
    refused(pieces, size);
    pieces = file.pieces;
    pieces[i].push_back(0);
    refused(pieces, size);
  }
  auto longer = file.pieces;
  longer.push_back(file.pieces.back());
  refused(longer, 5 * kPlainPiece + 7);
  EXPECT_FALSE(open_file(other.key, size, kPiece, file.pieces));
  EXPECT_FALSE(open_file(file.key, size - 4000, kPiece, file.pieces));
}

TEST(Attachment, FillThatIsNotZeroIsRefused) {
  testkit::SeededRandom random;
  const auto key = random.secret_array<32>();
  AttachmentSealer sealer(provider(), key.clone(), *AttachmentLayout::of(512, kPiece));
  Bytes full(512, 0x41);
  const auto sealed = *sealer.seal(full);
  const AttachmentOpener opener(provider(), key, *AttachmentLayout::of(500, kPiece));
  EXPECT_EQ(opener.open(0, sealed).error(), Errc::malformed);
}

TEST(BlockDigest, DoesNotDependOnHowTheBytesCame) {
  testkit::SeededRandom random;
  Bytes bytes(3 * crypto::kDigestBlock + 1234);
  random.fill(bytes);
  crypto::BlockDigest whole(provider());
  whole.add(bytes);
  crypto::BlockDigest parts(provider());
  auto rest = ByteView(bytes);
  while (!rest.empty()) {
    const auto next = rest.first(std::min<std::size_t>(rest.size(), 1 + random.below(100'000)));
    parts.add(next);
    rest = rest.subspan(next.size());
  }
  EXPECT_EQ(whole.digest(), parts.digest());
  parts.add(Bytes(1));
  EXPECT_NE(whole.digest(), parts.digest());
}

AttachmentDescriptor example(testkit::SeededRandom& random) {
  AttachmentDescriptor out;
  out.object = {id_of<FileId>(7), random.secret_array<32>(), random.array<32>(), 12'345,
                kAttachmentPiece};
  out.media_type = "image/svg+xml";
  out.name = "Grundriß.svg";
  out.dimensions = Dimensions{1920, 1080};
  out.thumbnail = Thumbnail{
      {id_of<FileId>(8), random.secret_array<32>(), random.array<32>(), 4'000, kAttachmentPiece},
      "image/png",
      {320, 180}};
  out.verdict = ScanVerdict{true, "ClamAV 1.4", kNow, {}};
  return out;
}

TEST(AttachmentDescriptor, ComesBackAndHasOneEncoding) {
  testkit::SeededRandom random;
  const auto descriptor = example(random);
  const auto encoded = *encode(descriptor);
  const auto decoded = decode_attachment(encoded.expose());
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(*decoded, descriptor);
  EXPECT_EQ(*encode(*decoded), encoded);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(decode_attachment(encoded.expose().first(size))) << size;
  }
  auto longer = to_bytes(encoded.expose());
  longer.push_back(0);
  EXPECT_FALSE(decode_attachment(longer));
  longer.pop_back();
  longer[0] = 2;
  EXPECT_EQ(decode_attachment(longer).error(), Errc::unsupported);
}

TEST(AttachmentDescriptor, WhatMayNotBeNamedIsNeitherWrittenNorRead) {
  testkit::SeededRandom random;
  const auto refuses = [&](auto change) {
    auto descriptor = example(random);
    change(descriptor);
    EXPECT_FALSE(encode(descriptor));
  };
  refuses([](auto& d) { d.name = "../../etc/passwd"; });
  refuses([](auto& d) { d.name = ""; });
  refuses([](auto& d) { d.name = "invoice\u202egpj.exe"; });
  refuses([](auto& d) { d.media_type = "text/html; charset=utf-8"; });
  refuses([](auto& d) { d.media_type = "html"; });
  refuses([](auto& d) { d.dimensions = Dimensions{0, 1}; });
  refuses([](auto& d) { d.dimensions = Dimensions{1, 70'000}; });
  refuses([](auto& d) { d.thumbnail->object.size = kMaxThumbnail + 1; });
  refuses([](auto& d) { d.object.size = kMaxAttachmentSize + 1; });
  refuses([](auto& d) { d.object.piece = 1000; });
  refuses([](auto& d) { d.verdict->scanner = "\x1b[31m"; });
}

TEST(ScanVerdict, IsOfOneDeviceAndOneFile) {
  testkit::SeededRandom random;
  const auto device = crypto::Ed25519KeyPair::generate(provider(), random);
  const auto stranger = crypto::Ed25519KeyPair::generate(provider(), random);
  auto descriptor = example(random);
  auto& verdict = *descriptor.verdict;
  ASSERT_TRUE(sign_verdict(provider(), device, descriptor.object, verdict));
  const auto holds = [&](const crypto::Ed25519KeyPair& by) {
    return verify_verdict(provider(), by.public_key(), descriptor.object, verdict).has_value();
  };
  EXPECT_TRUE(holds(device));
  EXPECT_FALSE(holds(stranger));
  verdict.clean = false;
  EXPECT_FALSE(holds(device));
  verdict.clean = true;
  descriptor.object.digest[0] ^= 1;
  EXPECT_FALSE(holds(device));
}

TEST(FileName, LeadsNowhereAndHidesNothing) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"report.pdf", "report.pdf"},
      {"../../etc/passwd", "passwd"},
      {"C:\\Windows\\system.ini", "system.ini"},
      {"..", "file"},
      {"a/..", "file"},
      {"", "file"},
      {" .bashrc", "_bashrc"},
      {"name. . ", "name"},
      {"CON", "_CON"},
      {"con.txt", "_con.txt"},
      {"COM1 .log", "_COM1 .log"},
      {"COMMON.txt", "COMMON.txt"},
      {"invoice\u202egpj.exe", "invoicegpj.exe"},
      {"a\u200bb\ufeffc", "abc"},
      {std::string("x\0.txt", 6), "x.txt"},
      {"a<b>:c|d?e*f\"g", "a_b__c_d_e_f_g"},
      {"line\nbreak", "linebreak"},
      {"\u65e5\u672c\u8a9e.txt", "\u65e5\u672c\u8a9e.txt"},
  };
  for (const auto& [name, expected] : cases) {
    EXPECT_EQ(clean_file_name(name), expected) << name;
  }
  const auto shortened = clean_file_name(std::string(4096, 'a') + ".tar.gz");
  EXPECT_EQ(shortened.size(), kMaxFileName);
  EXPECT_TRUE(shortened.ends_with(".gz"));
}

TEST(FileName, CleaningTwiceChangesNothingMore) {
  testkit::SeededRandom random;
  const std::vector<std::string> parts{"CON",    "com",        ".",   " ",    "1",
                                       "\u00b9", "/",          "\\",  "\xff", "\u202e",
                                       "\u00e4", "\U0001F600", "abc", "NUL"};
  for (int run = 0; run < 20'000; ++run) {
    std::string name;
    const auto count = random.below(run % 50 == 0 ? 300 : 12);
    for (std::uint64_t i = 0; i < count; ++i) {
      name += parts[random.below(parts.size())];
    }
    const auto once = clean_file_name(name);
    ASSERT_EQ(clean_file_name(once), once) << to_hex(as_bytes(name)) << " seed " << random.seed();
    ASSERT_LE(once.size(), kMaxFileName);
    ASSERT_EQ(once.find_first_of("/\\"), std::string::npos);
  }
}

}  // namespace
}  // namespace unhidra::e2ee
