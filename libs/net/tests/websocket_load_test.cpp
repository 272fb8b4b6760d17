// Many connections, slow readers, other threads, silence and shutdown.
#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "unhidra/net/errc.h"

#include "raw_websocket.h"
#include "test_server.h"

namespace unhidra::net::test {
namespace {

std::string sink_upgrade() {
  std::string out(kUpgrade);
  return out.replace(4, 3, "/sink");
}

TEST(WebSocketLoad, OneThousandConnectionsEcho) {
  constexpr std::size_t kConnections = 1000;
  const auto certificate = make_certificate();
  TestServer server({}, TlsServerContext::create(tls_settings(certificate)).value());
  runtime::IoThreads clients(1);
  auto settings = client_settings(server.port());
  settings.tls = TlsClientContext::create({.ca_pem = certificate.pem}).value();
  settings.server_name = "localhost";
  settings.timeout = 60s;
  std::vector<std::shared_ptr<EchoListener>> listeners;
  std::atomic<std::size_t> connected{0};
  std::atomic<std::size_t> failed{0};
  for (std::size_t i = 0; i < kConnections; ++i) {
    listeners.push_back(std::make_shared<EchoListener>());
    listeners.back()->set_echo(false);
    settings.local_address = "127.0.0." + std::to_string(2 + i % 4);
    connect_websocket(clients.at(0), settings, listeners.back(), [&](auto result) {
      if (result) {
        ++connected;
        (*result)->send_text("hello");
      } else {
        ++failed;
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return connected + failed == kConnections; }, 60s));
  EXPECT_EQ(failed, 0U);
  EXPECT_EQ(server.stats().open_websockets, kConnections);
  EXPECT_TRUE(eventually(
      [&] {
        return std::ranges::all_of(listeners, [](const auto& one) { return one->messages() == 1; });
      },
      30s));
  // Two-phase stop: every client hears why.
  EXPECT_EQ(server.shutdown(20s, CloseCode::service_restart), 0U);
  EXPECT_TRUE(eventually([&] {
    return std::ranges::all_of(listeners, [](const auto& one) {
      return one->closes() == 1 && one->close_code() == CloseCode::service_restart &&
             one->close_reason() == "bye";
    });
  }));
  EXPECT_EQ(server.stats().open_connections, 0U);
}

TEST(WebSocketLoad, CutsOffAReaderThatIsTooSlow) {
  TestServer server;
  WebSocketSettings settings;
  settings.max_queued_bytes = 256 * 1024;
  server.handler().websocket_settings = settings;
  RawWebSocket raw(server.port(), sink_upgrade());
  const auto listener = server.handler().last_listener();
  const auto connection = listener->connection();
  std::size_t most = 0;
  for (int i = 0; i < 2000 && connection->is_open(); ++i) {
    connection->send_binary(Bytes(64 * 1024, 'x'));
    most = std::max(most, connection->queued_bytes());
  }
  ASSERT_TRUE(eventually([&] { return listener->closes() == 1; }));
  EXPECT_EQ(listener->close_code(), CloseCode::policy_violation);
  EXPECT_LE(most, 2 * settings.max_queued_bytes);
  EXPECT_EQ(server.stats().slow_readers, 1U);
  EXPECT_FALSE(connection->is_open());
}

TEST(WebSocketLoad, KeepsTheOrderOfEachThreadThatSends) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 2000;
  TestServer server;
  RawWebSocket raw(server.port(), sink_upgrade());
  const auto connection = server.handler().last_listener()->connection();
  std::vector<std::thread> senders;
  for (int t = 0; t < kThreads; ++t) {
    senders.emplace_back([&, t] {
      for (int i = 0; i < kMessages; ++i) {
        connection->send_binary(
            {static_cast<Byte>(t), static_cast<Byte>(i >> 8), static_cast<Byte>(i & 0xff)});
      }
    });
  }
  std::array<int, kThreads> next{};
  for (int n = 0; n < kThreads * kMessages; ++n) {
    const auto [first, payload] = raw.next();
    ASSERT_EQ(first, 0x82);
    ASSERT_EQ(payload.size(), 3U);
    const auto thread = static_cast<std::size_t>(payload[0]);
    const int number = (static_cast<Byte>(payload[1]) << 8) | static_cast<Byte>(payload[2]);
    ASSERT_EQ(number, next.at(thread)++);
  }
  for (auto& sender : senders) {
    sender.join();
  }
  EXPECT_TRUE(eventually([&] { return connection->queued_bytes() == 0; }));
}

TEST(WebSocketLoad, SurvivesThreadsThatSendWhileItCloses) {
  TestServer server;
  for (int round = 0; round < 20; ++round) {
    const auto listener = std::make_shared<EchoListener>();
    const auto client = connect(server.threads().next(), client_settings(server.port()), listener);
    ASSERT_TRUE(client);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([connection = *client, t] {
        for (int i = 0; i < 200; ++i) {
          connection->send_text("x");
          if (t == 1 && i == 100) {
            connection->close(CloseCode::normal, "enough");
          }
          if (t == 2 && i == 150) {
            connection->abort();
          }
        }
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    EXPECT_TRUE(eventually([&] { return listener->closes() == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return server.stats().open_connections == 0; }));
}

TEST(WebSocketLoad, SaysWhenTheQueueIsEmptyAgain) {
  TestServer server;
  server.handler().websocket_settings = WebSocketSettings{.max_queued_bytes = 8 << 20};
  RawWebSocket raw(server.port(), sink_upgrade());
  const auto listener = server.handler().last_listener();
  listener->connection()->send_binary(Bytes(6 << 20, 'x'));
  EXPECT_EQ(raw.socket().read_bytes(6 << 20).size(), std::size_t{6} << 20);
  EXPECT_TRUE(eventually([&] { return listener->drains() == 1; }));
  EXPECT_TRUE(eventually([&] { return listener->connection()->queued_bytes() == 0; }));
}

TEST(WebSocketHeartbeat, PingsASilentPeerAndGivesUpOnADeadOne) {
  TestServer server;
  server.handler().websocket_settings =
      WebSocketSettings{.ping_interval = 100ms, .idle_timeout = 400ms};
  const auto alive = std::make_shared<EchoListener>();
  const auto client = connect(server.threads().at(0), client_settings(server.port()), alive);
  ASSERT_TRUE(client);
  RawWebSocket dead(server.port());  // answers no ping
  EXPECT_EQ(dead.next(), (std::pair<Byte, std::string>(0x89, "")));
  const auto listener = server.handler().last_listener();
  ASSERT_TRUE(eventually([&] { return listener->closes() == 1; }));
  EXPECT_EQ(listener->close_code(), CloseCode::abnormal);
  std::this_thread::sleep_for(500ms);
  EXPECT_TRUE((*client)->is_open());
  EXPECT_EQ(alive->closes(), 0);
  EXPECT_EQ(server.stats().timeouts, 1U);
}

TEST(WebSocketHeartbeat, GivesUpWhenTheCloseFrameIsNotAnswered) {
  TestServer server;
  server.handler().websocket_settings = WebSocketSettings{.close_timeout = 100ms};
  RawWebSocket raw(server.port());
  const auto listener = server.handler().last_listener();
  listener->connection()->close(CloseCode::normal, "bye");
  EXPECT_EQ(raw.next_close(), 1000);
  ASSERT_TRUE(eventually([&] { return listener->closes() == 1; }));
  EXPECT_EQ(listener->close_code(), CloseCode::abnormal);
}

TEST(WebSocketLoad, AnEventLoopMayEndUnderItsConnections) {
  TestHandler handler;
  const auto listener = std::make_shared<EchoListener>();
  {
    runtime::IoThreads threads(2);
    Server server({threads.at(0), threads.at(1)}, {}, nullptr, handler);
    ASSERT_TRUE(server.start());
    RawWebSocket raw(server.port(), sink_upgrade());
    RawSocket waiting(server.port());
    waiting.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(connect(threads.at(1), client_settings(server.port()), listener));
    handler.last_listener()->connection()->send_binary(Bytes(1000));
    threads.stop();
  }
  EXPECT_EQ(listener->closes(), 0) << "nobody is left to say it";
}

TEST(WebSocketClient, SaysWhyItCouldNotConnect) {
  TestServer server;
  const auto executor = server.threads().at(0);
  const auto attempt = [&](auto change) {
    auto settings = client_settings(server.port());
    change(settings);
    const auto listener = std::make_shared<EchoListener>();
    const auto result = connect(executor, settings, listener);
    EXPECT_FALSE(result);
    EXPECT_EQ(listener->closes(), 0) << "nothing was opened";
    return result ? ErrorCode{} : result.error().code();
  };
  using E = net::Errc;
  EXPECT_EQ(attempt([](auto& s) { s.target = "/deny"; }), error_code(E::upgrade_denied));
  EXPECT_EQ(attempt([](auto& s) { s.target = "/login"; }), error_code(E::upgrade_unauthorized));
  EXPECT_EQ(attempt([](auto& s) { s.port = 1; }), error_code(E::connect_failed));
  EXPECT_EQ(attempt([](auto& s) { s.host = "no-such-host.invalid"; }),
            error_code(E::connect_failed));
  EXPECT_EQ(attempt([](auto& s) { s.local_address = "192.0.2.1"; }), error_code(E::bad_settings));
  EXPECT_EQ(attempt([](auto& s) { s.headers.add("X", "a\r\nb"); }), error_code(E::bad_settings));
  EXPECT_EQ(attempt([](auto& s) {
              s.target = "/later";
              s.timeout = 1ms;
            }),
            error_code(E::timed_out));
}

TEST(WebSocketClient, CanBeAwaited) {
  TestServer server;
  const auto talk = [](Executor executor, WebSocketClientSettings settings,
                       std::shared_ptr<EchoListener> listener) -> Task<bool> {
    const auto connected = co_await connect_websocket(executor, settings, listener);
    co_return connected && listener->connection() == *connected;
  };
  auto done = boost::asio::co_spawn(server.threads().at(0),
                                    talk(server.threads().at(1), client_settings(server.port()),
                                         std::make_shared<EchoListener>()),
                                    boost::asio::use_future);
  EXPECT_TRUE(done.get());
}

}  // namespace
}  // namespace unhidra::net::test
