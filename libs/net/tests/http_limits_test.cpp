// What a hostile client tries: ambiguous framing, endless input, silence.
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "test_server.h"

namespace unhidra::net::test {
namespace {

bool has_status(std::string_view response, int status) {
  return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

struct Form {
  std::string_view name;
  std::string_view request;
  int status;
};
void PrintTo(const Form& form, std::ostream* out) {
  *out << form.name;
}

class BadForm : public testing::TestWithParam<Form> {};
// The refused bytes are followed by another request: it must not be answered.
TEST_P(BadForm, IsRefusedAndTheConnectionClosed) {
  TestServer server;
  RawSocket socket(server.port());
  socket.send(std::string(GetParam().request) + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto answer = socket.read_all();
  EXPECT_TRUE(has_status(answer, GetParam().status)) << answer;
  EXPECT_TRUE(socket.closed_by_peer());
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("smuggled"), std::string::npos) << answer;
  EXPECT_EQ(server.handler().handled, 0);
}

#define POST_ "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED_ POST_ "Transfer-Encoding: chunked\r\n\r\n"
INSTANTIATE_TEST_SUITE_P(
    Forms, BadForm,
    testing::Values(
        Form{"LengthAndChunked",
             POST_ "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Form{"ChunkedAndLength",
             POST_ "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
        Form{"TwoLengths", POST_ "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
        Form{"TwoEqualLengths", POST_ "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
        Form{"LengthList", POST_ "Content-Length: 5, 5\r\n\r\nhello", 400},
        Form{"PlusLength", POST_ "Content-Length: +5\r\n\r\nhello", 400},
        Form{"MinusLength", POST_ "Content-Length: -5\r\n\r\nhello", 400},
        Form{"HexLength", POST_ "Content-Length: 0x5\r\n\r\nhello", 400},
        Form{"EmptyLength", POST_ "Content-Length: \r\n\r\nhello", 400},
        Form{"HugeLength", POST_ "Content-Length: 99999999999999999999\r\n\r\n", 400},
        Form{"SpaceInLength", POST_ "Content-Length: 1 2\r\n\r\n", 400},
        Form{"TwoCodings", POST_ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
             400},
        Form{"CodingList", POST_ "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        Form{"Identity", POST_ "Transfer-Encoding: identity\r\n\r\n", 501},
        Form{"ObscuredCoding", POST_ "Transfer-Encoding: xchunked\r\n\r\n", 501},
        Form{"VerticalTabCoding",
             POST_ "Transfer-Encoding: \x0b"
                   "chunked\r\n\r\n",
             400},
        Form{"ChunkedIn10",
             "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Form{"SpaceBeforeColon", POST_ "Content-Length : 5\r\n\r\nhello", 400},
        Form{"TabBeforeColon", POST_ "Transfer-Encoding\t: chunked\r\n\r\n", 400},
        Form{"FoldedField", POST_ "X: a\r\n b\r\n\r\n", 400},
        Form{"FoldedFirstField", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        Form{"BareLfAfterRequestLine", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        Form{"BareLfAfterField", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
        Form{"BareLfEnd", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        Form{"BareCrInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
        Form{"NoColon", "GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n", 400},
        Form{"EmptyName", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400},
        Form{"ControlInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
        Form{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        Form{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        Form{"TwoSpaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"TabInRequestLine", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"NoVersion", "GET /\r\nHost: a\r\n\r\n", 400},
        Form{"Version2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        Form{"LowerCaseVersion", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"BadMethod", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"RelativeTarget", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"Connect", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"UserInfo", "GET http://u@h/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"FragmentInTarget", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Form{"TlsToPlain", "\x16\x03\x01\x02\x00\r\n\r\n", 400},
        Form{"UnknownExpectation", POST_ "Content-Length: 1\r\nExpect: magic\r\n\r\n", 417},
        Form{"ChunkSizeWord", CHUNKED_ "zz\r\n", 400},
        Form{"ChunkSizeSpace", CHUNKED_ " 5\r\nhello\r\n0\r\n\r\n", 400},
        Form{"ChunkSizeNegative", CHUNKED_ "-5\r\nhello\r\n0\r\n\r\n", 400},
        Form{"ChunkSizePrefix", CHUNKED_ "0x5\r\nhello\r\n0\r\n\r\n", 400},
        Form{"ChunkSizeOverflow", CHUNKED_ "fffffffffffffffff\r\n", 400},
        Form{"ChunkSizeBareLf", CHUNKED_ "5\nhello\r\n0\r\n\r\n", 400},
        Form{"ChunkExtensionBareLf", CHUNKED_ "5;a\nhello\r\n0\r\n\r\n", 400},
        Form{"ChunkWithoutEnd", CHUNKED_ "5\r\nhelloxx0\r\n\r\n", 400},
        Form{"ChunkTooLarge", CHUNKED_ "fffffff\r\n", 413},
        Form{"LengthTooLarge", POST_ "Content-Length: 8388609\r\n\r\n", 413}),
    [](const auto& form) { return std::string(form.param.name); });

TEST(HttpLimits, RefusesLongAndManyHeaders) {
  ServerSettings settings;
  settings.max_header_bytes = 1000;
  settings.max_header_fields = 10;
  TestServer server(settings);
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  EXPECT_TRUE(has_status(server.ask(start + "X: " + std::string(500, 'x') + "\r\n\r\n"), 200));
  EXPECT_TRUE(has_status(server.ask(start + "X: " + std::string(1000, 'x') + "\r\n\r\n"), 431));
  EXPECT_TRUE(has_status(server.ask(start + "X: " + std::string(5000, 'x')), 431));
  EXPECT_TRUE(has_status(server.ask("GET /" + std::string(5000, 'x')), 431));
  std::string fields;
  for (int i = 0; i < 8; ++i) {
    fields += "A: b\r\n";
  }
  EXPECT_TRUE(has_status(server.ask(start + fields + "\r\n"), 200));
  EXPECT_TRUE(has_status(server.ask(start + fields + "A: b\r\n\r\n"), 431));
}

TEST(HttpLimits, AsksTheHandlerHowLongABodyMayBe) {
  TestServer server;
  const std::string start = "POST /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  EXPECT_TRUE(has_status(server.ask(start + "Content-Length: 10\r\n\r\n0123456789"), 200));
  EXPECT_TRUE(has_status(server.ask(start + "Content-Length: 11\r\n\r\n"), 413));
  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(has_status(server.ask(chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), 200));
  EXPECT_TRUE(has_status(server.ask(chunked + "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n"), 413));
  EXPECT_TRUE(has_status(server.ask(chunked + "b\r\n0123456789a\r\n0\r\n\r\n"), 413));
}

TEST(HttpLimits, TheAnswerReachesAClientThatIsStillSendingItsBody) {
  TestServer server;
  RawSocket socket(server.port());
  socket.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  socket.send(std::string(200'000, 'x'));
  EXPECT_TRUE(has_status(socket.read_all(), 413));
}

TEST(HttpLimits, BoundsChunkExtensionsAndTrailers) {
  TestServer server;
  const std::string start =
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(has_status(server.ask(start + "3;a=b;c\r\nabc\r\n0\r\n\r\n"), 200));
  EXPECT_TRUE(has_status(
      server.ask(start + "3;a=" + std::string(2000, 'x') + "\r\nabc\r\n0\r\n\r\n"), 400));
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many += "1;extension\r\na\r\n";
  }
  EXPECT_TRUE(has_status(server.ask(start + many + "0\r\n\r\n"), 400));
  EXPECT_TRUE(has_status(server.ask(start + "3;" + std::string(100'000, 'x')), 400));
  EXPECT_TRUE(has_status(server.ask(start + "0\r\nA: " + std::string(100'000, 'x')), 400));
  // A trailer is no header: it changes nothing.
  EXPECT_TRUE(has_status(server.ask(start + "0\r\nX-T: 1\r\n\r\n"), 200));
}

TEST(HttpDeadlines, CloseWhoeverDripsItsHeader) {
  ServerSettings settings;
  settings.header_timeout = 200ms;
  TestServer server(settings);
  RawSocket socket(server.port());
  const auto start = std::chrono::steady_clock::now();
  socket.send("GET / HTTP/1.1\r\n");
  // A byte now and then does not move the deadline.
  for (int i = 0; i < 100 && socket.send("X"); ++i) {
    std::this_thread::sleep_for(10ms);
    if (server.stats().timeouts > 0) {
      break;
    }
  }
  EXPECT_TRUE(has_status(socket.read_all(), 408));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  EXPECT_EQ(server.stats().timeouts, 1U);
}

TEST(HttpDeadlines, CloseWhoeverSaysNothing) {
  ServerSettings settings;
  settings.header_timeout = 100ms;
  TestServer server(settings);
  RawSocket socket(server.port());
  EXPECT_EQ(socket.read_all(), "");
  EXPECT_TRUE(socket.closed_by_peer());
}

TEST(HttpDeadlines, CloseASlowBodyAndAnIdleConnection) {
  ServerSettings settings;
  settings.body_timeout = 150ms;
  settings.keep_alive_timeout = 150ms;
  TestServer server(settings);
  RawSocket slow(server.port());
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_TRUE(has_status(slow.read_all(), 408));
  RawSocket idle(server.port());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(has_status(idle.read_until("GET /?"), 200));
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return server.stats().open_connections == 0; }));
}

TEST(HttpDeadlines, GiveALargeBodyTheTimeOfASlowLine) {
  ServerSettings settings;
  settings.body_timeout = 150ms;
  TestServer server(settings);
  RawSocket socket(server.port());
  socket.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 64000\r\n\r\n");
  std::this_thread::sleep_for(500ms);
  socket.send(std::string(64'000, 'x'));
  EXPECT_TRUE(has_status(socket.read_all(), 200));
  RawSocket slow(server.port());
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9600\r\n\r\nabc");
  EXPECT_TRUE(has_status(slow.read_all(), 408));
}

TEST(HttpDeadlines, DoNotCountTheHandlersTime) {
  ServerSettings settings;
  settings.header_timeout = 50ms;
  settings.keep_alive_timeout = 50ms;
  TestServer server(settings);
  EXPECT_TRUE(
      has_status(server.ask("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 200));
}

TEST(HttpDeadlines, CloseAReaderThatDoesNotRead) {
  ServerSettings settings;
  settings.write_timeout = 300ms;
  TestServer server(settings);
  RawSocket socket(server.port(), 4096);
  for (int i = 0; i < 10; ++i) {  // 40 MB of answers, of which a bounded part is made
    socket.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return server.stats().slow_readers == 1; }));
  EXPECT_LE(server.handler().handled, 3);
  EXPECT_TRUE(eventually([&] { return server.stats().open_connections == 0; }));
}

TEST(HttpLimits, TurnsAwayConnectionsOverTheirNumber) {
  ServerSettings settings;
  settings.max_connections = 2;
  TestServer server(settings);
  RawSocket first(server.port());
  RawSocket second(server.port());
  ASSERT_TRUE(eventually([&] { return server.stats().open_connections == 2; }));
  RawSocket third(server.port());
  EXPECT_EQ(third.read_all(), "");
  EXPECT_TRUE(third.closed_by_peer());
  EXPECT_EQ(server.stats().over_limit, 1U);
  first.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has_status(first.read_all(), 200));
}

TEST(HttpLimits, WaitsWhileThereIsNoDescriptorLeft) {
  TestServer server;
  RawSocket before(server.port());
  ASSERT_TRUE(eventually([&] { return server.stats().accepted == 1; }));
  rlimit old_limit{};
  ::getrlimit(RLIMIT_NOFILE, &old_limit);
  rlimit few = old_limit;
  few.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> fillers;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) {
    fillers.push_back(fd);
  }
  ASSERT_FALSE(fillers.empty());
  ::close(fillers.back());
  fillers.pop_back();
  RawSocket client(server.port());  // takes the last one; the server has none to accept it with
  EXPECT_TRUE(eventually([&] { return server.stats().accept_errors > 0; }));
  before.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(has_status(before.read_until("GET /?"), 200)) << "the others are served";
  for (const int fd : fillers) {
    ::close(fd);
  }
  ::setrlimit(RLIMIT_NOFILE, &old_limit);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has_status(client.read_all(), 200));
  EXPECT_LT(server.stats().accept_errors, 100U) << "it must not spin";
}

}  // namespace
}  // namespace unhidra::net::test
