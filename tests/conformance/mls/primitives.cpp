// Families of functions: tree arithmetic, labelled cryptography, key schedule, codec.
#include "case.h"

namespace unhidra::mls_vectors {
namespace {

Suite suite_of(const Context& context, const json::object& vector) {
  return expect_value(
      Suite::of(context.provider, static_cast<CipherSuite>(number_member(vector, "cipher_suite"))),
      "cipher suite");
}

void check_neighbours(const json::object& vector, std::string_view name,
                      std::optional<NodeIndex> (*of)(NodeIndex, std::uint32_t)) {
  const auto leaves = static_cast<std::uint32_t>(number_member(vector, "n_leaves"));
  const json::array& list = array_member(vector, name);
  expect(list.size() == tree_math::node_count(leaves), "number of nodes");
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    const auto made = of({i}, leaves);
    expect(made ? !list[i].is_null() && made->value == number_value(list[i]) : list[i].is_null(),
           name);
  }
}

}  // namespace

void run_tree_math(const Context&, const json::object& vector) {
  using Maybe = std::optional<NodeIndex>;
  const auto leaves = static_cast<std::uint32_t>(number_member(vector, "n_leaves"));
  expect(tree_math::node_count(leaves) == number_member(vector, "n_nodes"), "n_nodes");
  expect(tree_math::root(leaves).value == number_member(vector, "root"), "root");
  check_neighbours(vector, "left", [](NodeIndex x, std::uint32_t) {
    return tree_math::is_leaf(x) ? Maybe() : Maybe(tree_math::left(x));
  });
  check_neighbours(vector, "right", [](NodeIndex x, std::uint32_t) {
    return tree_math::is_leaf(x) ? Maybe() : Maybe(tree_math::right(x));
  });
  check_neighbours(vector, "parent", [](NodeIndex x, std::uint32_t n) {
    return x == tree_math::root(n) ? Maybe() : Maybe(tree_math::parent(x));
  });
  check_neighbours(vector, "sibling", [](NodeIndex x, std::uint32_t n) {
    return x == tree_math::root(n) ? Maybe() : Maybe(tree_math::sibling(x));
  });
}

void run_deserialization(const Context&, const json::object& vector) {
  const Bytes header = hex_member(vector, "vlbytes_header");
  TlsReader in(header);
  expect(in.length() == number_member(vector, "length") && in.finish("header").has_value(),
         "length");
}

void run_crypto_basics(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  const auto& ref = object_member(vector, "ref_hash");
  expect_equal(suite.ref_hash(text_member(ref, "label"), hex_member(ref, "value")).view(),
               hex_member(ref, "out"), "ref_hash");
  const auto& expand = object_member(vector, "expand_with_label");
  expect_equal(expand_with_label(suite, hex_member(expand, "secret"), text_member(expand, "label"),
                                 hex_member(expand, "context"), number_member(expand, "length"))
                   .expose(),
               hex_member(expand, "out"), "expand_with_label");
  const auto& derive = object_member(vector, "derive_secret");
  expect_equal(
      derive_secret(suite, hex_member(derive, "secret"), text_member(derive, "label")).expose(),
      hex_member(derive, "out"), "derive_secret");
  const auto& tree = object_member(vector, "derive_tree_secret");
  expect_equal(derive_tree_secret(suite, hex_member(tree, "secret"), text_member(tree, "label"),
                                  static_cast<std::uint32_t>(number_member(tree, "generation")),
                                  number_member(tree, "length"))
                   .expose(),
               hex_member(tree, "out"), "derive_tree_secret");

  const auto& sign = object_member(vector, "sign_with_label");
  const std::string label = text_member(sign, "label");
  const Bytes content = hex_member(sign, "content");
  const Bytes pub = hex_member(sign, "pub");
  expect_ok(suite.verify_with_label(pub, label, content, hex_member(sign, "signature")),
            "verify_with_label");
  const auto key = expect_value(SignatureKeyPair::from_private(suite, hex_member(sign, "priv")),
                                "signature key");
  expect_equal(key.public_key(), pub, "signature public key");
  const Bytes again = expect_value(key.sign(suite, label, content), "sign_with_label");
  expect_ok(suite.verify_with_label(pub, label, content, again), "verify own signature");

  const auto& seal = object_member(vector, "encrypt_with_label");
  const auto hpke =
      expect_value(HpkeKeyPair::from_private(suite, hex_member(seal, "priv")), "HPKE key");
  expect_equal(hpke.public_key(), hex_member(seal, "pub"), "HPKE public key");
  const auto info = expect_value(
      encrypt_context(suite, text_member(seal, "label"), hex_member(seal, "context")), "context");
  const Bytes plain = hex_member(seal, "plaintext");
  expect_equal(expect_value(hpke_open(suite, hpke, hex_member(seal, "kem_output"), info, {},
                                      hex_member(seal, "ciphertext")),
                            "decrypt_with_label")
                   .expose(),
               plain, "decrypt_with_label");
  const auto sealed = expect_value(
      hpke_seal(suite, context.random, hpke.public_key(), info, {}, plain), "encrypt_with_label");
  expect_equal(expect_value(hpke_open(suite, hpke, sealed.kem_output, info, {}, sealed.ciphertext),
                            "decrypt own")
                   .expose(),
               plain, "decrypt own");
}

