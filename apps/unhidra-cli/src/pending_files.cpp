#include "pending_files.h"

#include <algorithm>

#include "unhidra/base/codec.h"

#include "errc.h"

namespace unhidra::cli {
namespace {

constexpr std::string_view kList = "pending-files";
constexpr std::size_t kMaxText = 64 * 1024;
constexpr std::size_t kIdSize = 16;

Result<std::vector<e2ee::FileId>> listed(SealedStore& store) {
  UNHIDRA_TRY(const auto stored, store.get_value(kList));
  std::vector<e2ee::FileId> out;
  ByteReader reader(stored ? stored->expose() : ByteView());
  while (reader.remaining() >= kIdSize) {
    out.emplace_back(reader.array<kIdSize>());
  }
  return out;
}

Status store_list(SealedStore& store, const std::vector<e2ee::FileId>& ids) {
  if (ids.empty()) {
    return store.remove_value(kList);
  }
  ByteWriter writer;
  for (const auto& id : ids) {
    writer.raw(id.bytes());
  }
  return store.put_value(kList, writer.view());
}

std::string record_name(e2ee::FileId first) {
  return std::string(kList) + ":" + first.to_string();
}

Result<PendingFiles> decode(ByteView bytes) {
  PendingFiles out;
  ByteReader reader(bytes);
  out.conversation = ConversationId(reader.array<kIdSize>());
  out.text = reader.text(kMaxText);
  const auto count = reader.u8();
  for (int i = 0; i < count && !reader.failed(); ++i) {
    UNHIDRA_TRY(auto file, e2ee::decode_attachment(reader.bytes(e2ee::kMaxDescriptor)));
    out.files.push_back(std::move(file));
  }
  if (!reader.finish("an unfinished upload") || out.files.empty()) {
    return fail(Errc::bad_profile, "an unfinished upload in the profile cannot be read");
  }
  return out;
}

}  // namespace

std::string PendingFiles::name() const {
  return record_name(files.front().object.file_id);
}

Status save_pending(SealedStore& store, const PendingFiles& pending) {
  ByteWriter writer;
  writer.raw(pending.conversation.bytes()).text(pending.text);
  writer.u8(static_cast<std::uint8_t>(pending.files.size()));
  for (const auto& file : pending.files) {
    UNHIDRA_TRY(const auto described, e2ee::encode(file));
    writer.bytes(described.expose());
  }
  auto bytes = std::move(writer).take();
  const auto saved = store.put_value(pending.name(), bytes);
  wipe(bytes);
  UNHIDRA_TRY_VOID(saved);
  UNHIDRA_TRY(auto ids, listed(store));
  ids.push_back(pending.files.front().object.file_id);
  return store_list(store, ids);
}

Status remove_pending(SealedStore& store, const PendingFiles& pending) {
  UNHIDRA_TRY(auto ids, listed(store));
  std::erase(ids, pending.files.front().object.file_id);
  UNHIDRA_TRY_VOID(store_list(store, ids));
  return store.remove_value(pending.name());
}

Result<std::vector<PendingFiles>> load_pending(SealedStore& store) {
  UNHIDRA_TRY(const auto ids, listed(store));
  std::vector<PendingFiles> out;
  for (const auto& id : ids) {
    UNHIDRA_TRY(const auto stored, store.get_value(record_name(id)));
    if (stored) {
      UNHIDRA_TRY(auto one, decode(stored->expose()));
      out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace unhidra::cli
