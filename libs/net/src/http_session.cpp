#include "http_session.h"

#include <algorithm>
#include <charconv>

#include <boost/asio/co_spawn.hpp>

#include "unhidra/runtime/log.h"

#include "forwarded.h"
#include "http_writer.h"
#include "websocket_handshake.h"
#include "websocket_session.h"

namespace unhidra::net {
namespace {

// Answers that wait for the peer; then its next requests wait, too.
constexpr std::size_t kMaxQueuedAnswers = 256 * 1024;

// What a peer may take for a body beyond the time-out: it is expected to send 256 kbit/s at least.
constexpr std::uint64_t kLeastBytesPerMillisecond = 32;

std::chrono::milliseconds time_for(const RequestHead& head) {
  const auto text = head.headers.get("Content-Length").value_or("");
  std::uint64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return std::chrono::milliseconds(size / kLeastBytesPerMillisecond);
}

HttpResponse internal_error(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    log::error("http.handler_failed", {{"what", error.what()}});
  } catch (...) {
    log::error("http.handler_failed");
  }
  return HttpResponse::text(500, "Internal error.\n");
}

}  // namespace

HttpSession::HttpSession(std::shared_ptr<Server::Core> core, HttpHandler& handler,
                         Connection& connection)
    : core_(std::move(core)), handler_(handler), connection_(&connection) {}

void HttpSession::on_open() {
  header_timer_ = true;
  connection_->set_deadline(core_->settings.header_timeout);
}

std::string_view HttpSession::input() const {
  return as_text(ByteView(in_).subspan(in_at_));
}

void HttpSession::consume(std::size_t size) {
  in_at_ += size;
  if (in_at_ == in_.size()) {
    Bytes().swap(in_);  // nothing is kept between requests
    in_at_ = 0;
  }
}

void HttpSession::on_bytes(MutableByteView bytes) {
  if (state_ == State::finished) {
    return;
  }
  if (in_at_ > 0) {
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(in_at_));
    in_at_ = 0;
  }
  append(in_, bytes);
  pump();
}

void HttpSession::pump() {
  if (std::exchange(pumping_, true)) {
    return;
  }
  const auto self = shared_from_this();
  while (connection_ != nullptr && step()) {
  }
  pumping_ = false;
  if (connection_ == nullptr) {
    return;
  }
  if (state_ == State::handling || state_ == State::sending || state_ == State::stalled) {
    connection_->pause_reading();
  } else {
    connection_->resume_reading();
  }
}

bool HttpSession::step() {
  switch (state_) {
    case State::head:
      return read_head();
    case State::body:
      return read_body();
    case State::handling:
    case State::sending:
    case State::stalled:
    case State::finished:
      break;
  }
  return false;
}

bool HttpSession::read_head() {
  if (connection_->queued() > kMaxQueuedAnswers) {
    state_ = State::stalled;
    return false;
  }
  if (scanned_ == 0 && input().starts_with("\r\n")) {
    consume(2);  // RFC 9112 section 2.2: one empty line before the request line
  }
  const auto bytes = input();
  if (bytes.empty()) {
    return false;
  }
  if (!std::exchange(header_timer_, true)) {
    connection_->set_deadline(core_->settings.header_timeout);
  }
  const HttpLimits limits{core_->settings.max_header_bytes, core_->settings.max_header_fields};
  const auto found = find_head_end(bytes, scanned_, limits);
  if (found.error) {
    return refuse(*found.error);
  }
  if (found.end == std::string_view::npos) {
    scanned_ = bytes == "\r" ? 0 : bytes.size();
    return false;
  }
  scanned_ = 0;
  return begin_request(bytes.substr(0, found.end));
}

