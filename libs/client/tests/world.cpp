#include "world.h"

namespace unhidra::client::testing {

Status FaultyStore::commit(std::span<Mutation> mutations) {
  ++commits;
  const bool fails = commits == fail_at;
  if (!fails || after) {
    EXPECT_TRUE(store_->commit(mutations));
  }
  if (fails) {
    return fail(unhidra::Errc::unavailable, "planned");
  }
  return {};
}

void copy_store(MemoryStore& from, MemoryStore& to) {
  to = MemoryStore();
  for (int table = 1; table <= static_cast<int>(Table::device_channel); ++table) {
    auto records = from.load(static_cast<Table>(table));
    std::vector<Mutation> mutations;
    for (auto& record : *records) {
      mutations.push_back({static_cast<Table>(table), record.key, std::move(record.value)});
    }
    ASSERT_TRUE(to.commit(mutations));
  }
}

Phone::Phone(const crypto::Provider& crypto_in, RandomSource& random_in, const Clock& clock_in,
             const Enrollment& enrollment_in, const Limits& limits_in)
    : enrollment(enrollment_in),
      limits(limits_in),
      store(std::make_unique<FaultyStore>(memory)),
      crypto(&crypto_in),
      random(&random_in),
      clock(&clock_in) {
  reopen();
}

void Phone::reopen() {
  engine.reset();
  to_server.clear();
  auto opened = Engine::open({*store, *crypto, *random, *clock}, limits);
  ASSERT_TRUE(opened) << opened.error().message();
  engine.emplace(std::move(*opened));
  if (!engine->enrolled()) {
    const auto enrolled = engine->enroll(enrollment);
    crashed = !enrolled;
  }
}

void Phone::take() {
  auto actions = engine->take_actions();
  for (auto& frame : actions.frames) {
    to_server.push_back(std::move(frame));
  }
  for (auto& event : actions.events) {
    events.push_back(std::move(event));
  }
  reconnect = reconnect || actions.reconnect;
}

std::vector<Message> Phone::history(UserId peer) const {
  const auto conversation = engine->conversation_with(peer);
  if (!conversation || !*conversation) {
    return {};
  }
  auto out = engine->history((*conversation)->id, UINT64_MAX, 10'000);
  EXPECT_TRUE(out);
  return out ? std::move(*out) : std::vector<Message>();
}

std::vector<std::string> Phone::texts(UserId peer) const {
  std::vector<std::string> out;
  for (const auto& message : history(peer)) {
    out.push_back(message.text);
  }
  return out;
}

std::vector<std::string> Phone::texts(ConversationId conversation) const {
  std::vector<std::string> out;
  const auto messages = engine->history(conversation, UINT64_MAX, 10'000);
  for (const auto& message : messages.value_or(std::vector<Message>())) {
    if (message.state != MessageState::unreadable && message.state != MessageState::failed &&
        message.state != MessageState::notice) {
      out.push_back(message.text);
    }
  }
  return out;
}

World::World(std::uint64_t seed)
    : random(seed), crypto(crypto::native_provider()), server(crypto, random, clock) {}

Phone& World::add_phone(UserId user, const std::string& name) {
  const auto device = server.add_device(user, name);
  phones.push_back(std::make_unique<Phone>(
      crypto, random, clock, Enrollment{user, device, server.user(user).name}, limits));
  return *phones.back();
}

Phone& World::join(const std::string& name) {
  auto& phone = add_phone(add_user(name));
  connect(phone);
  settle();
  return phone;
}

void World::keep_few_keys() {
  limits.pre_key_target = 5;
  limits.pre_key_low = 2;
  limits.key_package_target = 6;
  limits.key_package_low = 3;
}

void World::connect(Phone& phone) {
  phone.to_server.clear();
  server.connect(phone.enrollment.device);
  phone.crashed = !phone.engine->connection_opened() || phone.crashed;
  phone.take();
}

void World::disconnect(Phone& phone) {
  server.disconnect(phone.enrollment.device);
  phone.crashed = !phone.engine->connection_closed() || phone.crashed;
  phone.take();
  phone.to_server.clear();
}

void World::check_crash(Phone& phone) {
  if (phone.crashed) {
    phone.crashed = false;
    ++phone.crashes;
    server.disconnect(phone.enrollment.device);
    phone.reopen();
    if (!phone.crashed) {
      connect(phone);
    }
  } else if (phone.reconnect) {
    phone.reconnect = false;
    disconnect(phone);
    connect(phone);
  }
}

void World::settle() {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& phone : phones) {
      check_crash(*phone);
      phone->take();
      while (!phone->to_server.empty()) {
        const auto frame = std::move(phone->to_server.front());
        phone->to_server.pop_front();
        server.handle(phone->enrollment.device, frame);
        moved = true;
      }
      auto& incoming = server.outgoing(phone->enrollment.device);
      while (!incoming.empty() && !phone->crashed) {
        const auto frame = std::move(incoming.front());
        incoming.pop_front();
        const auto received = phone->engine->receive(wire::encode(frame));
        phone->crashed = !received && received.error() == Errc::store_failed;
        EXPECT_TRUE(received || phone->crashed) << received.error().message();
        phone->take();
        moved = true;
      }
      moved = moved || phone->crashed || phone->reconnect;
    }
  }
}

void World::settle_over(std::chrono::seconds time) {
  settle();
  for (std::chrono::seconds passed{}; passed < time; passed += std::chrono::seconds(5)) {
    clock.advance(std::chrono::seconds(5));
    for (auto& phone : phones) {
      phone->crashed = !phone->engine->tick() || phone->crashed;
    }
    settle();
  }
}

bool World::move_one() {
  const auto start = random.below(phones.size() * 2);
  for (std::size_t i = 0; i < phones.size() * 2; ++i) {
    const auto at = (start + i) % (phones.size() * 2);
    auto& phone = *phones[at / 2];
    check_crash(phone);
    phone.take();
    auto& incoming = server.outgoing(phone.enrollment.device);
    if (at % 2 == 0 && !phone.to_server.empty()) {
      server.handle(phone.enrollment.device, phone.to_server.front());
      phone.to_server.pop_front();
      return true;
    }
    if (at % 2 == 1 && !incoming.empty()) {
      const auto frame = std::move(incoming.front());
      incoming.pop_front();
      phone.crashed = !phone.engine->receive(wire::encode(frame)) || phone.crashed;
      phone.take();
      return true;
    }
  }
  return false;
}

void World::approve(Phone& approver, Phone& added) {
  ASSERT_TRUE(approver.engine->refresh_user(approver.enrollment.user));
  settle();
  ASSERT_TRUE(approver.engine->approve_device(added.enrollment.device));
  settle();
  ASSERT_EQ(added.engine->account()->membership, Membership::approved);
  ASSERT_TRUE(added.engine->account()->has_account_key);
}

}  // namespace unhidra::client::testing
