#include "unhidra/messaging/error_codec.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "unhidra/base/codec.h"

namespace unhidra::messaging {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxMessage = 4096;
constexpr std::size_t kMaxInterned = 4096;
constexpr std::string_view kForeign = "messaging.foreign_error";

// ErrorCode::name refers to static storage; a name from another process is kept for ever instead.
std::string_view intern(std::string_view name) {
  static std::mutex mutex;
  static auto* const names = new std::unordered_set<std::string>;
  const std::lock_guard lock(mutex);
  const std::string key(name);
  if (const auto found = names->find(key); found != names->end()) {
    return *found;
  }
  if (names->size() >= kMaxInterned) {
    return kForeign;
  }
  return *names->insert(key).first;  // nodes of a set do not move
}

bool is_code_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

}  // namespace

Bytes encode_error(const Error& error) {
  const auto delay = error.retry_after();
  ByteWriter writer;
  writer.u8(kVersion)
      .u8(static_cast<std::uint8_t>(error.kind()))
      .text(error.code().name.substr(0, kMaxName))
      .text(std::string_view(error.message()).substr(0, kMaxMessage))
      .u8(delay ? 1 : 0)
      .u64(delay ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, delay->count())) : 0);
  return std::move(writer).take();
}

Status decode_error(ByteView bytes, Error& out) {
  ByteReader reader(bytes);
  const auto version = reader.u8();
  const auto kind = reader.u8();
  const auto name = reader.text(kMaxName);
  const auto message = reader.text(kMaxMessage);
  const auto has_delay = reader.u8();
  const auto delay = reader.u64();
  constexpr std::uint64_t kMaxDelay = 365ULL * 24 * 3600 * 1000;
  if (!reader.finish("error") || version != kVersion ||
      kind > static_cast<std::uint8_t>(ErrorKind::internal) || !is_code_name(name) ||
      has_delay > 1 || delay > kMaxDelay) {
    return fail(Errc::bad_reply, "a reply of the bus does not parse");
  }
  Error error(ErrorCode{intern(name), static_cast<ErrorKind>(kind)}, std::string(message));
  if (has_delay == 1) {
    out = std::move(error).with_retry_after(
        std::chrono::milliseconds(static_cast<std::int64_t>(delay)));
  } else {
    out = std::move(error);
  }
  return {};
}

}  // namespace unhidra::messaging
