// Families over ratchet trees.
#include <algorithm>
#include <map>

#include "case.h"

namespace unhidra::mls_vectors {
namespace {

Suite suite_of(const Context& context, const json::object& vector) {
  return expect_value(
      Suite::of(context.provider, static_cast<CipherSuite>(number_member(vector, "cipher_suite"))),
      "cipher suite");
}

Bytes encoded(const RatchetTree& tree) {
  TlsWriter out;
  tree.write(out);
  return std::move(out).take();
}

}  // namespace

void run_tree_operations(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  auto tree = expect_value(RatchetTree::parse(hex_member(vector, "tree_before")), "tree_before");
  expect_equal(tree.root_hash(suite).view(), hex_member(vector, "tree_hash_before"),
               "tree_hash_before");
  const auto proposal =
      expect_value(decode<Proposal>(hex_member(vector, "proposal"), "proposal"), "proposal");
  const LeafIndex sender{static_cast<std::uint32_t>(number_member(vector, "proposal_sender"))};
  if (const Add* add = proposal.as<Add>()) {
    tree.add(add->key_package->leaf_node);
  } else if (const Update* update = proposal.as<Update>()) {
    tree.update(sender, update->leaf_node);
  } else if (const Remove* remove = proposal.as<Remove>()) {
    tree.remove(remove->removed);
    tree.truncate();
  } else {
    throw Malformed("the proposal changes no tree");
  }
  expect_equal(encoded(tree), hex_member(vector, "tree_after"), "tree_after");
  expect_equal(tree.root_hash(suite).view(), hex_member(vector, "tree_hash_after"),
               "tree_hash_after");
}

void run_tree_validation(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  const Bytes bytes = hex_member(vector, "tree");
  auto tree = expect_value(RatchetTree::parse(bytes), "tree");
  expect_equal(encoded(tree), bytes, "tree written again");
  const auto& resolutions = array_member(vector, "resolutions");
  const auto& hashes = array_member(vector, "tree_hashes");
  expect(resolutions.size() == tree_math::node_count(tree.leaf_count()) &&
             hashes.size() == resolutions.size(),
         "number of nodes");
  for (std::uint32_t i = 0; i < resolutions.size(); ++i) {
    std::vector<NodeIndex> expected;
    for (const json::value& node : resolutions[i].as_array()) {
      expected.push_back({static_cast<std::uint32_t>(number_value(node))});
    }
    expect(tree.resolution({i}) == expected, "resolution");
    expect_equal(tree.tree_hash(suite, {i}).view(), hex_value(hashes[i]), "tree hash");
  }
  expect_ok(verify_tree_structure(tree), "structure");
  expect_ok(verify_parent_hashes(suite, tree), "parent hashes");
  const Bytes group_id = hex_member(vector, "group_id");
  tree.each_member([&](LeafIndex index, const LeafNode& leaf) {
    expect_ok(leaf.verify_signature(suite, {group_id, index}), "leaf signature");
  });
}

namespace {

struct TreeKem {
  Suite suite;
  PublicState state;
  std::map<std::uint32_t, PrivateTree> members;
  std::map<std::uint32_t, Bytes> signers;
};

TreeKem read_treekem(const Context& context, const json::object& vector) {
  const Suite suite = suite_of(context, vector);
  TreeKem out{suite,
              {suite,
               {suite.id(),
                hex_member(vector, "group_id"),
                number_member(vector, "epoch"),
                {},
                hex_member(vector, "confirmed_transcript_hash"),
                {}},
               {},
               expect_value(RatchetTree::parse(hex_member(vector, "ratchet_tree")), "ratchet_tree"),
               {},
               {}},
              {},
              {}};
  for (const json::value& value : array_member(vector, "leaves_private")) {
    const json::object& member = value.as_object();
    const auto index = static_cast<std::uint32_t>(number_member(member, "index"));
    PrivateTree keys({index}, expect_value(HpkeKeyPair::from_private(
                                               suite, hex_member(member, "encryption_priv")),
                                           "encryption_priv"));
    const LeafNode* leaf = out.state.tree.leaf({index});
    expect(leaf != nullptr, "a private leaf is blank");
    expect_equal(keys.leaf_key().public_key(), leaf->encryption_key(), "leaf key");
    for (const json::value& item : array_member(member, "path_secrets")) {
      const json::object& path = item.as_object();
      const NodeIndex node{static_cast<std::uint32_t>(number_member(path, "node"))};
      const auto secret = derive_secret(suite, hex_member(path, "path_secret"), "node");
      auto pair = expect_value(HpkeKeyPair::derive(suite, secret.expose()), "node key");
      const ParentNode* parent = out.state.tree.parent(node);
      expect(parent != nullptr, "a private node is blank");
      expect_equal(pair.public_key(), parent->encryption_key, "node key");
      keys.set_key(node, std::move(pair));
    }
    out.members.emplace(index, std::move(keys));
    out.signers.emplace(index, hex_member(member, "signature_priv"));
  }
  return out;
}

// What each other member makes of a path.
void follow(const TreeKem& world, const UpdatePath& path, LeafIndex sender,
            const json::array* secrets, ByteView commit_secret, ByteView tree_hash) {
  AppliedProposals applied{.tree = world.state.tree};
  const auto put = expect_value(apply_path(world.state, applied, Sender::member(sender), path,
                                           {.max_lifetime = kUnlimitedLifetime}),
                                "apply the path");
  const Digest after = applied.tree.root_hash(world.suite);
  if (!tree_hash.empty()) {
    expect_equal(after.view(), tree_hash, "tree_hash_after");
  }
  GroupContext context = world.state.context;
  context.tree_hash = after.copy();
  const Bytes encoded_context = encode(context);
  for (const auto& [index, keys] : world.members) {
    if (index == sender.value) {
      continue;
    }
    PrivateTree mine = keys.clone();
    const auto secret = expect_value(
        decrypt_path(world.suite, mine, applied.tree, put.steps, path, {}, encoded_context),
        "decrypt");
    if (secrets != nullptr) {
      expect_equal(secret.path_secret.expose(), hex_value(secrets->at(index)), "path secret");
    }
    const auto made = expect_value(
        mine.implant(world.suite, applied.tree, std::span(put.steps).subspan(secret.step),
                     secret.path_secret.expose()),
        "implant");
    expect_equal(made.expose(), commit_secret, "commit secret");
  }
}

}  // namespace

void run_treekem(const Context& context, const json::object& vector) {
  const TreeKem world = read_treekem(context, vector);
  for (const json::value& value : array_member(vector, "update_paths")) {
    const json::object& item = value.as_object();
    const LeafIndex sender{static_cast<std::uint32_t>(number_member(item, "sender"))};
    const auto path = expect_value(
        decode<UpdatePath>(hex_member(item, "update_path"), "update_path"), "update_path");
    follow(world, path, sender, &array_member(item, "path_secrets"),
           hex_member(item, "commit_secret"), hex_member(item, "tree_hash_after"));

    // A path of our own making.
    RatchetTree tree = world.state.tree;
    const auto steps = tree.filtered_direct_path(sender);
    auto keys = expect_value(
        derive_path(world.suite, context.random.secret(world.suite.hash_size()), steps.size()),
        "derive_path");
    std::vector<ByteView> public_keys;
    for (const auto& key : keys.keys) {
      public_keys.emplace_back(key.public_key());
    }
    const auto leaf_key =
        expect_value(HpkeKeyPair::generate(world.suite, context.random), "leaf key");
    const auto signer = expect_value(
        SignatureKeyPair::from_private(world.suite, world.signers.at(sender.value)), "signer");
    LeafNodeContent leaf = tree.leaf(sender)->content();
    leaf.source = LeafNodeSource::commit;
    leaf.encryption_key = leaf_key.public_key();
    leaf.parent_hash = tree.set_path(world.suite, sender, steps, public_keys).copy();
    TlsWriter out;
    leaf.write(out);
    const Bytes tbs =
        leaf_node_tbs(out.view(), leaf.source, {world.state.context.group_id, sender});
    out.opaque(expect_value(signer.sign(world.suite, "LeafNodeTBS", tbs), "sign"));
    UpdatePath made{expect_value(LeafNode::parse(out.view()), "leaf"), {}};
    tree.set_leaf(sender, made.leaf_node);
    GroupContext group = world.state.context;
    group.tree_hash = tree.root_hash(world.suite).copy();
    made.nodes = expect_value(
        encrypt_path(world.suite, context.random, tree, steps, keys, {}, encode(group)),
        "encrypt_path");
    follow(world, made, sender, nullptr, keys.commit_secret.expose(), {});
  }
}

}  // namespace unhidra::mls_vectors
