// libsignal-protocol-c's side of e2ee_bench: OpenSSL behind its crypto callbacks, sessions and keys
// in memory behind its store callbacks. Storing a session record is part of its every operation.
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/rand.h>

extern "C" {
#include <signal/curve.h>
#include <signal/key_helper.h>
#include <signal/protocol.h>
#include <signal/ratchet.h>
#include <signal/session_builder.h>
#include <signal/session_cipher.h>
#include <signal/session_pre_key.h>
#include <signal/signal_protocol.h>
}

#include "batches.h"

namespace unhidra {
namespace {

void check(int result) {
  if (result < 0) {
    std::abort();
  }
}

// ---- crypto callbacks ----

int random_bytes(std::uint8_t* data, std::size_t size, void*) {
  return RAND_bytes(data, static_cast<int>(size)) == 1 ? 0 : SG_ERR_UNKNOWN;
}

EVP_MAC_CTX* prepared_hmac() {
  static EVP_MAC_CTX* const prepared = [] {
    static char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM{"digest", OSSL_PARAM_UTF8_STRING, digest, 6, 0},
                                     OSSL_PARAM{nullptr, 0, nullptr, 0, 0}};
    auto* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    auto* context = EVP_MAC_CTX_new(mac);
    EVP_MAC_CTX_set_params(context, parameters);
    return context;
  }();
  return prepared;
}
int hmac_init(void** context, const std::uint8_t* key, std::size_t size, void*) {
  auto* mac = EVP_MAC_CTX_dup(prepared_hmac());
  *context = mac;
  return EVP_MAC_init(mac, key, size, nullptr) == 1 ? 0 : SG_ERR_UNKNOWN;
}
int hmac_update(void* context, const std::uint8_t* data, std::size_t size, void*) {
  return EVP_MAC_update(static_cast<EVP_MAC_CTX*>(context), data, size) == 1 ? 0 : SG_ERR_UNKNOWN;
}
int hmac_final(void* context, signal_buffer** output, void*) {
  std::uint8_t out[32];
  std::size_t size = 0;
  if (EVP_MAC_final(static_cast<EVP_MAC_CTX*>(context), out, &size, sizeof(out)) != 1) {
    return SG_ERR_UNKNOWN;
  }
  *output = signal_buffer_create(out, size);
  return 0;
}
void hmac_cleanup(void* context, void*) {
  EVP_MAC_CTX_free(static_cast<EVP_MAC_CTX*>(context));
}

int sha512_init(void** context, void*) {
  auto* digest = EVP_MD_CTX_new();
  *context = digest;
  return EVP_DigestInit_ex(digest, EVP_sha512(), nullptr) == 1 ? 0 : SG_ERR_UNKNOWN;
}
int sha512_update(void* context, const std::uint8_t* data, std::size_t size, void*) {
  return EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context), data, size) == 1 ? 0 : SG_ERR_UNKNOWN;
}
int sha512_final(void* context, signal_buffer** output, void*) {
  auto* digest = static_cast<EVP_MD_CTX*>(context);
  std::uint8_t out[64];
  unsigned size = 0;
  if (EVP_DigestFinal_ex(digest, out, &size) != 1 ||
      EVP_DigestInit_ex(digest, EVP_sha512(), nullptr) != 1) {
    return SG_ERR_UNKNOWN;
  }
  *output = signal_buffer_create(out, size);
  return 0;
}
void sha512_cleanup(void* context, void*) {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

int aes_cbc(bool encrypt, signal_buffer** output, int cipher, const std::uint8_t* key,
            std::size_t key_size, const std::uint8_t* iv, const std::uint8_t* in,
            std::size_t in_size) {
  if (cipher != SG_CIPHER_AES_CBC_PKCS5 || key_size != 32) {
    return SG_ERR_INVAL;
  }
  auto* context = EVP_CIPHER_CTX_new();
  std::vector<std::uint8_t> out(in_size + 16);
  int size = 0;
  int last = 0;
  const bool good =
      EVP_CipherInit_ex(context, EVP_aes_256_cbc(), nullptr, key, iv, encrypt ? 1 : 0) == 1 &&
      EVP_CipherUpdate(context, out.data(), &size, in, static_cast<int>(in_size)) == 1 &&
      EVP_CipherFinal_ex(context, out.data() + size, &last) == 1;
  EVP_CIPHER_CTX_free(context);
  *output =
      good ? signal_buffer_create(out.data(), static_cast<std::size_t>(size + last)) : nullptr;
  return good ? 0 : SG_ERR_UNKNOWN;
}
int aes_encrypt(signal_buffer** output, int cipher, const std::uint8_t* key, std::size_t key_size,
                const std::uint8_t* iv, std::size_t, const std::uint8_t* in, std::size_t size,
                void*) {
  return aes_cbc(true, output, cipher, key, key_size, iv, in, size);
}
int aes_decrypt(signal_buffer** output, int cipher, const std::uint8_t* key, std::size_t key_size,
                const std::uint8_t* iv, std::size_t, const std::uint8_t* in, std::size_t size,
                void*) {
  return aes_cbc(false, output, cipher, key, key_size, iv, in, size);
}

signal_context* context() {
  static signal_context* const made = [] {
    signal_context* out = nullptr;
    check(signal_context_create(&out, nullptr));
    signal_crypto_provider provider{};
    provider.random_func = random_bytes;
    provider.hmac_sha256_init_func = hmac_init;
    provider.hmac_sha256_update_func = hmac_update;
    provider.hmac_sha256_final_func = hmac_final;
    provider.hmac_sha256_cleanup_func = hmac_cleanup;
    provider.sha512_digest_init_func = sha512_init;
    provider.sha512_digest_update_func = sha512_update;
    provider.sha512_digest_final_func = sha512_final;
    provider.sha512_digest_cleanup_func = sha512_cleanup;
    provider.encrypt_func = aes_encrypt;
    provider.decrypt_func = aes_decrypt;
    check(signal_context_set_crypto_provider(out, &provider));
    return out;
  }();
  return made;
}

// ---- store callbacks: one peer, so one session ----

using Record = std::vector<std::uint8_t>;

struct Store {
  ratchet_identity_key_pair* identity = nullptr;
  std::optional<Record> session;
  std::map<std::uint32_t, Record> prekeys;
  std::map<std::uint32_t, Record> signed_prekeys;
};
Store& store_of(void* data) {
  return *static_cast<Store*>(data);
}

int load(const Record& record, signal_buffer** out) {
  *out = signal_buffer_create(record.data(), record.size());
  return 1;
}
int load_session(signal_buffer** record, signal_buffer**, const signal_protocol_address*,
                 void* data) {
  const auto& session = store_of(data).session;
  return session ? load(*session, record) : 0;
}
int store_session(const signal_protocol_address*, std::uint8_t* record, std::size_t size,
                  std::uint8_t*, std::size_t, void* data) {
  store_of(data).session.emplace(record, record + size);
  return 0;
}
int contains_session(const signal_protocol_address*, void* data) {
  return store_of(data).session ? 1 : 0;
}
template <auto Keys>
int load_key(signal_buffer** record, std::uint32_t id, void* data) {
  const auto& keys = store_of(data).*Keys;
  const auto found = keys.find(id);
  return found == keys.end() ? SG_ERR_INVALID_KEY_ID : load(found->second, record);
}
template <auto Keys>
int store_key(std::uint32_t id, std::uint8_t* record, std::size_t size, void* data) {
  (store_of(data).*Keys)[id] = Record(record, record + size);
  return 0;
}
template <auto Keys>
int contains_key(std::uint32_t id, void* data) {
  return (store_of(data).*Keys).contains(id) ? 1 : 0;
}
// One-time prekeys are kept, so that a batch of sessions can be started with one.
int remove_key(std::uint32_t, void*) {
  return 0;
}

int identity_pair(signal_buffer** public_data, signal_buffer** private_data, void* data) {
  auto* identity = store_of(data).identity;
  check(ec_public_key_serialize(public_data, ratchet_identity_key_pair_get_public(identity)));
  check(ec_private_key_serialize(private_data, ratchet_identity_key_pair_get_private(identity)));
  return 0;
}
int registration_id(void*, std::uint32_t* id) {
  *id = 1;
  return 0;
}
int save_identity(const signal_protocol_address*, std::uint8_t*, std::size_t, void*) {
  return 0;
}
int trust_identity(const signal_protocol_address*, std::uint8_t*, std::size_t, void*) {
  return 1;
}

struct Message {
  bool prekey;
  Record bytes;
};

class Party {
 public:
  explicit Party(const char* peer)
      : peer_{.name = peer, .name_len = std::strlen(peer), .device_id = 1} {
    check(signal_protocol_key_helper_generate_identity_key_pair(&store_.identity, context()));
    check(signal_protocol_store_context_create(&stores_, context()));
    signal_protocol_session_store sessions{};
    sessions.load_session_func = load_session;
    sessions.store_session_func = store_session;
    sessions.contains_session_func = contains_session;
    sessions.user_data = &store_;
    check(signal_protocol_store_context_set_session_store(stores_, &sessions));
    signal_protocol_pre_key_store prekeys{};
    prekeys.load_pre_key = load_key<&Store::prekeys>;
    prekeys.store_pre_key = store_key<&Store::prekeys>;
    prekeys.contains_pre_key = contains_key<&Store::prekeys>;
    prekeys.remove_pre_key = remove_key;
    prekeys.user_data = &store_;
    check(signal_protocol_store_context_set_pre_key_store(stores_, &prekeys));
    signal_protocol_signed_pre_key_store signed_prekeys{};
    signed_prekeys.load_signed_pre_key = load_key<&Store::signed_prekeys>;
    signed_prekeys.store_signed_pre_key = store_key<&Store::signed_prekeys>;
    signed_prekeys.contains_signed_pre_key = contains_key<&Store::signed_prekeys>;
    signed_prekeys.remove_signed_pre_key = remove_key;
    signed_prekeys.user_data = &store_;
    check(signal_protocol_store_context_set_signed_pre_key_store(stores_, &signed_prekeys));
    signal_protocol_identity_key_store identities{};
    identities.get_identity_key_pair = identity_pair;
    identities.get_local_registration_id = registration_id;
    identities.save_identity = save_identity;
    identities.is_trusted_identity = trust_identity;
    identities.user_data = &store_;
    check(signal_protocol_store_context_set_identity_key_store(stores_, &identities));
  }
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  // Never freed: one bundle for each benchmark.
  session_pre_key_bundle* make_bundle() {
    session_signed_pre_key* signed_prekey = nullptr;
    check(signal_protocol_key_helper_generate_signed_pre_key(&signed_prekey, store_.identity, 1, 1,
                                                             context()));
    signal_buffer* record = nullptr;
    check(session_signed_pre_key_serialize(&record, signed_prekey));
    check(store_key<&Store::signed_prekeys>(1, signal_buffer_data(record),
                                            signal_buffer_len(record), &store_));
    ec_key_pair* pair = nullptr;
    session_pre_key* prekey = nullptr;
    check(curve_generate_key_pair(context(), &pair));
    check(session_pre_key_create(&prekey, 1, pair));
    check(session_pre_key_serialize(&record, prekey));
    check(store_key<&Store::prekeys>(1, signal_buffer_data(record), signal_buffer_len(record),
                                     &store_));
    session_pre_key_bundle* out = nullptr;
    check(session_pre_key_bundle_create(
        &out, 1, 1, 1, ec_key_pair_get_public(pair), 1,
        ec_key_pair_get_public(session_signed_pre_key_get_key_pair(signed_prekey)),
        session_signed_pre_key_get_signature(signed_prekey),
        session_signed_pre_key_get_signature_len(signed_prekey),
        ratchet_identity_key_pair_get_public(store_.identity)));
    return out;
  }

  void forget_session() { store_.session.reset(); }
  void start(session_pre_key_bundle* bundle) {
    session_builder* builder = nullptr;
    check(session_builder_create(&builder, stores_, &peer_, context()));
    check(session_builder_process_pre_key_bundle(builder, bundle));
    session_builder_free(builder);
  }
  Message encrypt(const std::string& text) {
    ciphertext_message* sealed = nullptr;
    auto* cipher = make_cipher();
    check(session_cipher_encrypt(cipher, reinterpret_cast<const std::uint8_t*>(text.data()),
                                 text.size(), &sealed));
    session_cipher_free(cipher);
    const auto* bytes = ciphertext_message_get_serialized(sealed);
    Message out{ciphertext_message_get_type(sealed) == CIPHERTEXT_PREKEY_TYPE,
                Record(signal_buffer_const_data(bytes),
                       signal_buffer_const_data(bytes) + signal_buffer_len(bytes))};
    SIGNAL_UNREF(sealed);
    return out;
  }
  void decrypt(const Message& message) {
    signal_buffer* text = nullptr;
    auto* cipher = make_cipher();
    if (message.prekey) {
      pre_key_signal_message* parsed = nullptr;
      check(pre_key_signal_message_deserialize(&parsed, message.bytes.data(), message.bytes.size(),
                                               context()));
      check(session_cipher_decrypt_pre_key_signal_message(cipher, parsed, nullptr, &text));
      SIGNAL_UNREF(parsed);
    } else {
      signal_message* parsed = nullptr;
      check(signal_message_deserialize(&parsed, message.bytes.data(), message.bytes.size(),
                                       context()));
      check(session_cipher_decrypt_signal_message(cipher, parsed, nullptr, &text));
      SIGNAL_UNREF(parsed);
    }
    session_cipher_free(cipher);
    signal_buffer_free(text);
  }

 private:
  session_cipher* make_cipher() {
    session_cipher* out = nullptr;
    check(session_cipher_create(&out, stores_, &peer_, context()));
    return out;
  }

  signal_protocol_address peer_;
  Store store_;
  signal_protocol_store_context* stores_ = nullptr;
};

struct Pair {
  Party alice{"bob"};
  Party bob{"alice"};
  session_pre_key_bundle* bundle = bob.make_bundle();
  std::string text = std::string(kTextSize, 'x');

  void greet() {
    alice.start(bundle);
    bob.decrypt(alice.encrypt(text));
    alice.decrypt(bob.encrypt(text));
  }
};

void libsignal_session(benchmark::State& state) {
  Pair pair;
  run_batches(
      state, 10, [] {},
      [&](int) {
        pair.alice.forget_session();
        pair.bob.forget_session();
        pair.alice.start(pair.bundle);
        pair.bob.decrypt(pair.alice.encrypt(pair.text));
      });
}
BENCHMARK(libsignal_session)->Apply(dear);

void libsignal_encrypt(benchmark::State& state) {
  Pair pair;
  pair.greet();
  std::size_t size = 0;
  run_batches(
      state, kBatch, [] {}, [&](int) { size = pair.alice.encrypt(pair.text).bytes.size(); });
  state.counters["growth"] = static_cast<double>(size - kTextSize);
}
BENCHMARK(libsignal_encrypt)->Apply(cheap);

void libsignal_decrypt(benchmark::State& state) {
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
BENCHMARK(libsignal_decrypt)->Apply(cheap);

void libsignal_dh_step(benchmark::State& state) {
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
BENCHMARK(libsignal_dh_step)->Apply(dear);

void libsignal_out_of_order(benchmark::State& state) {
  const auto kept = static_cast<int>(state.range(0));
  const int batch = std::min(kept, kBatch);
  Pair pair;
  std::vector<Message> messages(static_cast<std::size_t>(kept));
  run_batches(
      state, batch,
      [&] {
        pair.alice.forget_session();
        pair.bob.forget_session();
        pair.greet();
        for (auto& message : messages) {
          message = pair.alice.encrypt(pair.text);
        }
        pair.bob.decrypt(pair.alice.encrypt(pair.text));
      },
      [&](int i) { pair.bob.decrypt(messages[static_cast<std::size_t>(i * (kept / batch))]); });
}
BENCHMARK(libsignal_out_of_order)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(20);

}  // namespace
}  // namespace unhidra
