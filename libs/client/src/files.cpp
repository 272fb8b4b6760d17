#include "unhidra/client/files.h"

#include <algorithm>

#include "files.h"

namespace unhidra::client {

// ---- sealing ----

FileSealer::FileSealer(const crypto::Provider& provider, e2ee::AttachmentSealer sealer)
    : sealer_(std::move(sealer)), digest_(provider) {}

Result<FileSealer> FileSealer::of(const crypto::Provider& provider, RandomSource& random,
                                  std::uint64_t size) {
  const auto layout = e2ee::AttachmentLayout::of(size);
  if (!layout) {
    return fail(Errc::bad_attachment, layout.error().message());
  }
  return FileSealer(provider, e2ee::AttachmentSealer(provider, random, *layout));
}

std::size_t FileSealer::wanted() const {
  std::size_t out = 0;
  const auto end = std::min(layout().pieces(), next_ + kPiecesAtOnce);
  for (auto piece = next_; piece < end; ++piece) {
    out += layout().plain_size_of(piece);
  }
  return out;
}

Result<Bytes> FileSealer::seal(ByteView plaintext) {
  if (done() || plaintext.size() != wanted()) {
    return fail(Errc::bad_attachment, "the file has not the size that was announced");
  }
  const auto end = std::min(layout().pieces(), next_ + kPiecesAtOnce);
  Bytes out;
  out.reserve(std::size_t{kPiecesAtOnce} * layout().piece());
  for (; next_ < end; ++next_) {
    const auto size = layout().plain_size_of(next_);
    UNHIDRA_TRY(const auto sealed, sealer_.seal(plaintext.first(size)));
    plaintext = plaintext.subspan(size);
    append(out, sealed);
  }
  digest_.add(out);
  return out;
}

Result<e2ee::SealedObject> FileSealer::finish(e2ee::FileId id) {
  if (!done() || id.is_nil()) {
    return fail(Errc::bad_attachment, "the file is not encrypted to its end, or has no id");
  }
  e2ee::SealedObject out;
  out.file_id = id;
  out.key = e2ee::AttachmentKey::copy_of(sealer_.key().expose());
  out.digest = digest_.digest();
  out.size = layout().size();
  out.piece = layout().piece();
  return out;
}

// ---- opening ----

FileOpener::FileOpener(const crypto::Provider& provider, const e2ee::SealedObject& object,
                       e2ee::AttachmentLayout layout)
    : opener_(provider, object.key, layout),
      digest_(provider),
      expected_(object.digest),
      id_(object.file_id) {}

Result<FileOpener> FileOpener::of(const crypto::Provider& provider, ByteView description,
                                  bool thumbnail) {
  const auto described = e2ee::decode_attachment(description);
  if (!described || (thumbnail && !described->thumbnail)) {
    return fail(Errc::bad_attachment, "there is no such file, or its description is damaged");
  }
  const auto& object = thumbnail ? described->thumbnail->object : described->object;
  UNHIDRA_TRY(const auto layout, e2ee::AttachmentLayout::of(object.size, object.piece));
  return FileOpener(provider, object, layout);
}

std::size_t FileOpener::wanted() const {
  std::size_t out = 0;
  const auto end = std::min(layout().pieces(), next_ + kPiecesAtOnce);
  for (auto piece = next_; piece < end; ++piece) {
    out += layout().sealed_size_of(piece);
  }
  return out;
}

Result<SecretBytes> FileOpener::open(ByteView sealed) {
  if (done() || sealed.size() != wanted()) {
    return fail(Errc::bad_attachment, "the file has another size than its sender says");
  }
  digest_.add(sealed);
  const auto end = std::min(layout().pieces(), next_ + kPiecesAtOnce);
  std::size_t plain = 0;
  for (auto piece = next_; piece < end; ++piece) {
    plain += layout().plain_size_of(piece);
  }
  SecretBytes out(plain);
  auto at = out.expose_mutable().begin();
  for (; next_ < end; ++next_) {
    const auto size = layout().sealed_size_of(next_);
    UNHIDRA_TRY(const auto opened, opener_.open(next_, sealed.first(size)));
    sealed = sealed.subspan(size);
    at = std::ranges::copy(opened.expose(), at).out;
  }
  return out;
}

Status FileOpener::finish() const {
  if (!done()) {
    return fail(Errc::bad_attachment, "the file is cut off");
  }
  if (digest_.digest() != expected_) {
    return fail(Errc::bad_attachment, "the file is not the one that its sender describes");
  }
  return {};
}

// ---- what messages say of files ----

namespace {

std::optional<ImageSize> size_of(const e2ee::Dimensions& dimensions) {
  return ImageSize{dimensions.width, dimensions.height};
}

ScanState scan_of(const crypto::Provider& provider, const e2ee::AttachmentDescriptor& file,
                  const std::optional<crypto::Ed25519PublicKey>& device) {
  if (!file.verdict) {
    return ScanState::none;
  }
  if (!device || !e2ee::verify_verdict(provider, *device, file.object, *file.verdict)) {
    return ScanState::forged;
  }
  return file.verdict->clean ? ScanState::clean : ScanState::infected;
}

}  // namespace

std::optional<Attachment> read_attachment(ByteView description) {
  const auto file = e2ee::decode_attachment(description);
  if (!file) {
    return std::nullopt;
  }
  Attachment out;
  out.file_id = file->object.file_id.uuid();
  out.name = file->name;
  out.media_type = file->media_type;
  out.size = file->object.size;
  out.dimensions = file->dimensions ? size_of(*file->dimensions) : std::nullopt;
  out.thumbnail = file->thumbnail ? size_of(file->thumbnail->dimensions) : std::nullopt;
  if (file->verdict) {
    out.scanner = file->verdict->scanner;
    out.scanned_at = file->verdict->scanned_at;
  }
  out.description = to_bytes(description);
  return out;
}

std::vector<Attachment> attachments_of(const crypto::Provider& provider, const wire::Text& text,
                                       const std::optional<crypto::Ed25519PublicKey>& device) {
  std::vector<Attachment> out;
  for (const auto& description : text.attachments) {
    auto attachment = read_attachment(description);
    const auto file = e2ee::decode_attachment(description);
    if (attachment && file) {
      attachment->scan = scan_of(provider, *file, device);
      out.push_back(std::move(*attachment));
    }
  }
  return out;
}

std::vector<wire::FileId> file_ids_of(const wire::Content& content) {
  std::vector<wire::FileId> out;
  const auto* text = std::get_if<wire::Text>(&content.body);
  if (text == nullptr) {
    return out;
  }
  for (const auto& description : text->attachments) {
    if (const auto file = e2ee::decode_attachment(description)) {
      out.emplace_back(file->object.file_id.uuid());
      if (file->thumbnail) {
        out.emplace_back(file->thumbnail->object.file_id.uuid());
      }
    }
  }
  return out;
}

}  // namespace unhidra::client
