// Byte streams, the same over every transport.
#include "unhidra/net/stream.h"

#include <gtest/gtest.h>

#include "unhidra/net/errc.h"

#include "raw_websocket.h"
#include "stream_world.h"

namespace unhidra::net::test {
namespace {

constexpr std::size_t kMega = 1 << 20;

// No two of its windows are alike: what is lost, doubled or swapped shows.
std::string pattern(std::size_t size) {
  std::string out;
  out.reserve(size + 16);
  for (std::uint64_t i = 0; out.size() < size; ++i) {
    out += std::to_string(i * 2654435761U) + ",";
  }
  out.resize(size);
  return out;
}

constexpr StreamDoor kTcp{StreamTransport::tcp, false, "Tcp"};
constexpr StreamDoor kTls{StreamTransport::tls, false, "Tls"};
constexpr StreamDoor kWebSocket{StreamTransport::websocket, false, "WebSocket"};
constexpr StreamDoor kFarWebSocket{StreamTransport::websocket, true, "FarWebSocket"};
constexpr StreamDoor kSecureWebSocket{StreamTransport::secure_websocket, false, "SecureWebSocket"};
constexpr StreamDoor kFarSecureWebSocket{StreamTransport::secure_websocket, true,
                                         "FarSecureWebSocket"};

class AnyStream : public testing::TestWithParam<StreamDoor> {
 protected:
  bool is_websocket() const {
    return GetParam().transport == StreamTransport::websocket ||
           GetParam().transport == StreamTransport::secure_websocket;
  }
};
INSTANTIATE_TEST_SUITE_P(Doors, AnyStream,
                         testing::Values(kTcp, kTls, kWebSocket, kFarWebSocket, kSecureWebSocket,
                                         kFarSecureWebSocket),
                         [](const auto& door) { return std::string(door.param.name); });

TEST_P(AnyStream, CarriesBytesBothWaysInOrder) {
  StreamWorld world(GetParam());
  const auto client = world.connect();
  const auto all = pattern(3 * kMega);
  std::size_t at = 0;
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{125}, std::size_t{126},
                                 std::size_t{65'535}, std::size_t{65'536}, kMega}) {
    const auto piece = all.substr(at, size);
    ASSERT_TRUE(client->send(piece));
    ASSERT_EQ(client->read(size), piece) << size;
    at += size;
  }
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  EXPECT_EQ(recorder->received(), all.substr(0, at));
  world.run([&] {
    EXPECT_EQ(recorder->stream().transport(), GetParam().transport);
    EXPECT_EQ(recorder->stream().peer().ip, "127.0.0.1");
  });
  client->close();
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  EXPECT_EQ(recorder->why(), net::Errc::closed);
}

TEST_P(AnyStream, LeavesThePeersBytesWithThePeerWhilePaused) {
  std::atomic<bool> pausing{true};
  StreamWorld world(GetParam(), [&](Stream& stream, ByteView) { stream.pause_reading(pausing); });
  const auto client = world.connect();
  const auto all = pattern(16 * kMega);
  std::atomic<bool> taken{false};
  std::thread sender([&] {
    client->send(all);
    taken = true;
  });
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  ASSERT_TRUE(eventually([&] { return !recorder->received().empty(); }));
  std::this_thread::sleep_for(300ms);
  EXPECT_FALSE(taken);
  EXPECT_LE(recorder->received().size(), 192U * 1024);
  const auto resume = [&] { world.run([&] { recorder->stream().pause_reading(false); }); };
  for (int i = 0; i < 10; ++i) {  // each piece pauses again
    const auto before = recorder->received().size();
    resume();
    ASSERT_TRUE(eventually([&] { return recorder->received().size() > before; }));
  }
  pausing = false;
  resume();
  EXPECT_TRUE(eventually([&] { return recorder->received().size() == all.size(); }, 20s));
  sender.join();
  EXPECT_TRUE(recorder->received() == all);
  EXPECT_EQ(recorder->closes, 0);
}

TEST_P(AnyStream, TellsWhenASlowReaderHasTakenAll) {
  StreamWorld world(GetParam());
  const auto client = world.connect(8 * 1024);
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  const auto all = pattern(12 * kMega);
  world.run([&] {
    auto& stream = recorder->stream();
    append(stream.output(), as_bytes(all));
    EXPECT_EQ(stream.queued(), all.size());
    stream.flush();
  });
  std::this_thread::sleep_for(100ms);
  world.run([&] { EXPECT_GT(recorder->stream().queued(), 0U); });
  EXPECT_EQ(recorder->drains, 0);
  EXPECT_TRUE(client->read(all.size()) == all);
  EXPECT_TRUE(eventually([&] { return recorder->drains >= 1; }));
  world.run([&] { EXPECT_EQ(recorder->stream().queued(), 0U); });
  EXPECT_EQ(recorder->closes, 0);
}

