// The published vectors of files, written as the product makes them today.
#include "unhidra/e2ee/attachment_descriptor.h"

#include "vector_files.h"

namespace unhidra::e2ee {
namespace {

// Byte i of a file is i mod 251.
Bytes plaintext_of(std::uint64_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<Byte>(i % 251);
  }
  return out;
}

SealedObject describe_file(Json& json, CountingRandom& random, std::uint64_t id, std::uint64_t size,
                           std::uint32_t piece) {
  const auto layout = *AttachmentLayout::of(size, piece);
  AttachmentSealer sealer(provider(), random, layout);
  const auto plaintext = plaintext_of(size);
  crypto::BlockDigest digest(provider());
  auto rest = ByteView(plaintext);
  json.open("", '{');
  json.number("size", size).number("piece", piece).field("key", to_hex(sealer.key().expose()));
  json.number("sealed_size", layout.sealed_size());
  Bytes last;
  for (std::uint32_t number = 0; !sealer.done(); ++number) {
    const auto own = rest.first(layout.plain_size_of(number));
    rest = rest.subspan(own.size());
    last = *sealer.seal(own);
    digest.add(last);
  }
  // The digest vouches for the rest.
  json.field("last_tag", to_hex(ByteView(last).last(16)));
  json.field("digest", to_hex(digest.digest()));
  json.close('}');
  return {id_of<FileId>(id), sealer.key().clone(), digest.digest(), size, piece};
}

std::string describe() {
  Json json;
  CountingRandom random;
  json.open("", '{').open("files", '[');
  auto small = describe_file(json, random, 1, 0, kMinAttachmentPiece);
  (void)describe_file(json, random, 2, 4'080, kMinAttachmentPiece);
  (void)describe_file(json, random, 3, 70'001, kMinAttachmentPiece);
  auto large = describe_file(json, random, 4, 200'000, kAttachmentPiece);
  json.close(']').open("descriptors", '[');
  const auto device = crypto::Ed25519KeyPair::generate(provider(), random);
  AttachmentDescriptor plain;
  plain.object = std::move(small);
  plain.media_type = "application/octet-stream";
  plain.name = "empty";
  AttachmentDescriptor full;
  full.object = std::move(large);
  full.media_type = "image/png";
  full.name = "Stra\u00dfe.png";
  full.dimensions = Dimensions{1920, 1080};
  full.thumbnail = Thumbnail{
      {id_of<FileId>(5), AttachmentKey(), {}, 1'234, kAttachmentPiece}, "image/png", {320, 180}};
  full.verdict = ScanVerdict{true, "ClamAV 1.4", kNow, {}};
  EXPECT_TRUE(sign_verdict(provider(), device, full.object, *full.verdict));
  for (const auto* descriptor : {&plain, &full}) {
    json.open("", '{');
    json.field("name", descriptor->name).field("media_type", descriptor->media_type);
    json.field("device_public", to_hex(device.public_key().bytes()));
    json.field("encoded", to_hex(encode(*descriptor)->expose()));
    json.close('}');
  }
  json.close(']').close('}');
  return json.finish();
}

TEST(Vectors, AttachmentsAreAsPublished) {
  const auto now = describe();
  if (writes_instead("attachments.json", now)) {
    GTEST_SKIP() << "written";
  }
  EXPECT_EQ(now, read_file("attachments.json"));
}

}  // namespace
}  // namespace unhidra::e2ee
