#include "unhidra/e2ee/attachment_descriptor.h"

#include <algorithm>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/e2ee/file_name.h"

namespace unhidra::e2ee {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kHasDimensions = 0x01;
constexpr std::uint8_t kHasThumbnail = 0x02;
constexpr std::uint8_t kHasVerdict = 0x04;

Status check_text(bool good, std::string_view what) {
  if (!good) {
    return fail(Errc::malformed, std::string(what) + " of a file is not as it must be");
  }
  return {};
}

Status check(const Dimensions& dimensions) {
  const auto possible = [](std::uint32_t side) { return side >= 1 && side <= kMaxPixels; };
  return check_text(possible(dimensions.width) && possible(dimensions.height), "the dimensions");
}

Status check(const ScanVerdict& verdict) {
  UNHIDRA_TRY_VOID(check_text(verdict.scanner.size() <= kMaxScanner && !verdict.scanner.empty() &&
                                  printable(verdict.scanner) == verdict.scanner,
                              "the scanner"));
  return check_text(verdict.scanned_at >= Timestamp{}, "the time of the scan");
}

Status check(const AttachmentDescriptor& descriptor) {
  UNHIDRA_TRY_VOID(AttachmentLayout::of(descriptor.object.size, descriptor.object.piece));
  UNHIDRA_TRY_VOID(check_text(is_media_type(descriptor.media_type), "the media type"));
  UNHIDRA_TRY_VOID(check_text(clean_file_name(descriptor.name) == descriptor.name, "the name"));
  if (descriptor.dimensions) {
    UNHIDRA_TRY_VOID(check(*descriptor.dimensions));
  }
  if (const auto& thumbnail = descriptor.thumbnail) {
    UNHIDRA_TRY_VOID(AttachmentLayout::of(thumbnail->object.size, thumbnail->object.piece));
    UNHIDRA_TRY_VOID(check_text(thumbnail->object.size <= kMaxThumbnail, "the thumbnail"));
    UNHIDRA_TRY_VOID(check_text(is_media_type(thumbnail->media_type), "the media type"));
    UNHIDRA_TRY_VOID(check(thumbnail->dimensions));
  }
  return descriptor.verdict ? check(*descriptor.verdict) : Status();
}

// Collects into one block of secret memory: no growing buffer leaves a key behind.
class SecretWriter {
 public:
  SecretWriter() : out_(kMaxDescriptor) {}
  void put(ByteView bytes) {
    std::ranges::copy(bytes, out_.expose_mutable().begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
  }
  SecretBytes finish() const { return SecretBytes::copy_of(out_.expose().first(size_)); }

 private:
  SecretBytes out_;
  std::size_t size_ = 0;
};

void put(SecretWriter& out, const SealedObject& object) {
  out.put(object.file_id.bytes());
  out.put(object.key.expose());
  out.put(ByteWriter().raw(object.digest).u64(object.size).u32(object.piece).view());
}

SealedObject read_object(ByteReader& in) {
  SealedObject out;
  out.file_id = FileId(in.array<16>());
  if (const auto key = in.raw(out.key.size()); !in.failed()) {
    out.key = AttachmentKey::copy_of(key.first<AttachmentKey::kSize>());
  }
  out.digest = in.array<32>();
  out.size = in.u64();
  out.piece = in.u32();
  return out;
}

Dimensions read_dimensions(ByteReader& in) {
  const std::uint32_t width = in.u32();
  return {width, in.u32()};
}

ScanVerdict read_verdict(ByteReader& in) {
  ScanVerdict out;
  const std::uint8_t clean = in.u8();
  const std::uint64_t scanned_at = in.u64();
  if (clean > 1 || (scanned_at >> 63U) != 0) {
    in.set_failed();
  }
  out.clean = clean == 1;
  out.scanned_at = from_unix_micros(static_cast<std::int64_t>(scanned_at));
  out.scanner = in.text(kMaxScanner);
  out.signature = crypto::Signature(in.array<64>());
  return out;
}

void put_verdict(ByteWriter& out, const ScanVerdict& verdict) {
  out.u8(verdict.clean ? 1 : 0).u64(static_cast<std::uint64_t>(to_unix_micros(verdict.scanned_at)));
  out.text(verdict.scanner);
}

Bytes signed_part(const SealedObject& object, const ScanVerdict& verdict) {
  ByteWriter out;
  out.text("unhidra scan verdict 1").raw(object.file_id.bytes()).raw(object.digest);
  out.u64(object.size);
  put_verdict(out, verdict);
  return std::move(out).take();
}

}  // namespace

bool is_media_type(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&^_.+-").find(c) != std::string_view::npos;
  };
  const auto slash = text.find('/');
  if (text.size() > kMaxMediaType || slash == std::string_view::npos) {
    return false;
  }
  const auto type = text.substr(0, slash);
  const auto subtype = text.substr(slash + 1);
  return !type.empty() && !subtype.empty() && std::ranges::all_of(type, allowed) &&
         std::ranges::all_of(subtype, allowed);
}