TEST_P(AnyStream, CutsOffWhoReadsNothing) {
  ServerSettings settings;
  settings.write_timeout = 200ms;
  StreamWorld world(GetParam(), {}, settings);
  const auto client = world.connect(8 * 1024);
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  world.run([&] {
    recorder->stream().output().resize(16 * kMega);
    recorder->stream().flush();
  });
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  EXPECT_EQ(world.stats().slow_readers, 1U);
  EXPECT_TRUE(eventually([&] { return world.stats().open_connections == 0; }));
}

TEST_P(AnyStream, FinishesWithWhatWasQueuedAndListensNoMore) {
  StreamWorld world(GetParam(), [](Stream& stream, ByteView) {
    append(stream.output(), as_bytes(pattern(2 * kMega)));
    stream.flush();
    append(stream.output(), as_bytes("the end"));
    stream.finish();
    append(stream.output(), as_bytes("too late"));
    stream.flush();
    stream.finish();
  });
  const auto client = world.connect();
  ASSERT_TRUE(client->send("go"));
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  EXPECT_TRUE(client->read(2 * kMega + 7) == pattern(2 * kMega) + "the end");
  client->send("more");
  if (is_websocket()) {
    client->send_raw(frame(0x88, "\x03\xe8"));
  }
  EXPECT_EQ(client->read_all(), "");
  EXPECT_TRUE(client->closed_by_peer());
  EXPECT_EQ(client->close_code(), is_websocket() ? 1000 : 0);
  client->close();
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  EXPECT_EQ(recorder->received(), "go");
  EXPECT_TRUE(eventually([&] { return world.stats().open_connections == 0; }));
}

TEST_P(AnyStream, AbortsAtOnce) {
  StreamWorld world(GetParam(), [](Stream& stream, ByteView) {
    append(stream.output(), as_bytes("never"));
    stream.abort();
    stream.abort();
    append(stream.output(), as_bytes("neither"));
    stream.flush();
    stream.pause_reading(true);
  });
  const auto client = world.connect();
  ASSERT_TRUE(client->send("go"));
  EXPECT_EQ(client->read_all(), "");
  EXPECT_TRUE(client->closed_by_peer());
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(recorder->closes, 1);
}

TEST_P(AnyStream, AnswersWhatCameBeforeAHalfClose) {
  StreamWorld world(GetParam());
  const auto client = world.connect();
  ASSERT_TRUE(client->send("last words"));
  client->end_output();
  if (!GetParam().other_thread) {  // whose answer comes too late
    EXPECT_EQ(client->read(10), "last words");
  }
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  EXPECT_EQ(recorder->received(), "last words");
}

TEST_P(AnyStream, HearsOfAPeerThatGoesInTheMiddleOfAnAnswer) {
  StreamWorld world(GetParam());
  auto client = world.connect(8 * 1024);
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  world.run([&] {
    recorder->stream().output().resize(16 * kMega);
    recorder->stream().flush();
  });
  client->read(1000);
  client.reset();
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  world.run([&] {
    append(recorder->stream().output(), as_bytes("into the void"));
    recorder->stream().flush();
    recorder->stream().finish();
    EXPECT_EQ(recorder->stream().queued(), 0U);
  });
  EXPECT_TRUE(eventually([&] { return world.stats().open_connections == 0; }));
}

TEST_P(AnyStream, DeliversWhatCameBeforeTheEndOfAPausedPeer) {
  StreamWorld world(GetParam(), [](Stream& stream, ByteView) { stream.pause_reading(true); });
  auto client = world.connect();
  ASSERT_TRUE(client->send("first"));
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  ASSERT_TRUE(eventually([&] { return recorder->received() == "first"; }));
  ASSERT_TRUE(client->send(" second"));
  client.reset();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(recorder->received(), "first");
  EXPECT_EQ(recorder->closes, 0);
  EXPECT_TRUE(eventually([&] {
    world.run([&] { recorder->stream().pause_reading(false); });
    return recorder->closes == 1;
  }));
  EXPECT_EQ(recorder->received(), "first second");
}

TEST_P(AnyStream, ClosesAtOnceWhenNobodyListens) {
  StreamWorld world(GetParam());
  world.refuse = true;
  try {
    const auto client = world.connect();
    EXPECT_EQ(client->read_all(), "");
    EXPECT_TRUE(client->closed_by_peer());
  } catch (const std::runtime_error&) {
    EXPECT_TRUE(is_websocket());  // closed before the answer to the upgrade was out
  }
  EXPECT_TRUE(eventually([&] { return world.stats().open_connections == 0; }));
}

