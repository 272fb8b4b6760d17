#include "shared_history.h"

#include "unhidra/identity/group_extensions.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::uint8_t kSettingFormat = 1;
constexpr auto kAead = crypto::Aead::chacha20_poly1305;
constexpr ByteArray<12> kNonce{};  // each key seals one box: its salt is fresh

SecretArray<32> box_key(const crypto::Provider& crypto, const HistoryKey& key,
                        const MessageBinding& binding) {
  ByteWriter info(160);
  info.text("unhidra history message 1").bytes(binding.bound());
  return crypto.hkdf_sha256<32>(binding.shared->salt, key.expose(), info.view());
}

Bytes to_be_signed(const crypto::Provider& crypto, const MessageBinding& binding,
                   std::uint64_t epoch, ByteView signed_part) {
  ByteWriter out(224);
  out.text("unhidra history signature 1").bytes(binding.bound()).u64(epoch);
  out.raw(crypto.sha256(signed_part));
  return std::move(out).take();
}

ByteArray<32> digest_of(const crypto::Provider& crypto, ByteView plaintext) {
  return crypto.sha256({as_bytes("unhidra history content 1"), plaintext});
}

std::unexpected<Error> refused() {
  return fail(Errc::bad_frame, "the sealed content is not what its sender made for this place");
}

}  // namespace

mls::ExtensionType shared_history_extension() {
  return static_cast<mls::ExtensionType>(identity::kSharedHistoryExtension);
}

Bytes encode(const SharedHistory& setting) {
  ByteWriter out(25);
  out.u8(kSettingFormat);
  write_id(out, setting.by);
  write_time(out, setting.since);
  return std::move(out).take();
}

std::optional<SharedHistory> shared_history_of(const mls::ExtensionList& extensions) {
  const auto* data = extensions.find(shared_history_extension());
  if (data == nullptr) {
    return std::nullopt;
  }
  ByteReader in(*data);
  const auto format = in.u8();
  SharedHistory out;
  out.by = read_id<UserId>(in);
  out.since = read_time(in);
  const bool good = in.finish("a setting").has_value() && format == kSettingFormat;
  return good ? out : SharedHistory();
}

HistoryKey history_key(const mls::Group& group) {
  const auto secret =
      group.export_secret("unhidra history key 1", group.context().group_id, HistoryKey::kSize);
  return HistoryKey::copy_of(std::span<const Byte, HistoryKey::kSize>(secret.expose()));
}

std::optional<HistoryBody> parse_history_body(ByteView plaintext) {
  ByteReader in(plaintext);
  HistoryBody out;
  out.signature = crypto::Signature(in.array<64>());
  out.signed_part = in.rest();
  const auto count = in.u8();
  if (count > kMaxHistoryLinks) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    auto& link = out.links.emplace_back();
    link.epoch = in.u64();
    std::ranges::copy(in.raw(HistoryKey::kSize), link.key.expose_mutable().begin());
    const bool ascending = i == 0 || out.links[i - 1].epoch < link.epoch;
    if (!ascending) {
      return std::nullopt;
    }
  }
  out.content = in.rest();
  return in.failed() ? std::nullopt : std::optional(std::move(out));
}

Result<ByteArray<32>> seal_for_history(const crypto::Provider& crypto, RandomSource& random,
                                       const crypto::Ed25519KeyPair& signer, const HistoryKey& key,
                                       std::uint64_t epoch, const std::vector<HistoryLink>& links,
                                       ByteView content, MessageBinding& binding) {
  random.fill(binding.shared->salt);
  // In one piece of memory that is wiped: signature, links, content.
  const auto signature_size = crypto::Signature().bytes().size();
  SecretBytes plaintext(signature_size + 1 + links.size() * (8 + HistoryKey::kSize) +
                        content.size());
  auto rest = plaintext.expose_mutable().subspan(signature_size);
  const auto put = [&](ByteView bytes) {
    std::ranges::copy(bytes, rest.begin());
    rest = rest.subspan(bytes.size());
  };
  put(Bytes{static_cast<Byte>(links.size())});
  for (const auto& link : links) {
    put(ByteWriter(8).u64(link.epoch).view());
    put(link.key.expose());
  }
  put(content);
  const auto signature = signer.sign(
      crypto, to_be_signed(crypto, binding, epoch, plaintext.expose().subspan(signature_size)));
  std::ranges::copy(signature.bytes(), plaintext.expose_mutable().begin());
  auto& box = binding.shared->box;
  box.resize(plaintext.size() + crypto::kAeadTagSize);
  UNHIDRA_TRY_VOID(crypto.aead_seal(kAead, box_key(crypto, key, binding).expose(), kNonce, {},
                                    plaintext.expose(), box));
  return digest_of(crypto, plaintext.expose());
}

Result<HistoryContent> open_from_history(const crypto::Provider& crypto,
                                         const crypto::Ed25519PublicKey& signer,
                                         const HistoryKey& key, std::uint64_t epoch,
                                         const MessageBinding& binding) {
  const auto& box = binding.shared->box;
  if (box.size() < crypto::kAeadTagSize) {
    return refused();
  }
  SecretBytes plaintext(box.size() - crypto::kAeadTagSize);
  if (!crypto.aead_open(kAead, box_key(crypto, key, binding).expose(), kNonce, {}, box,
                        plaintext.expose_mutable())) {
    return refused();
  }
  auto body = parse_history_body(plaintext.expose());
  if (!body ||
      !crypto::verify(crypto, signer, to_be_signed(crypto, binding, epoch, body->signed_part),
                      body->signature)) {
    return refused();
  }
  return HistoryContent{std::move(body->links), SecretBytes::copy_of(body->content),
                        digest_of(crypto, plaintext.expose())};
}

}  // namespace unhidra::client
