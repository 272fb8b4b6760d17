// Files on their way out: scanned, encrypted beside the store, pictures with a small copy.

#include <algorithm>
#include <filesystem>

#include "unhidra/base/text.h"
#include "unhidra/e2ee/file_name.h"

#include "app.h"
#include "clamd.h"
#include "errc.h"
#include "media_types.h"
#include "picture/picture_process.h"

namespace unhidra::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kScanPiece = std::size_t{256} * 1024;

// Of the plaintext, so that what is encrypted is what was scanned.
crypto::BlockDigest plain_digest() {
  return crypto::BlockDigest(crypto::native_provider());
}

}  // namespace

std::string App::spool_file(e2ee::FileId id) const {
  return profile_->directory() + "/uploads/" + id.to_string();
}

Result<std::optional<e2ee::ScanVerdict>> App::scan_file(const std::string& path,
                                                        crypto::FileDigest& scanned) {
  const auto& wish = options_.file;
  const auto address = wish.clamd.empty() ? usual_clamd() : std::optional(wish.clamd);
  if (wish.no_scan || !address) {
    return wish.scan_required && !wish.no_scan
               ? fail(Errc::no_scanner,
                      "there is no virus scanner on this machine: name one with "
                      "--clamd")
               : Result<std::optional<e2ee::ScanVerdict>>(std::nullopt);
  }
  UNHIDRA_TRY(const auto file, LocalFile::open(path));
  UNHIDRA_TRY(const auto size, file.size());
  auto digest = plain_digest();
  std::uint64_t at = 0;
  const auto result = scan_with_clamd(*address, [&]() -> Result<Bytes> {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kScanPiece, size - at));
    UNHIDRA_TRY(auto piece, file.read(at, count));
    at += count;
    digest.add(piece);
    return piece;
  });
  if (!result) {
    if (wish.scan_required || !(result.error() == Errc::no_scanner)) {
      return fail(Error(result.error()));
    }
    output_.remark("Not scanned: " + result.error().message());
    return std::nullopt;
  }
  if (at < size && result->clean) {
    return fail(Errc::no_scanner, "the virus scanner did not read the whole file");
  }
  if (!result->clean && !wish.send_infected) {
    return fail(Errc::infected,
                printable(path) + ": the virus scanner found " + result->found +
                    ", so nothing was sent (--send-infected sends it all the same)");
  }
  scanned = digest.digest();
  return e2ee::ScanVerdict{.clean = result->clean,
                           .scanner = result->scanner,
                           .scanned_at = clock_.now(),
                           .signature = {}};
}

// Into a file beside the store: an upload that breaks off goes on with these very bytes.
Result<e2ee::SealedObject> App::seal_object(std::uint64_t size, const PlainReader& read) {
  UNHIDRA_TRY(auto sealer, client::FileSealer::of(crypto::native_provider(), random_, size));
  const auto id = e2ee::FileId::make(clock_, random_);
  const auto seal = [&]() -> Status {
    UNHIDRA_TRY(const auto spool, LocalFile::create(spool_file(id)));
    for (std::uint64_t at = 0; !sealer.done();) {
      UNHIDRA_TRY(const auto plain, read(at, sealer.wanted()));
      at += plain.size();
      UNHIDRA_TRY(const auto sealed, sealer.seal(plain));
      UNHIDRA_TRY_VOID(spool.append(sealed));
    }
    return spool.sync();
  };
  if (auto sealed = seal(); !sealed) {
    drop_spooled(id);
    return fail(std::move(sealed).error());
  }
  return sealer.finish(id);
}

Result<e2ee::AttachmentDescriptor> App::seal_file(const std::string& path, const std::string& name,
                                                  const std::string& media_type) {
  crypto::FileDigest scanned{};
  e2ee::AttachmentDescriptor out;
  UNHIDRA_TRY(out.verdict, scan_file(path, scanned));
  UNHIDRA_TRY(const auto file, LocalFile::open(path));
  UNHIDRA_TRY(const auto size, file.size());
  auto digest = plain_digest();
  UNHIDRA_TRY(out.object, seal_object(size, [&](auto at, auto count) -> Result<Bytes> {
                UNHIDRA_TRY(auto plain, file.read(at, count));
                digest.add(plain);
                return plain;
              }));
  const auto finish = [&]() -> Status {
    UNHIDRA_TRY(const auto size_after, file.size());
    const bool scanned_whole = out.verdict && out.verdict->clean;
    if (size_after != size || (scanned_whole && digest.digest() != scanned)) {
      return fail(Errc::failed, printable(path) + " was changed meanwhile");
    }
    out.name = e2ee::clean_file_name(name);
    out.media_type = e2ee::is_media_type(media_type) ? media_type : media_type_of(out.name);
    return add_picture(out, path);
  };
  if (auto finished = finish(); !finished) {
    drop_spooled(out.object.file_id);
    return fail(std::move(finished).error());
  }
  return out;
}

// How large a picture is, and a small copy of it. What cannot be looked at goes without.
Status App::add_picture(e2ee::AttachmentDescriptor& file, const std::string& path) {
  const bool known = file.media_type == "image/jpeg" || file.media_type == "image/png";
  if (!known || around_.program.empty()) {
    return {};
  }
  const auto picture = picture::look_at(around_.program, path);
  if (!picture) {
    output_.remark(printable(file.name) +
                   " goes without a preview: it is no whole picture, or too large a one.");
    return {};
  }
  file.dimensions = {.width = picture->size.width, .height = picture->size.height};
  if (!picture->preview) {
    return {};
  }
  const auto& [content, size] = *picture->preview;
  UNHIDRA_TRY(auto object,
              seal_object(content.size(), [&content](auto at, auto count) -> Result<Bytes> {
                const auto from = content.begin() + static_cast<std::ptrdiff_t>(at);
                return Bytes(from, from + static_cast<std::ptrdiff_t>(count));
              }));
  file.thumbnail = e2ee::Thumbnail{.object = std::move(object),
                                   .media_type = "image/jpeg",
                                   .dimensions = {.width = size.width, .height = size.height}};
  return {};
}

}  // namespace unhidra::cli
