// Kept states that this device has sealed for device groups. The keys of what a member seals are
// gone then, so it remembers the last one that it has put at each topic, to show it.
// Table::device_state; key: SHA-256 of the topic.

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {
constexpr std::uint8_t kStateVersion = 1;
}  // namespace

void Engine::Impl::remember_state(std::string_view topic, ByteView payload,
                                  const e2ee::GroupContent& content) {
  auto out = record_writer(kStateVersion, 64 + content.body.size());
  out.raw(crypto_.sha256(payload));
  write_time(out, content.sent_at);
  out.bytes(content.body);
  tx_.put(Table::device_state, crypto_.sha256(as_bytes(topic)), seal(std::move(out)));
}

// Nothing: it is not the one that this device has put there last.
Result<std::optional<e2ee::GroupContent>> Engine::Impl::own_state(std::string_view topic,
                                                                  ByteView payload) const {
  UNHIDRA_TRY(const auto stored, tx_.get(Table::device_state, crypto_.sha256(as_bytes(topic))));
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
  return hash == crypto_.sha256(payload) ? std::optional(std::move(out)) : std::nullopt;
}

void Engine::Impl::forget_state(std::string_view topic) {
  tx_.remove(Table::device_state, crypto_.sha256(as_bytes(topic)));
}

}  // namespace unhidra::client
