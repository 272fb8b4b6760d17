#include "links.h"

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"

namespace unhidra::files {
namespace {

constexpr std::string_view kLabel = "file-link/1";
constexpr std::size_t kMaxText = 400;

}  // namespace

Result<std::string> seal_link(const pki::KeySealer& sealer, RandomSource& random,
                              const Link& link) {
  ByteWriter out;
  out.raw(link.file_id.bytes()).raw(link.org_id.bytes()).raw(link.user_id.bytes());
  out.raw(link.session_id.bytes());
  out.u64(static_cast<std::uint64_t>(to_unix_micros(link.expires_at)));
  UNHIDRA_TRY(const auto sealed, sealer.seal(kLabel, out.view(), random));
  return to_base64url(sealed);
}

std::optional<Link> open_link(const pki::KeySealer& sealer, std::string_view text, Timestamp now) {
  const auto sealed = text.size() <= kMaxText ? from_base64url(text) : Result<Bytes>(Bytes());
  if (!sealed) {
    return std::nullopt;
  }
  const auto opened = sealer.open(kLabel, *sealed);
  if (!opened) {
    return std::nullopt;
  }
  ByteReader reader(opened->expose());
  Link out{.file_id = wire::FileId(reader.array<16>()),
           .org_id = OrgId(reader.array<16>()),
           .user_id = UserId(reader.array<16>()),
           .session_id = SessionId(reader.array<16>()),
           .expires_at = from_unix_micros(static_cast<std::int64_t>(reader.u64()))};
  if (!reader.finish("a link") || out.expires_at <= now) {
    return std::nullopt;
  }
  return out;
}

}  // namespace unhidra::files
