// Three connections, their bytes, their ends, time and the disk, in an order that the input
// chooses. Whatever happens, what the broker wrote can be read back, and so can a snapshot of it;
// both give the same sessions, subscriptions and retained messages.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "unhidra/mqtt/broker.h"

namespace {

using namespace unhidra;
using namespace unhidra::mqtt;

struct Log final : Journal {
  std::vector<Bytes> records;
  std::uint64_t append(ByteView record) override {
    records.push_back(to_bytes(record));
    return records.size();
  }
  std::size_t backlog() const override { return 0; }
};

struct Anybody final : Authority {
  std::shared_ptr<const Principal> nobody = std::make_shared<const Principal>();
  std::optional<Admission> connect(ConnectionId, const Peer&, const Connect&) override {
    return Admission{.principal = nobody};
  }
  ReasonCode publish(const Principal&, const PublishRequest&) override {
    return ReasonCode::success;
  }
  ReasonCode subscribe(const Principal&, std::string_view, const SubscriptionOptions&) override {
    return ReasonCode::success;
  }
  std::shared_ptr<const Principal> restore(std::string_view, std::string_view) override {
    return nobody;
  }
};

struct Zeros final : RandomSource {
  void fill(MutableByteView out) override { std::ranges::fill(out, next++); }
  Byte next = 0;
};

struct Wire final : Link {
  Bytes bytes;
  bool closed = false;
  Bytes& output() override { return bytes; }
  void flush() override { bytes.clear(); }
  std::size_t queued() const override { return bytes.size(); }
  void pause_reading(bool) override {}
  void close() override { closed = true; }
};

struct World {
  Anybody anybody;
  Zeros zeros;
  Moment now{Timestamp(std::chrono::hours(1000)), SteadyTime(std::chrono::hours(1))};

  std::unique_ptr<Broker> make(Journal* journal) {
    BrokerSettings settings;
    settings.max_packet = 4096;
    settings.max_queued_messages = 8;
    settings.max_output = 512;
    return std::make_unique<Broker>(settings, anybody, journal, nullptr, zeros, now);
  }
  // What a broker is that reads these records; aborts when it cannot.
  std::array<std::size_t, 3> read_back(const std::vector<Bytes>& records) {
    const auto broker = make(nullptr);
    for (const auto& record : records) {
      if (!broker->replay(record)) {
        std::abort();
      }
    }
    const auto stats = broker->stats();
    return {stats.sessions, stats.subscriptions, stats.retained};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  Log log;
  const auto broker = world.make(&log);
  std::array<Wire, 3> wires;
  std::array<ConnectionId, 3> ids{};
  ByteView input(data, size);
  while (input.size() >= 2) {
    const auto which = input[0] % 3U;
    const auto what = input[0] / 3U;
    const std::size_t length = input[1];
    input = input.subspan(2);
    if (what == 0) {
      world.now.wall += std::chrono::seconds(length);
      world.now.steady += std::chrono::seconds(length);
      broker->tick(world.now);
    } else if (what == 1) {
      broker->durable(log.records.size(), world.now);
    } else if (what == 2) {
      broker->lost(ids[which], world.now);
      wires[which] = Wire();
      ids[which] = 0;
    } else {
      if (ids[which] == 0 || wires[which].closed) {
        wires[which] = Wire();
        ids[which] = broker->accept(wires[which], {}, world.now);
      }
      const auto bytes = input.first(std::min(length, input.size()));
      input = input.subspan(bytes.size());
      broker->receive(ids[which], bytes, world.now);
    }
    broker->flush();
  }
  std::vector<Bytes> snapshot;
  broker->begin_snapshot();
  while (const auto part = broker->next_part(3)) {
    part->write([&](ByteView record) { snapshot.push_back(to_bytes(record)); });
  }
  if (world.read_back(log.records) != world.read_back(snapshot)) {
    std::abort();
  }
  return 0;
}