void run_key_schedule(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  Bytes init = hex_member(vector, "initial_init_secret");
  std::uint64_t epoch = 0;
  for (const json::value& value : array_member(vector, "epochs")) {
    const json::object& e = value.as_object();
    const GroupContext group{suite.id(),
                             hex_member(vector, "group_id"),
                             epoch++,
                             hex_member(e, "tree_hash"),
                             hex_member(e, "confirmed_transcript_hash"),
                             {}};
    const Bytes encoded = encode(group);
    expect_equal(encoded, hex_member(e, "group_context"), "group_context");
    const auto joiner = joiner_secret(suite, init, hex_member(e, "commit_secret"), encoded);
    expect_equal(joiner.expose(), hex_member(e, "joiner_secret"), "joiner_secret");
    const Bytes psk = hex_member(e, "psk_secret");
    expect_equal(welcome_secret(suite, joiner.expose(), psk).expose(),
                 hex_member(e, "welcome_secret"), "welcome_secret");
    const auto s = EpochSecrets::from_joiner(suite, joiner.expose(), psk, encoded);
    const std::pair<std::string_view, const SecretBytes*> all[] = {
        {"init_secret", &s.init_secret},
        {"sender_data_secret", &s.sender_data_secret},
        {"encryption_secret", &s.encryption_secret},
        {"exporter_secret", &s.exporter_secret},
        {"epoch_authenticator", &s.epoch_authenticator},
        {"external_secret", &s.external_secret},
        {"confirmation_key", &s.confirmation_key},
        {"membership_key", &s.membership_key},
        {"resumption_psk", &s.resumption_psk}};
    for (const auto& [name, secret] : all) {
      expect_equal(secret->expose(), hex_member(e, name), name);
    }
    const auto external =
        expect_value(HpkeKeyPair::derive(suite, s.external_secret.expose()), "external key");
    expect_equal(external.public_key(), hex_member(e, "external_pub"), "external_pub");
    const auto& exporter = object_member(e, "exporter");
    expect_equal(mls_exporter(suite, s.exporter_secret.expose(), text_member(exporter, "label"),
                              hex_member(exporter, "context"), number_member(exporter, "length"))
                     .expose(),
                 hex_member(exporter, "secret"), "exporter");
    init = to_bytes(s.init_secret.expose());
  }
}

void run_psk_secret(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  std::vector<Psk> psks;
  for (const json::value& value : array_member(vector, "psks")) {
    const json::object& psk = value.as_object();
    PreSharedKeyId id{.type = PskType::external, .psk_id = hex_member(psk, "psk_id")};
    id.psk_nonce = hex_member(psk, "psk_nonce");
    psks.push_back({std::move(id), SecretBytes::copy_of(hex_member(psk, "psk"))});
  }
  expect_equal(psk_secret(suite, psks).expose(), hex_member(vector, "psk_secret"), "psk_secret");
}

void run_transcript_hashes(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  const auto content = expect_value(
      decode<AuthenticatedContent>(hex_member(vector, "authenticated_content"), "content"),
      "authenticated_content");
  expect(content.content.commit() != nullptr, "authenticated_content holds no commit");
  const Digest confirmed = confirmed_transcript_hash(
      suite, hex_member(vector, "interim_transcript_hash_before"), content);
  expect_equal(confirmed.view(), hex_member(vector, "confirmed_transcript_hash_after"),
               "confirmed transcript hash");
  expect_equal(mac(suite, hex_member(vector, "confirmation_key"), confirmed.view()).view(),
               content.auth.confirmation_tag, "confirmation tag");
  expect_equal(
      interim_transcript_hash(suite, confirmed.view(), content.auth.confirmation_tag).view(),
      hex_member(vector, "interim_transcript_hash_after"), "interim transcript hash");
}

void run_secret_tree(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  const auto& data = object_member(vector, "sender_data");
  const auto key = sender_data_key(suite, hex_member(data, "sender_data_secret"),
                                   hex_member(data, "ciphertext"));
  expect_equal(key.key.expose(), hex_member(data, "key"), "sender data key");
  expect_equal(key.nonce.expose(), hex_member(data, "nonce"), "sender data nonce");
  const auto& leaves = array_member(vector, "leaves");
  SecretTree tree(suite, static_cast<std::uint32_t>(leaves.size()),
                  SecretBytes::copy_of(hex_member(vector, "encryption_secret")));
  for (std::uint32_t i = 0; i < leaves.size(); ++i) {
    for (const json::value& value : leaves[i].as_array()) {
      const json::object& expected = value.as_object();
      const auto generation = static_cast<std::uint32_t>(number_member(expected, "generation"));
      for (const auto& [kind, prefix] : {std::pair{RatchetKind::handshake, "handshake"},
                                         std::pair{RatchetKind::application, "application"}}) {
        Ratchet* ratchet = tree.ratchet(suite, {i}, kind);
        expect(ratchet != nullptr, "no ratchet");
        const auto made =
            expect_value(ratchet->take(suite, generation, RatchetLimits{}), "generation");
        expect_equal(made.key.expose(), hex_member(expected, std::string(prefix) + "_key"), prefix);
        expect_equal(made.nonce.expose(), hex_member(expected, std::string(prefix) + "_nonce"),
                     prefix);
      }
    }
  }
}

}  // namespace unhidra::mls_vectors
