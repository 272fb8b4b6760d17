#include "unhidra/e2ee/group_content.h"

#include <limits>

#include "unhidra/base/codec.h"
#include "unhidra/base/secret.h"

namespace unhidra::e2ee {
namespace {

using identity::PayloadKind;

constexpr std::uint8_t kHasDeadline = 0x01;
constexpr std::uint8_t kHasRequest = 0x02;
constexpr std::uint8_t kHasChallenge = 0x04;

// The year 9999: later instants do not fit a timestamp in microseconds safely.
constexpr std::uint64_t kMaxMillis = 253'402'300'799'999;

std::uint64_t to_millis(Timestamp time) {
  return static_cast<std::uint64_t>(to_unix_micros(time)) / 1'000;
}

Timestamp read_millis(ByteReader& in) {
  const std::uint64_t millis = in.varint();
  if (millis > kMaxMillis) {
    in.set_failed();
    return {};
  }
  return from_unix_micros(static_cast<std::int64_t>(millis) * 1'000);
}

Status check(PayloadKind kind, const GroupContent& content) {
  if (content.body.size() > kMaxGroupBody) {
    return fail(Errc::malformed, "the content of a payload is too long");
  }
  const bool answers = kind == PayloadKind::command || kind == PayloadKind::result;
  if (answers != content.request_id.has_value()) {
    return fail(Errc::malformed, "commands and results, and only they, name a request");
  }
  if (kind == PayloadKind::command && !content.not_after && !content.challenge) {
    return fail(Errc::malformed, "a command needs a deadline or a challenge");
  }
  if (content.sent_at < Timestamp{} || (content.not_after && *content.not_after < Timestamp{})) {
    return fail(Errc::malformed, "times before 1970 are no times of a payload");
  }
  return {};
}

}  // namespace

Result<SecretBytes> encode(PayloadKind kind, const GroupContent& content) {
  UNHIDRA_TRY_VOID(check(kind, content));
  const int has = (content.not_after ? kHasDeadline : 0) | (content.request_id ? kHasRequest : 0) |
                  (content.challenge ? kHasChallenge : 0);
  ByteWriter head(64);
  head.u8(static_cast<std::uint8_t>(has)).varint(to_millis(content.sent_at));
  if (content.not_after) {
    head.varint(to_millis(*content.not_after));
  }
  if (content.request_id) {
    head.raw(*content.request_id);
  }
  if (content.challenge) {
    head.raw(*content.challenge);
  }
  SecretBytes out(head.view().size() + content.body.size());
  const auto body = std::ranges::copy(head.view(), out.expose_mutable().begin()).out;
  std::ranges::copy(content.body, body);
  return out;
}

Result<GroupContent> decode_group_content(PayloadKind kind, ByteView plaintext) {
  ByteReader in(plaintext);
  const std::uint8_t has = in.u8();
  GroupContent out;
  out.sent_at = read_millis(in);
  if ((has & kHasDeadline) != 0) {
    out.not_after = read_millis(in);
  }
  if ((has & kHasRequest) != 0) {
    out.request_id = in.array<16>();
  }
  if ((has & kHasChallenge) != 0) {
    out.challenge = in.array<16>();
  }
  out.body = to_bytes(in.raw(in.remaining()));
  if (in.failed() || (has & ~(kHasDeadline | kHasRequest | kHasChallenge)) != 0) {
    return fail(Errc::malformed, "the content of a payload is malformed");
  }
  UNHIDRA_TRY_VOID(check(kind, out));
  return out;
}

}  // namespace unhidra::e2ee
