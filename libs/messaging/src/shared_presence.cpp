#include "unhidra/messaging/shared_presence.h"

#include <algorithm>
#include <mutex>
#include <span>
#include <unordered_map>

#include "unhidra/base/codec.h"
#include "unhidra/runtime/log.h"
#include "unhidra/runtime/siphash.h"

namespace unhidra::messaging {
namespace {

constexpr std::string_view kChanges = "presence.changes";
constexpr std::string_view kAsk = "presence.ask";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kPerMessage = 1000;  // leases, 49 bytes each

using Origin = std::pair<std::uint64_t, std::uint64_t>;

struct Entry {
  PresenceLease lease;
  PresenceState state = PresenceState::online;
};

void write(ByteWriter& out, const Entry& entry) {
  out.raw(entry.lease.user.bytes())
      .raw(entry.lease.device.bytes())
      .raw(entry.lease.connection.bytes())
      .u8(static_cast<std::uint8_t>(entry.state));
}

Entry read_entry(ByteReader& in) {
  Entry out;
  out.lease.user = UserId(in.array<16>());
  out.lease.device = DeviceId(in.array<16>());
  out.lease.connection = ConnectionId(in.array<16>());
  const auto state = in.u8();
  if (state > static_cast<std::uint8_t>(PresenceState::away)) {
    in.set_failed();
  }
  out.state = static_cast<PresenceState>(state);
  return out;
}

}  // namespace

struct SharedPresence::State : std::enable_shared_from_this<SharedPresence::State> {
  State(PresenceTable& t, Bus& b) : table(t), bus(b) {
    const auto random = runtime::random_sip_key();
    origin = {random.k0, random.k1};
  }

  Bytes head() const {
    return std::move(ByteWriter().u8(kVersion).u64(origin.first).u64(origin.second)).take();
  }
  void tell(std::span<const Entry> entries);
  void tell_all();
  void hear(ByteView payload);

  PresenceTable& table;
  Bus& bus;
  Origin origin;
  std::mutex mutex;  // guards the next two
  bool shared = false;
  std::unordered_map<ConnectionId, Entry> own;
  Subscription changes;
  Subscription asked;
};

// What is not told now is told with the next refresh.
void SharedPresence::State::tell(std::span<const Entry> entries) {
  for (std::size_t at = 0; at < entries.size(); at += kPerMessage) {
    ByteWriter out;
    out.raw(head());
    for (const auto& entry : entries.subspan(at, std::min(kPerMessage, entries.size() - at))) {
      write(out, entry);
    }
    if (const auto sent = bus.publish(kChanges, std::move(out).take()); !sent) {
      log::warn("presence.not_told", {{"error", sent.error()}});
    }
  }
}

void SharedPresence::State::tell_all() {
  std::vector<Entry> entries;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [id, entry] : own) {
      entries.push_back(entry);
    }
  }
  tell(entries);
}

void SharedPresence::State::hear(ByteView payload) {
  ByteReader in(payload);
  const auto version = in.u8();
  const auto first = in.u64();
  const auto second = in.u64();
  if (in.failed() || version != kVersion || Origin(first, second) == origin) {
    return;  // another release's, or its own echo
  }
  while (in.remaining() > 0) {
    const auto entry = read_entry(in);
    if (in.failed()) {
      log::warn("presence.bad_message");
      return;
    }
    table.apply(entry.lease, entry.state);
  }
}

SharedPresence::SharedPresence(PresenceTable& table, Bus& bus)
    : state_(std::make_shared<State>(table, bus)) {}

SharedPresence::~SharedPresence() {
  stop();
}

Status SharedPresence::start(Executor executor) {
  UNHIDRA_TRY(state_->changes,
              state_->bus.subscribe(kChanges, executor,
                                    [state = state_.get()](const Message& message) {
                                      state->hear(message.payload.view());
                                    },
                                    {.max_pending = 65'536}));
  UNHIDRA_TRY(state_->asked,
              state_->bus.subscribe(kAsk, executor, [state = state_.get()](const Message& message) {
                if (!std::ranges::equal(message.payload.view(), state->head())) {
                  state->tell_all();
                }
              }));
  {
    const std::lock_guard lock(state_->mutex);
    state_->shared = true;
  }
  return state_->bus.publish(kAsk, state_->head());
}

void SharedPresence::stop() {
  state_->changes.reset();
  state_->asked.reset();
  const std::lock_guard lock(state_->mutex);
  state_->shared = false;
}

Task<Status> SharedPresence::set(PresenceLease lease, PresenceState state) {
  const Entry entry{lease, state};
  bool shared = false;
  {
    const std::lock_guard lock(state_->mutex);
    shared = state_->shared;
    if (shared && state == PresenceState::offline) {
      state_->own.erase(lease.connection);
    } else if (shared) {
      state_->own.insert_or_assign(lease.connection, entry);
    }
  }
  if (shared) {
    state_->tell({&entry, 1});
  }
  co_return co_await state_->table.set(lease, state);
}

Task<Status> SharedPresence::refresh(std::vector<PresenceLease> leases) {
  std::vector<Entry> entries;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& lease : leases) {
      if (const auto found = state_->own.find(lease.connection); found != state_->own.end()) {
        entries.push_back(found->second);
      }
    }
  }
  state_->tell(entries);
  co_return co_await state_->table.refresh(std::move(leases));
}

Task<Status> SharedPresence::remove(PresenceLease lease) {
  co_return co_await set(lease, PresenceState::offline);
}

Task<Result<std::vector<PresenceChange>>> SharedPresence::look_up(std::vector<UserId> users) {
  co_return co_await state_->table.look_up(std::move(users));
}

std::unique_ptr<Presence::Watch> SharedPresence::watch(Executor executor, Handler handler) {
  return state_->table.watch(std::move(executor), std::move(handler));
}

}  // namespace unhidra::messaging
