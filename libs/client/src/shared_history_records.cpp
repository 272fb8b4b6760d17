#include "shared_history_records.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {

HistoryKey read_key(ByteReader& in) {
  HistoryKey out;
  const auto bytes = in.raw(HistoryKey::kSize);
  std::ranges::copy(bytes, out.expose_mutable().begin());
  return out;
}

}  // namespace

SecretBytes GroupHistoryRecord::encode() const {
  auto out = record_writer(1, 256 + 64 * keys.size() + 192 * found.size());
  write_id(out, id);
  out.u8(shared ? 1 : 0);
  write_id(out, by);
  write_time(out, at);
  out.u64(since).varint(keys.size());
  for (const auto& [epoch, one] : keys) {
    out.u64(epoch).raw(one.key.expose()).u8(one.used ? 1 : 0);
  }
  out.u8(earlier ? 1 : 0).u8(begun ? 1 : 0).u64(before).u64(floor).varint(found.size());
  for (const auto& [epoch, candidates] : found) {
    out.u64(epoch).varint(candidates.size());
    for (const auto& key : candidates) {
      out.raw(key.expose());
    }
  }
  out.u64(effects);
  return seal(std::move(out));
}

Result<GroupHistoryRecord> GroupHistoryRecord::decode(ByteView bytes) {
  auto in = record_reader(1, bytes);
  GroupHistoryRecord out;
  out.id = read_id<ConversationId>(in);
  out.shared = read_bool(in);
  out.by = read_id<UserId>(in);
  out.at = read_time(in);
  out.since = in.u64();
  for (auto left = in.varint(); left > 0 && !in.failed(); --left) {
    auto& one = out.keys[in.u64()];
    one.key = read_key(in);
    one.used = read_bool(in);
  }
  out.earlier = read_bool(in);
  out.begun = read_bool(in);
  out.before = in.u64();
  out.floor = in.u64();
  for (auto left = in.varint(); left > 0 && !in.failed(); --left) {
    auto& candidates = out.found[in.u64()];
    for (auto count = in.varint(); count > 0 && !in.failed(); --count) {
      candidates.push_back(read_key(in));
    }
  }
  out.effects = in.u64();
  UNHIDRA_TRY_VOID(finish_record(in, "group's history"));
  return out;
}

}  // namespace unhidra::client
