#pragma once
// HTTP/1.1 on a server's connection: one request at a time, pipelined ones wait in the input.

#include "http_parser.h"
#include "server_core.h"

namespace unhidra::net {

class HttpSession final : public Protocol, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(std::shared_ptr<Server::Core> core, HttpHandler& handler, Connection& connection);

  void on_open() override;
  void on_bytes(MutableByteView bytes) override;
  void on_deadline() override;
  void on_drained() override;
  void on_shutdown(CloseCode code, const std::string& reason) override;
  void detach() override { connection_ = nullptr; }
  void on_closed(const Error&) override {}

 private:
  // `handling`: the handler works, nothing is read. `sending`: a body goes out piece by piece.
  // `stalled`: the peer does not take its answers.
  enum class State : std::uint8_t { head, body, handling, sending, stalled, finished };

  void pump();
  bool step();
  bool read_head();
  bool begin_request(std::string_view head);
  bool read_body();
  bool dispatch();
  bool begin_upgrade();
  void decide_upgrade(UpgradeDecision decision);
  void accept_upgrade(AcceptUpgrade accepted);
  void respond(const HttpResponse& response, bool keep_alive);
  void end_answer(bool keep_alive);
  void send_more();
  void send_piece(Result<Bytes> piece);
  bool refuse(const FormError& error);
  bool head_has_begun() const { return in_at_ < in_.size(); }
  std::string_view input() const;
  void consume(std::size_t size);

  std::shared_ptr<Server::Core> core_;
  HttpHandler& handler_;
  Connection* connection_;  // until detach
  Bytes in_;                // what is not parsed yet begins at in_at_
  std::size_t in_at_ = 0;
  std::size_t scanned_ = 0;  // of the head
  std::unique_ptr<HttpParser> parser_;
  std::shared_ptr<const TlsPeer> tls_peer_;
  std::shared_ptr<BodySource> source_;  // of the answer that is being sent
  std::uint64_t source_left_ = 0;       // bytes
  bool source_reads_ = false;
  State state_ = State::head;
  bool header_timer_ = false;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool pumping_ = false;
};

}  // namespace unhidra::net
