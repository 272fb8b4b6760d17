// Frames of both roles, cut at a place the input chooses. The cut must not change the outcome.
#include <cstdlib>

#include "websocket_codec.h"

namespace {

using namespace unhidra;
using namespace unhidra::net;

struct Digest final : WebSocketDecoder::Events {
  Bytes bytes;
  void note(Byte kind, ByteView payload) {
    bytes.push_back(kind);
    append(bytes, payload);
  }
  void on_message(ByteView message, MessageKind kind) override {
    note(kind == MessageKind::text ? 1 : 2, message);
  }
  void on_ping(ByteView payload) override { note(3, payload); }
  void on_pong(ByteView payload) override { note(4, payload); }
  void on_peer_close(CloseCode code, std::string_view reason) override {
    note(static_cast<Byte>(static_cast<unsigned>(code) & 0xff), as_bytes(reason));
  }
};

Bytes run(WebSocketRole role, Bytes bytes, std::size_t cut) {
  WebSocketDecoder decoder(role, 4096, 8192, 8);
  Digest digest;
  const MutableByteView all(bytes);
  auto violation = decoder.feed(all.first(cut), digest);
  if (!violation) {
    violation = decoder.feed(all.subspan(cut), digest);
  }
  if (violation) {
    digest.note(5, {});
    digest.note(static_cast<Byte>(static_cast<unsigned>(violation->code) & 0xff), {});
  }
  return digest.bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const auto role = (data[0] & 1) != 0 ? WebSocketRole::server : WebSocketRole::client;
  const Bytes bytes(data + 2, data + size);
  const std::size_t cut = data[1] % (bytes.size() + 1);
  if (run(role, bytes, 0) != run(role, bytes, cut)) {
    std::abort();
  }
  return 0;
}
