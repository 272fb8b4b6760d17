#include "group_bundle.h"

#include "unhidra/chat/errc.h"

#include "member_authority.h"

namespace unhidra::chat {
namespace {

using mls_public::GroupInfo;
using mls_public::MlsMessage;
using mls_public::PublicCommit;
using mls_public::PublicGroup;
using mls_public::PublicMessage;
using mls_public::Welcome;

std::unexpected<Error> bad(Errc code, const Error& why) {
  return fail(code, why.message());
}
std::unexpected<Error> bad_commit(std::string why) {
  return fail(Errc::bad_commit, std::move(why));
}

template <class T>
Result<T> parse_as(ByteView bytes, Errc code, std::string_view what) {
  auto message = MlsMessage::parse(bytes);
  if (!message) {
    return bad(code, message.error());
  }
  auto* out = std::get_if<T>(&message->body);
  if (out == nullptr) {
    return fail(code, "the message is no " + std::string(what));
  }
  return std::move(*out);
}

// Others must be able to come in with it, and it must stay small.
Status check_published(const GroupInfo& info, const mls_public::Suite& suite, Errc code) {
  if (info.extensions.find(mls_public::ExtensionType::ratchet_tree) != nullptr) {
    return fail(code, "the GroupInfo carries the ratchet tree, which the server keeps by itself");
  }
  const auto external = mls_public::external_pub(info.extensions);
  if (!external || !*external || !suite.check_hpke_key((*external)->external_pub)) {
    return fail(code, "the GroupInfo has no external_pub by which a device could come back");
  }
  return {};
}

Result<GroupInfo> parse_info(ByteView bytes, Errc code) {
  if (bytes.size() > kMaxGroupInfoBytes) {
    return fail(code, "the GroupInfo is too large");
  }
  return parse_as<GroupInfo>(bytes, code, "GroupInfo");
}

// The Welcome, cut down to what concerns one of the new members.
Result<std::vector<NewMember>> split_welcome(const PublicCommit& commit, ByteView bytes) {
  std::optional<Welcome> welcome;
  if (!bytes.empty()) {
    UNHIDRA_TRY(welcome, parse_as<Welcome>(bytes, Errc::bad_commit, "Welcome"));
  }
  const std::span<const Welcome> all =
      welcome ? std::span<const Welcome>(&*welcome, 1) : std::span<const Welcome>();
  if (auto status = PublicGroup::check_welcomes(commit, all); !status) {
    return bad(Errc::bad_commit, status.error());
  }
  if (welcome && commit.key_packages.empty()) {
    return bad_commit("a Welcome for nobody");
  }
  std::vector<NewMember> out;
  for (const auto& key_package : commit.key_packages) {
    const auto* secrets = welcome->find(key_package->reference(commit.next.suite).view());
    auto name = name_of(*key_package->leaf_node);
    if (secrets == nullptr || !name) {
      return bad_commit("a new member has no Welcome or no name");
    }
    Welcome one{welcome->cipher_suite, {*secrets}, welcome->encrypted_group_info};
    out.push_back({*name, mls_public::encode(MlsMessage{std::move(one)})});
  }
  return out;
}

Status check_kept(const PublicGroup& group, const PublicCommit& commit) {
  if (commit.reinit) {
    return bad_commit("groups are not re-initialised: a conversation stays in its group");
  }
  const auto senders = [](const mls_public::GroupContext& context) {
    const Bytes* found = context.extensions.find(mls_public::ExtensionType::external_senders);
    return found == nullptr ? Bytes() : *found;
  };
  if (senders(group.state().context) != senders(commit.next.context)) {
    return bad_commit("the group's external senders stay as they are");
  }
  return {};
}

}  // namespace

Result<PublicMessage> parse_commit(ByteView bytes) {
  UNHIDRA_TRY(auto message, parse_as<PublicMessage>(bytes, Errc::bad_commit, "PublicMessage"));
  if (message.content.commit() == nullptr) {
    return bad_commit("the message holds no commit");
  }
  return message;
}

Result<CheckedCommit> check_bundle(const PublicGroup& group, const PublicMessage& message,
                                   const wire::CommitGroup& bundle,
                                   const mls_public::ValidationRules& rules) {
  UNHIDRA_TRY(const auto info, parse_info(bundle.group_info, Errc::bad_commit));
  auto commit = group.check_commit(message, rules);
  if (!commit) {
    return bad(Errc::bad_commit, commit.error());
  }
  if (auto status = PublicGroup::check_group_info(*commit, info); !status) {
    return bad(Errc::bad_commit, status.error());
  }
  UNHIDRA_TRY_VOID(check_published(info, commit->next.suite, Errc::bad_commit));
  UNHIDRA_TRY_VOID(check_kept(group, *commit));
  // An external commit covers no proposal by reference (section 12.4.3.2).
  if (!commit->external) {
    if (auto status = group.check_covers_all(*commit); !status) {
      return bad(Errc::bad_commit, status.error());
    }
  }
  CheckedCommit out{.commit = std::move(*commit), .committer = {}, .added = {}, .removed = {}};
  UNHIDRA_TRY(out.added, split_welcome(out.commit, bundle.welcome));
  const auto* leaf = out.commit.next.tree.leaf(out.commit.committer);
  if (leaf == nullptr) {
    return bad_commit("the committer is not in the group that the commit makes");
  }
  UNHIDRA_TRY(out.committer, name_of(*leaf));
  for (const auto index : out.commit.removed) {
    UNHIDRA_TRY(const auto name, name_of(*group.state().tree.leaf(index)));
    out.removed.push_back(name);
  }
  return out;
}

Result<CheckedGroup> check_new_group(const crypto::Provider& provider, ByteView group_id,
                                     ByteView group_info, ByteView ratchet_tree,
                                     const mls_public::ValidationRules& rules) {
  UNHIDRA_TRY(const auto info, parse_info(group_info, Errc::bad_group));
  auto tree = mls_public::RatchetTree::parse(ratchet_tree);
  if (!tree) {
    return bad(Errc::bad_group, tree.error());
  }
  if (tree->member_count() != 1 || tree->leaf_count() != 1 || info.group_context.epoch != 0) {
    return fail(Errc::bad_group, "a group begins with one device, in epoch 0");
  }
  if (!std::ranges::equal(info.group_context.group_id, group_id)) {
    return fail(Errc::bad_group, "the group's id is not the conversation's");
  }
  auto group = PublicGroup::from_group_info(provider, info, *tree, rules);
  if (!group) {
    return bad(Errc::bad_group, group.error());
  }
  UNHIDRA_TRY_VOID(check_published(info, group->state().suite, Errc::bad_group));
  UNHIDRA_TRY(const auto creator, name_of(*tree->leaf({0})));
  return CheckedGroup{std::move(*group), creator};
}

Result<PublicMessage> parse_proposal(ByteView bytes) {
  UNHIDRA_TRY(auto message, parse_as<PublicMessage>(bytes, Errc::bad_proposal, "PublicMessage"));
  const auto* proposal = message.content.proposal();
  if (proposal == nullptr || !message.content.sender.is_member() ||
      (proposal->as<mls_public::Remove>() == nullptr &&
       proposal->as<mls_public::Update>() == nullptr)) {
    return fail(Errc::bad_proposal,
                "only a member's Remove or Update is proposed: anything else goes into a commit");
  }
  return message;
}

}  // namespace unhidra::chat
