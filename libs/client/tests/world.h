#pragma once
// A server and some devices around it, moved by hand.

#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include "unhidra/client/engine.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/wire/codec.h"

#include "fake_server.h"

namespace unhidra::client::testing {

using Texts = std::vector<std::string>;

// Fails one chosen commit, either before it took effect or after.
class FaultyStore final : public Store {
 public:
  explicit FaultyStore(MemoryStore& store) : store_(&store) {}
  Result<std::optional<SecretBytes>> get(Table table, ByteView key) override {
    if (table == Table::group_state) {
      states_read.insert(to_bytes(key.first(16)));
    }
    return store_->get(table, key);
  }
  Result<std::vector<Record>> load(Table table) override {
    loaded.insert(table);
    return store_->load(table);
  }
  Status commit(std::span<Mutation> mutations) override;

  std::set<Bytes> states_read;  // the groups, by id
  std::set<Table> loaded;       // as a whole
  std::size_t commits = 0;
  std::size_t fail_at = 0;  // the number of the commit that fails; 0: none
  bool after = false;       // it took effect, but nobody learns of it

 private:
  MemoryStore* store_;
};

// As a backup does.
void copy_store(MemoryStore& from, MemoryStore& to);

class Phone {
 public:
  Phone(const crypto::Provider& crypto, RandomSource& random, const Clock& clock,
        const Enrollment& enrollment, const Limits& limits = {});
  // As after a crash: what was not committed is gone.
  void reopen();
  void take();  // collects the engine's actions

  template <class E>
  std::vector<E> events_of() const {
    std::vector<E> out;
    for (const auto& event : events) {
      if (const auto* one = std::get_if<E>(&event)) {
        out.push_back(*one);
      }
    }
    return out;
  }
  template <class E>
  std::size_t count() const {
    return events_of<E>().size();
  }
  // The texts of the conversation with the user, oldest first.
  std::vector<std::string> texts(UserId peer) const;
  std::vector<Message> history(UserId peer) const;
  // The texts of a conversation of any kind that were sent or could be read.
  std::vector<std::string> texts(ConversationId conversation) const;

  Enrollment enrollment;
  Limits limits;
  MemoryStore memory;
  std::unique_ptr<FaultyStore> store;
  std::optional<Engine> engine;
  std::vector<Event> events;
  std::deque<Bytes> to_server;
  bool reconnect = false;
  bool crashed = false;
  std::size_t crashes = 0;

  const crypto::Provider* crypto;
  RandomSource* random;
  const Clock* clock;
};

class World {
 public:
  explicit World(std::uint64_t seed = 1);

  UserId add_user(const std::string& name) { return server.add_user(name); }
  Phone& add_phone(UserId user, const std::string& name = "phone");
  // Somebody new with one phone, connected.
  Phone& join(const std::string& name);
  void connect(Phone& phone);
  void disconnect(Phone& phone);
  // Moves frames until nothing moves; crashed phones come back and connect again.
  void settle();
  // settle(), and time passes, until all retries are done.
  void settle_over(std::chrono::seconds time);
  bool move_one();  // one frame at a random place
  void check_crash(Phone& phone);
  // Approves `added` from `approver`; both end up approved.
  void approve(Phone& approver, Phone& added);

  // So few, of phones that are added from now on, that they are refilled in a test.
  void keep_few_keys();

  // Of phones that are added from now on. No receipts unless a test is about them.
  Limits limits = [] {
    Limits out;
    out.receipts = false;
    return out;
  }();
  testkit::SeededRandom random;
  testkit::FakeClock clock;
  const crypto::Provider& crypto;
  FakeServer server;
  std::vector<std::unique_ptr<Phone>> phones;
};

}  // namespace unhidra::client::testing