bool HttpSession::begin_request(std::string_view head) {
  parser_ = std::make_unique<HttpParser>(
      HttpLimits{core_->settings.max_header_bytes, core_->settings.max_header_fields});
  if (const auto error = parser_->parse_head(head)) {
    return refuse(*error);
  }
  consume(head.size());
  ++core_->requests;
  auto& request = parser_->head();
  request.peer = connection_->peer();
  apply_forwarding(request, core_->settings.trusted_proxies);
  request.tls = connection_->is_tls();
  if (!tls_peer_) {
    tls_peer_ = connection_->tls_peer();  // the same for every request of a connection
  }
  request.tls_peer = tls_peer_;
  keep_alive_ = parser_->keep_alive();
  head_only_ = request.method == "HEAD";
  if (asks_for_websocket(request)) {
    return begin_upgrade();
  }
  if (const auto error = parser_->set_body_limit(handler_.body_limit(request))) {
    return refuse(*error);
  }
  if (!parser_->has_body()) {
    return dispatch();
  }
  state_ = State::body;
  connection_->set_deadline(core_->settings.body_timeout + time_for(request));
  if (parser_->expects_continue() && in_.empty()) {
    append(connection_->output(), as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  return true;
}

bool HttpSession::read_body() {
  const auto progress = parser_->parse_body(as_bytes(input()));
  if (progress.error) {
    return refuse(*progress.error);
  }
  consume(progress.consumed);
  return progress.done && dispatch();
}

bool HttpSession::dispatch() {
  state_ = State::handling;
  connection_->clear_deadline();
  HttpRequest request{std::move(parser_->head()), parser_->take_body()};
  parser_.reset();
  boost::asio::co_spawn(
      connection_->worker().executor(), handler_.handle(std::move(request)),
      [self = shared_from_this()](const std::exception_ptr& exception, HttpResponse response) {
        self->respond(exception ? internal_error(exception) : response, self->keep_alive_);
      });
  return state_ == State::head;
}

void HttpSession::respond(const HttpResponse& response, bool keep_alive) {
  if (connection_ == nullptr || !connection_->is_open()) {
    return;
  }
  const bool keep = keep_alive && !core_->stopping;
  append_response(connection_->output(), response, {.head_only = head_only_, .keep_alive = keep});
  if (response.source && !head_only_ && response.source->size() > 0) {
    state_ = State::sending;
    keep_alive_ = keep;
    source_ = response.source;
    source_left_ = source_->size();
    send_more();
    return;
  }
  end_answer(keep);
}

void HttpSession::end_answer(bool keep) {
  if (!keep) {
    state_ = State::finished;
    connection_->finish();
    return;
  }
  state_ = State::head;
  header_timer_ = false;
  connection_->set_deadline(core_->settings.keep_alive_timeout);
  pump();
}

void HttpSession::send_more() {
  source_reads_ = true;
  boost::asio::co_spawn(
      connection_->worker().executor(), source_->next(),
      [self = shared_from_this()](const std::exception_ptr& exception, Result<Bytes> piece) {
        self->source_reads_ = false;
        if (exception) {
          internal_error(exception);
          piece = fail(Errc::closed, "the body could not be read");
        }
        self->send_piece(std::move(piece));
      });
}

void HttpSession::send_piece(Result<Bytes> piece) {
  if (connection_ == nullptr || !connection_->is_open()) {
    source_.reset();
    return;
  }
  if (!piece || piece->empty() || piece->size() > source_left_) {
    log::warn("http.body_cut_off",
              {{"error", piece ? Error(Errc::closed, "a piece of a wrong size") : piece.error()}});
    source_.reset();
    connection_->destroy({Errc::closed, "the body of an answer could not be read"});
    return;
  }
  append(connection_->output(), *piece);
  source_left_ -= piece->size();
  if (source_left_ == 0) {
    source_.reset();
    end_answer(keep_alive_ && !core_->stopping);
  } else if (connection_->queued() <= kMaxQueuedAnswers) {
    send_more();
  }
}

bool HttpSession::refuse(const FormError& error) {
  ++core_->bad_requests;
  state_ = State::finished;
  append_response(connection_->output(),
                  HttpResponse::text(error.status, std::string(error.what) + "\n"),
                  {.head_only = head_only_, .keep_alive = false});
  connection_->finish();
  return false;
}

// ---- Upgrade -----------------------------------------------------------------------------------

bool HttpSession::begin_upgrade() {
  state_ = State::handling;
  connection_->clear_deadline();
  if (!parser_->is_version_1_1()) {
    respond(HttpResponse::text(400, "An upgrade needs HTTP/1.1.\n"), false);
    return false;
  }
  if (const auto refusal = check_upgrade_request(parser_->head())) {
    respond(*refusal, false);
    return false;
  }
  boost::asio::co_spawn(
      connection_->worker().executor(), handler_.upgrade(parser_->head()),
      [self = shared_from_this()](const std::exception_ptr& exception, UpgradeDecision decision) {
        self->decide_upgrade(exception ? std::unexpected(internal_error(exception))
                                       : std::move(decision));
      });
  return false;
}

void HttpSession::decide_upgrade(UpgradeDecision decision) {
  if (connection_ == nullptr || !connection_->is_open()) {
    return;
  }
  if (!decision) {
    respond(decision.error(), false);
  } else if (core_->stopping) {
    respond(HttpResponse::text(503, "The server is stopping.\n"), false);
  } else {
    accept_upgrade(std::move(*decision));
  }
}

void HttpSession::accept_upgrade(AcceptUpgrade accepted) {
  const auto& headers = parser_->head().headers;
  const auto offered = headers.list("Sec-WebSocket-Protocol");
  const bool chosen = accepted.subprotocol.empty() ||
                      std::ranges::find(offered, accepted.subprotocol) != offered.end();
  if (!accepted.listener || !chosen) {
    log::error("http.bad_upgrade_decision");
    respond(HttpResponse::text(500, "Internal error.\n"), false);
    return;
  }
  ++core_->upgrades;
  append_upgrade_response(connection_->output(),
                          websocket_accept(headers.get("Sec-WebSocket-Key").value_or("")),
                          accepted.subprotocol);
  const auto settings = accepted.settings
                            ? std::make_shared<const WebSocketSettings>(*accepted.settings)
                            : core_->websocket;
  const auto session = std::make_shared<WebSocketSession>(*connection_, WebSocketRole::server,
                                                          settings, std::move(accepted.listener),
                                                          std::move(accepted.subprotocol));
  state_ = State::finished;
  const auto connection = connection_->shared_from_this();
  connection_ = nullptr;
  const auto self = shared_from_this();  // the next line lets go of this session
  connection->set_protocol(session);
  session->begin(MutableByteView(in_).subspan(in_at_));
  connection->resume_reading();
}

// ---- Deadlines and the end ---------------------------------------------------------------------

void HttpSession::on_deadline() {
  ++core_->timeouts;
  if (state_ == State::body || head_has_begun()) {
    refuse({408, "the request took too long"});
  } else {
    state_ = State::finished;
    connection_->finish();
  }
}

void HttpSession::on_drained() {
  if (state_ == State::stalled) {
    state_ = State::head;
    pump();
  } else if (state_ == State::sending && !source_reads_ && source_) {
    send_more();
  }
}

void HttpSession::on_shutdown(CloseCode, const std::string&) {
  // Between two requests; one under way gets its answer first.
  if (state_ == State::head && !head_has_begun()) {
    state_ = State::finished;
    connection_->finish();
  }
}

}  // namespace unhidra::net
