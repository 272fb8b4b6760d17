// MQTT over WebSocket (MQTT 5.0 section 6): binary frames, subprotocol "mqtt", however they are
// cut.

#include <stdexcept>

#include "link.h"
#include "websocket_codec.h"
#include "websocket_handshake.h"

namespace unhidra::mqtt_sequences {
namespace {

// A key and a mask are only there against intermediaries that take frames for requests.
constexpr const char* kKey = "dGhlIHNlcXVlbmNlcy4uLg==";
constexpr net::MaskKey kMask{0x31, 0x41, 0x59, 0x26};
constexpr std::size_t kMaxMessage = 16U << 20;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

class WebSocket final : public Transport, net::WebSocketDecoder::Events {
 public:
  WebSocket(std::unique_ptr<Transport> below, const Address& address)
      : below_(std::move(below)), frame_bytes_(address.frame_bytes) {
    net::WebSocketClientSettings settings;
    settings.host = address.host;
    settings.port = static_cast<std::uint16_t>(std::stoul(address.port));
    settings.target = address.path;
    settings.subprotocols = {"mqtt"};
    below_->send(net::upgrade_request(settings, kKey));
    take_answer(settings);
  }

  void send(ByteView bytes) override {
    Bytes frames;
    while (!bytes.empty()) {
      const auto size = frame_bytes_ == 0 ? bytes.size() : std::min(frame_bytes_, bytes.size());
      net::append_frame(frames, net::Opcode::binary, bytes.first(size), kMask);
      bytes = bytes.subspan(size);
    }
    below_->send(frames);
  }

  std::optional<Bytes> receive() override {
    while (arrived_.empty() && !closed_) {
      auto bytes = below_->receive();
      if (!bytes) {
        return std::nullopt;
      }
      closed_ = bytes->empty();
      feed(*bytes);
    }
    return std::exchange(arrived_, Bytes());
  }

 private:
  void take_answer(const net::WebSocketClientSettings& settings) {
    Bytes answer;
    auto end = std::string_view::npos;
    while ((end = as_text(answer).find(kHeadEnd)) == std::string_view::npos) {
      const auto more = below_->receive();
      if (!more || more->empty()) {
        throw std::runtime_error("no answer to the upgrade");
      }
      append(answer, *more);
    }
    end += kHeadEnd.size();
    const auto protocol =
        net::check_upgrade_response(as_text(answer).substr(0, end), settings, kKey);
    if (!protocol) {
      throw std::runtime_error("upgrade: " + protocol.error().message());
    }
    if (*protocol != "mqtt") {
      throw std::runtime_error("upgrade: the subprotocol mqtt was not agreed on");
    }
    feed(MutableByteView(answer).subspan(end));
  }

  void feed(MutableByteView bytes) {
    if (const auto violation = decoder_.feed(bytes, *this)) {
      throw std::runtime_error("the broker breaks RFC 6455: " + std::string(violation->what));
    }
  }
  void on_message(ByteView message, net::MessageKind kind) override {
    if (kind != net::MessageKind::binary) {
      throw std::runtime_error("the broker sent text (MQTT-6.0.0-1)");
    }
    append(arrived_, message);
  }
  void on_ping(ByteView payload) override {
    Bytes pong;
    net::append_frame(pong, net::Opcode::pong, payload, kMask);
    below_->send(pong);
  }
  void on_pong(ByteView) override {}
  void on_peer_close(net::CloseCode, std::string_view) override { closed_ = true; }

  std::unique_ptr<Transport> below_;
  std::size_t frame_bytes_;
  net::WebSocketDecoder decoder_{net::WebSocketRole::client, kMaxMessage, kMaxMessage, 1'000};
  Bytes arrived_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Transport> upgrade_to_websocket(std::unique_ptr<Transport> below,
                                                const Address& address) {
  return std::make_unique<WebSocket>(std::move(below), address);
}

}  // namespace unhidra::mqtt_sequences