TEST_P(AnyStream, EndsWithItsServer) {
  StreamWorld world(GetParam());
  const auto client = world.connect();
  ASSERT_TRUE(client->send("a"));
  ASSERT_EQ(client->read(1), "a");
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  world.shutdown(50ms);
  EXPECT_EQ(client->read_all(), "");
  EXPECT_TRUE(client->closed_by_peer());
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  EXPECT_EQ(recorder->shutdowns, is_websocket() ? 0 : 1);
  EXPECT_EQ(client->close_code(), is_websocket() ? 1001 : 0);
}

class WebSocketStreams : public AnyStream {};
INSTANTIATE_TEST_SUITE_P(Doors, WebSocketStreams,
                         testing::Values(kWebSocket, kFarWebSocket, kFarSecureWebSocket),
                         [](const auto& door) { return std::string(door.param.name); });

TEST_P(WebSocketStreams, DoNotCareHowMessagesAreCut) {
  ServerSettings settings;
  settings.websocket.max_message_bytes = 100;
  settings.websocket.max_frame_bytes = 100;
  settings.websocket.max_fragments = 4;
  settings.websocket.max_queued_bytes = 100;
  StreamWorld world(GetParam(), {}, settings);
  const auto client = world.connect();
  std::string wire = frame(0x02, "one") + frame(0x89, "are you there?");
  std::string expected = "one";
  for (int i = 0; i < 20; ++i) {  // more fragments than a message may have
    wire += frame(0x00, "-") + frame(0x00, "");
    expected += "-";
  }
  wire += frame(0x80, "") + frame(0x82, "") + frame(0x82, std::string(5000, 'x')) +
          frame(0x02, "") + frame(0x80, "end");
  expected += std::string(5000, 'x') + "end";
  for (const char byte : wire.substr(0, 60)) {
    ASSERT_TRUE(client->send_raw(std::string_view(&byte, 1)));
  }
  ASSERT_TRUE(client->send_raw(wire.substr(60)));
  EXPECT_EQ(client->read(expected.size()), expected);
  EXPECT_EQ(world.opened()->received(), expected);
}

TEST_P(WebSocketStreams, SendOneFrameAFlush) {
  StreamWorld world(GetParam());
  const auto client = world.connect();
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  world.run([&] {
    auto& stream = recorder->stream();
    append(stream.output(), as_bytes("ab"));
    append(stream.output(), as_bytes("cd"));
    stream.flush();
    stream.flush();
    append(stream.output(), as_bytes(std::string(70'000, 'x')));
    stream.flush();
  });
  EXPECT_EQ(client->read(70'004).size(), 70'004U);
  EXPECT_EQ(client->frames(), (std::vector<std::size_t>{4, 70'000}));
}

TEST_P(WebSocketStreams, RefuseText) {
  StreamWorld world(GetParam());
  const auto client = world.connect();
  ASSERT_TRUE(client->send_raw(frame(0x82, "good") + frame(0x81, "bad") + frame(0x82, "late")));
  const auto answer = client->read_all();
  if (!GetParam().other_thread) {  // whose answer comes too late
    EXPECT_EQ(answer, "good");
  }
  EXPECT_EQ(client->close_code(), 1003);
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  client->close();
  EXPECT_TRUE(eventually([&] { return recorder->closes == 1; }));
  EXPECT_EQ(recorder->received(), "good");
}

TEST_P(WebSocketStreams, HoldNoSilenceAgainstAPeerThatIsPaused) {
  ServerSettings settings;
  settings.websocket.ping_interval = 200ms;
  settings.websocket.idle_timeout = 600ms;
  const auto all = pattern(16 * kMega);
  std::atomic<bool> pausing{true};
  StreamWorld world(
      GetParam(), [&](Stream& stream, ByteView) { stream.pause_reading(pausing); }, settings);
  const auto client = world.connect();
  const auto recorder = world.opened();
  ASSERT_NE(recorder, nullptr);
  std::thread sender([&] { client->send(all); });
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(recorder->closes, 0);
  pausing = false;
  world.run([&] { recorder->stream().pause_reading(false); });
  EXPECT_TRUE(eventually([&] { return recorder->received().size() == all.size(); }, 20s));
  sender.join();
  EXPECT_TRUE(recorder->received() == all);
}

}  // namespace
}  // namespace unhidra::net::test
