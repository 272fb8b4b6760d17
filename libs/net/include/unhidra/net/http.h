#pragma once
// HTTP messages as values (RFC 9110, 9112), and the interface through which a server asks what to
// answer. There is no router here: a handler sees every request of its server.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/net/tls.h"
#include "unhidra/net/websocket.h"
#include "unhidra/runtime/task.h"

namespace unhidra::net {

// Header fields in the order of the message. Names compare without case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  // Replaces every field of that name.
  void set(std::string name, std::string value);
  // The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // Whether one of the comma separated lists of that name holds the token (without case).
  bool has_token(std::string_view name, std::string_view token) const;
  // Every element of the comma separated lists of that name, trimmed.
  std::vector<std::string_view> list(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

struct PeerAddress {
  std::string ip;  // the numeric form
  std::uint16_t port = 0;
  std::string to_string() const;
};

struct RequestHead {
  std::string method;  // case-sensitive, as received
  std::string path;    // begins with '/' (or is "*"); still percent-encoded
  std::string query;   // what follows '?', without it; still encoded
  Headers headers;
  PeerAddress peer;        // the client's, where a trusted proxy (ServerSettings) names it
  bool forwarded = false;  // it came through a proxy, trusted or not: X-Forwarded-For, Forwarded
  bool tls = false;
  std::shared_ptr<const TlsPeer> tls_peer;  // null: plain, or the listener asks for no certificate
};

// Whether the page that a browser sends this for lies on another host or port than this server:
// what the browser holds (a client certificate, say) must not serve such a page. Programs send no
// Origin, or their own.
bool from_foreign_page(const RequestHead& head);

struct HttpRequest : RequestHead {
  Bytes body;
};

// A body that is too large to be held: read piece by piece, as the peer takes it. Used on the
// thread of the connection, and let go of with it.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual std::uint64_t size() const = 0;  // bytes; what Content-Length says
  // The next piece, never empty before size() bytes were given. A failure cuts the connection off,
  // so that nobody takes what he got for the whole.
  virtual Task<Result<Bytes>> next() = 0;
};

// Content-Length, Connection and Date are the server's; everything else is the handler's.
// A header name or value that would break the message (CR, LF, NUL) turns the answer into 500.
struct HttpResponse {
  int status = 200;
  Headers headers;
  Bytes body;
  std::shared_ptr<BodySource> source{};  // instead of `body`

  static HttpResponse text(int status, std::string_view body);
};

std::string_view reason_phrase(int status);

// RFC 3986 section 2.1, strictly: a broken escape, an encoded NUL or a result that is no UTF-8 is
// refused. With `plus_is_space`, as in forms and queries.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// "a=1&b=2" to decoded pairs; at most 100 of them.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

// What to do with a WebSocket upgrade: the listener that gets the connection, or an answer.
struct AcceptUpgrade {
  std::shared_ptr<WebSocketListener> listener;
  // One of those the client offered in Sec-WebSocket-Protocol; empty for none.
  std::string subprotocol;
  // Replaces the server's settings for this connection.
  std::optional<WebSocketSettings> settings;
};
using UpgradeDecision = std::expected<AcceptUpgrade, HttpResponse>;

// Called on the thread of the connection. Outlives the server and everything it started. A handler
// that blocks stops every connection of that thread: blocking work belongs on a worker pool.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // How many bytes of body this request may have, asked before any of it is read. A larger body is
  // answered with 413.
  virtual std::uint64_t body_limit(const RequestHead& head) = 0;
  // One request of a connection at a time, in the order of arrival. An exception is a bug: it is
  // logged and answered with 500.
  virtual Task<HttpResponse> handle(HttpRequest request) = 0;
  // A well-formed WebSocket upgrade (RFC 6455 section 4.2.1). The check of Origin and of the token
  // is the handler's. The default refuses with 404.
  virtual Task<UpgradeDecision> upgrade(RequestHead head);
};

}  // namespace unhidra::net
