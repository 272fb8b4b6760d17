// libolm's side of e2ee_bench: its own interface, which takes and gives base64.
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <olm/olm.h>
#include <openssl/rand.h>

#include "batches.h"

namespace unhidra {
namespace {

void check(std::size_t result) {
  if (result == olm_error()) {
    std::abort();
  }
}

std::string random_bytes(std::size_t size) {
  std::string out(size, '\0');
  if (size > 0 &&
      RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) != 1) {
    std::abort();
  }
  return out;
}

// The value of a flat JSON string field.
std::string field(const std::string& json, const std::string& name) {
  const auto key = json.find("\"" + name + "\":\"") + name.size() + 4;
  return json.substr(key, json.find('"', key) - key);
}

struct Message {
  std::size_t type;
  std::string body;
};

class Session {
 public:
  Session() : memory_(olm_session_size()), session(olm_session(memory_.data())) {}

  Message encrypt(const std::string& text) {
    Message out{olm_encrypt_message_type(session),
                std::string(olm_encrypt_message_length(session, text.size()), '\0')};
    auto random = random_bytes(olm_encrypt_random_length(session));
    check(olm_encrypt(session, text.data(), text.size(), random.data(), random.size(),
                      out.body.data(), out.body.size()));
    return out;
  }
  void decrypt(const Message& message) {
    std::string body = message.body;
    std::string text(
        olm_decrypt_max_plaintext_length(session, message.type, body.data(), body.size()), '\0');
    body = message.body;
    check(olm_decrypt(session, message.type, body.data(), body.size(), text.data(), text.size()));
  }

 private:
  std::vector<char> memory_;

 public:
  OlmSession* session;
};

class Account {
 public:
  Account() : memory_(olm_account_size()), account(olm_account(memory_.data())) {
    auto random = random_bytes(olm_create_account_random_length(account));
    check(olm_create_account(account, random.data(), random.size()));
    std::string keys(olm_account_identity_keys_length(account), '\0');
    check(olm_account_identity_keys(account, keys.data(), keys.size()));
    identity = field(keys, "curve25519");
  }
  std::string one_time_key() {
    auto random = random_bytes(olm_account_generate_one_time_keys_random_length(account, 1));
    check(olm_account_generate_one_time_keys(account, 1, random.data(), random.size()));
    std::string keys(olm_account_one_time_keys_length(account), '\0');
    check(olm_account_one_time_keys(account, keys.data(), keys.size()));
    olm_account_mark_keys_as_published(account);
    const auto start = keys.find("\":\"", keys.find("curve25519\":{")) + 3;
    return keys.substr(start, keys.find('"', start) - start);
  }
  void start(Session& out, const std::string& their_identity, const std::string& their_key) {
    auto random = random_bytes(olm_create_outbound_session_random_length(out.session));
    check(olm_create_outbound_session(out.session, account, their_identity.data(),
                                      their_identity.size(), their_key.data(), their_key.size(),
                                      random.data(), random.size()));
  }
  void accept(Session& out, const Message& message) {
    std::string body = message.body;
    check(olm_create_inbound_session(out.session, account, body.data(), body.size()));
    check(olm_remove_one_time_keys(account, out.session));
  }

 private:
  std::vector<char> memory_;

 public:
  OlmAccount* account;
  std::string identity;
};

struct Pair {
  Account alice_account;
  Account bob_account;
  Session alice;
  Session bob;
  std::string text = std::string(kTextSize, 'x');

  void greet() {
    alice_account.start(alice, bob_account.identity, bob_account.one_time_key());
    const auto first = alice.encrypt(text);
    bob_account.accept(bob, first);
    bob.decrypt(first);
    alice.decrypt(bob.encrypt(text));
  }
};

// Without a signed prekey: libolm knows none.
void libolm_session(benchmark::State& state) {
  Pair pair;
  std::vector<std::string> keys(10);
  run_batches(
      state, 10,
      [&] {
        for (auto& key : keys) {
          key = pair.bob_account.one_time_key();
        }
      },
      [&](int i) {
        Session alice;
        Session bob;
        pair.alice_account.start(alice, pair.bob_account.identity,
                                 keys[static_cast<std::size_t>(i)]);
        const auto first = alice.encrypt(pair.text);
        pair.bob_account.accept(bob, first);
        bob.decrypt(first);
      });
}
BENCHMARK(libolm_session)->Apply(dear);

void libolm_encrypt(benchmark::State& state) {
  Pair pair;
  pair.greet();
  std::size_t size = 0;
  (void)pair.alice.encrypt(pair.text);
  run_batches(state, kBatch, [] {}, [&](int) { size = pair.alice.encrypt(pair.text).body.size(); });
  // As bytes: what base64 carries.
  state.counters["growth"] = static_cast<double>(size * 3 / 4 - kTextSize);
}
BENCHMARK(libolm_encrypt)->Apply(cheap);

void libolm_decrypt(benchmark::State& state) {
  Pair pair;
  pair.greet();
  pair.bob.decrypt(pair.alice.encrypt(pair.text));
  std::vector<Message> messages(kBatch);
  run_batches(
      state, kBatch,
      [&] {
        for (auto& message : messages) {
          message = pair.alice.encrypt(pair.text);
        }
      },
      [&](int i) { pair.bob.decrypt(messages[static_cast<std::size_t>(i)]); });
}
BENCHMARK(libolm_decrypt)->Apply(cheap);

void libolm_dh_step(benchmark::State& state) {
  Pair pair;
  pair.greet();
  bool from_alice = true;
  run_batches(
      state, 20, [] {},
      [&](int) {
        if (std::exchange(from_alice, !from_alice)) {
          pair.bob.decrypt(pair.alice.encrypt(pair.text));
        } else {
          pair.alice.decrypt(pair.bob.encrypt(pair.text));
        }
      });
}
BENCHMARK(libolm_dh_step)->Apply(dear);

// libolm keeps at most 40 keys.
void libolm_out_of_order(benchmark::State& state) {
  Pair pair;
  pair.greet();
  const auto kept = static_cast<int>(state.range(0));
  std::vector<Message> messages(static_cast<std::size_t>(kept));
  run_batches(
      state, kept,
      [&] {
        for (auto& message : messages) {
          message = pair.alice.encrypt(pair.text);
        }
        pair.bob.decrypt(pair.alice.encrypt(pair.text));
      },
      [&](int i) { pair.bob.decrypt(messages[static_cast<std::size_t>(i)]); });
}
BENCHMARK(libolm_out_of_order)->Arg(10)->Arg(40)->Apply(cheap);

}  // namespace
}  // namespace unhidra