Result<SecretBytes> encode(const AttachmentDescriptor& descriptor) {
  UNHIDRA_TRY_VOID(check(descriptor));
  const int has = (descriptor.dimensions ? kHasDimensions : 0) |
                  (descriptor.thumbnail ? kHasThumbnail : 0) |
                  (descriptor.verdict ? kHasVerdict : 0);
  SecretWriter out;
  out.put(ByteWriter().u8(kVersion).u8(static_cast<std::uint8_t>(has)).view());
  put(out, descriptor.object);
  out.put(ByteWriter().text(descriptor.media_type).text(descriptor.name).view());
  if (const auto& dimensions = descriptor.dimensions) {
    out.put(ByteWriter().u32(dimensions->width).u32(dimensions->height).view());
  }
  if (const auto& thumbnail = descriptor.thumbnail) {
    put(out, thumbnail->object);
    out.put(ByteWriter()
                .text(thumbnail->media_type)
                .u32(thumbnail->dimensions.width)
                .u32(thumbnail->dimensions.height)
                .view());
  }
  if (const auto& verdict = descriptor.verdict) {
    ByteWriter fields;
    put_verdict(fields, *verdict);
    out.put(fields.raw(verdict->signature.bytes()).view());
  }
  return out.finish();
}

Result<AttachmentDescriptor> decode_attachment(ByteView encoded) {
  ByteReader in(encoded);
  if (const auto version = in.u8(); !in.failed() && version != kVersion) {
    return fail(Errc::unsupported, "a file is described in a later version");
  }
  const std::uint8_t has = in.u8();
  AttachmentDescriptor out;
  out.object = read_object(in);
  out.media_type = in.text(kMaxMediaType);
  out.name = in.text(kMaxFileName);
  if ((has & kHasDimensions) != 0) {
    out.dimensions = read_dimensions(in);
  }
  if ((has & kHasThumbnail) != 0) {
    out.thumbnail.emplace();
    out.thumbnail->object = read_object(in);
    out.thumbnail->media_type = in.text(kMaxMediaType);
    out.thumbnail->dimensions = read_dimensions(in);
  }
  if ((has & kHasVerdict) != 0) {
    out.verdict = read_verdict(in);
  }
  if (!in.finish("a file's description") ||
      (has & ~(kHasDimensions | kHasThumbnail | kHasVerdict)) != 0) {
    return fail(Errc::malformed, "the description of a file is malformed");
  }
  UNHIDRA_TRY_VOID(check(out));
  return out;
}

Status sign_verdict(const crypto::Provider& provider, const crypto::Ed25519KeyPair& device,
                    const SealedObject& object, ScanVerdict& verdict) {
  UNHIDRA_TRY_VOID(check(verdict));
  verdict.signature = device.sign(provider, signed_part(object, verdict));
  return {};
}

Status verify_verdict(const crypto::Provider& provider, const crypto::Ed25519PublicKey& device,
                      const SealedObject& object, const ScanVerdict& verdict) {
  UNHIDRA_TRY_VOID(check(verdict));
  if (!crypto::verify(provider, device, signed_part(object, verdict), verdict.signature)) {
    return fail(Errc::undecryptable, "the verdict on a file is not signed by its sender's device");
  }
  return {};
}

}  // namespace unhidra::e2ee
