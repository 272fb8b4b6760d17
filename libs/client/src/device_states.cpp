#include "device_states.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {
constexpr std::uint8_t kStateVersion = 1;
}  // namespace

void DeviceStates::remember(std::string_view topic, ByteView payload,
                            const e2ee::GroupContent& content) {
  auto out = record_writer(kStateVersion, 64 + content.body.size());
  out.raw(env_.crypto.sha256(payload));
  write_time(out, content.sent_at);
  out.bytes(content.body);
  env_.tx.put(Table::device_state, key_of(topic), seal(std::move(out)));
}

Result<std::optional<e2ee::GroupContent>> DeviceStates::find(std::string_view topic,
                                                             ByteView payload) const {
  UNHIDRA_TRY(const auto stored, env_.tx.get(Table::device_state, key_of(topic)));
  if (!stored) {
    return std::nullopt;
  }
  ByteReader in(stored->expose());
  static_cast<void>(read_version(in, kStateVersion));
  const auto hash = in.array<32>();
  e2ee::GroupContent out;
  out.sent_at = read_time(in);
  out.body = to_bytes(in.bytes(e2ee::kMaxGroupBody));
  UNHIDRA_TRY_VOID(finish_record(in, "state of a device"));
  return hash == env_.crypto.sha256(payload) ? std::optional(std::move(out)) : std::nullopt;
}

void DeviceStates::forget(std::string_view topic) {
  env_.tx.remove(Table::device_state, key_of(topic));
}

}  // namespace unhidra::client
