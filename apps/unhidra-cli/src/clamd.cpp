#include "clamd.h"

#include <array>
#include <filesystem>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/e2ee/attachment_descriptor.h"

#include "errc.h"

namespace unhidra::cli {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxReply = 1024;
constexpr std::chrono::seconds kAnswerTime{120};  // a large archive takes its time
constexpr std::array<const char*, 3> kUsual{"/run/clamav/clamd.ctl", "/var/run/clamav/clamd.ctl",
                                            "/run/clamd.scan/clamd.sock"};

std::unexpected<Error> no_scanner(const std::string& why) {
  return fail(Errc::no_scanner, "the virus scanner: " + why);
}

// One connection, one command. Every step ends in time.
template <class Socket>
class Conversation {
 public:
  asio::io_context& context() { return context_; }
  Socket& socket() { return socket_; }

  Status send(ByteView bytes) {
    boost::system::error_code error = asio::error::would_block;
    asio::async_write(
        socket_, asio::buffer(bytes.data(), bytes.size()),
        [&](const boost::system::error_code& outcome, std::size_t) { error = outcome; });
    return finish(error);
  }
  // Until the daemon closes, or the zero that ends its reply.
  Result<std::string> reply() {
    std::string out;
    std::array<char, 256> piece{};
    while (out.size() < kMaxReply && out.find('\0') == std::string::npos) {
      boost::system::error_code error = asio::error::would_block;
      std::size_t count = 0;
      socket_.async_read_some(asio::buffer(piece),
                              [&](const boost::system::error_code& outcome, std::size_t read) {
                                error = outcome;
                                count = read;
                              });
      const auto status = finish(error);
      out.append(piece.data(), count);
      if (!status) {
        if (error == asio::error::eof) {
          break;
        }
        return fail(Error(status.error()));
      }
    }
    return out.substr(0, out.find('\0'));
  }

 private:
  Status finish(boost::system::error_code& error) {
    context_.restart();
    context_.run_for(kAnswerTime);
    if (!context_.stopped()) {
      boost::system::error_code ignored;
      socket_.close(ignored);
      context_.run();
      return no_scanner("it does not answer");
    }
    return error ? no_scanner(error.message()) : Status();
  }

  asio::io_context context_;
  Socket socket_{context_};
};

Status dial(Conversation<asio::local::stream_protocol::socket>& with, const std::string& path) {
  boost::system::error_code error;
  with.socket().connect(asio::local::stream_protocol::endpoint(path), error);
  return error ? no_scanner(path + ": " + error.message()) : Status();
}

Status dial(Conversation<asio::ip::tcp::socket>& with, const std::string& address) {
  const auto colon = address.rfind(':');
  boost::system::error_code error;
  asio::ip::tcp::resolver resolver(with.context());
  const auto found = resolver.resolve(address.substr(0, colon), address.substr(colon + 1), error);
  if (!error) {
    asio::connect(with.socket(), found, error);
  }
  return error ? no_scanner(address + ": " + error.message()) : Status();
}

template <class Socket>
Result<std::string> ask_version(const std::string& address) {
  Conversation<Socket> with;
  UNHIDRA_TRY_VOID(dial(with, address));
  UNHIDRA_TRY_VOID(with.send(as_bytes(std::string_view("zVERSION\0", 9))));
  UNHIDRA_TRY(const auto told, with.reply());
  auto name = printable(told).substr(0, e2ee::kMaxScanner);
  return name.empty() ? std::string("clamd") : name;
}

template <class Socket>
Result<ScanResult> scan(const std::string& address, const ReadMore& read) {
  ScanResult out;
  UNHIDRA_TRY(out.scanner, ask_version<Socket>(address));
  Conversation<Socket> with;
  UNHIDRA_TRY_VOID(dial(with, address));
  UNHIDRA_TRY_VOID(with.send(as_bytes(std::string_view("zINSTREAM\0", 10))));
  for (;;) {
    UNHIDRA_TRY(const auto piece, read());
    ByteWriter chunk;
    chunk.bytes(piece);  // a length of four bytes in network order; zero ends the stream
    const auto sent = with.send(chunk.view());
    if (!sent || piece.empty()) {
      // A daemon that has had enough says why before it closes.
      break;
    }
  }
  UNHIDRA_TRY(const auto told, with.reply());
  constexpr std::string_view kStream = "stream: ";
  constexpr std::string_view kFound = " FOUND";
  if (told == "stream: OK") {
    out.clean = true;
    return out;
  }
  if (told.starts_with(kStream) && told.ends_with(kFound)) {
    out.found =
        printable(told.substr(kStream.size(), told.size() - kStream.size() - kFound.size()));
    return out;
  }
  return no_scanner(told.empty() ? "it has closed the connection" : "it says: " + printable(told));
}

}  // namespace

Result<ScanResult> scan_with_clamd(const std::string& address, const ReadMore& read) {
  if (address.starts_with('/')) {
    return scan<asio::local::stream_protocol::socket>(address, read);
  }
  if (address.find(':') == std::string::npos) {
    return fail(Errc::usage, "--clamd: expected the path of a socket, or host:port");
  }
  return scan<asio::ip::tcp::socket>(address, read);
}

std::optional<std::string> usual_clamd() {
  for (const auto* path : kUsual) {
    std::error_code error;
    if (std::filesystem::is_socket(path, error)) {
      return path;
    }
  }
  return std::nullopt;
}

}  // namespace unhidra::cli
