// Members of MLS groups that other programs drive: one JSON object a line in, one out.
//
// {"op": ..., "member": name, ...} is answered by an object, or by {"error": code, "message":
// text}, and then nothing has changed. Bytes are hexadecimal; messages are MLSMessages.
//   new            suite                          a member of that name with a fresh signature key
//   key_package                                   -> key_package
//   create         group
//   join           welcome
//   external_join  group_info, resync             -> commit; resync takes the old leaf out
//   commit         add, remove, private           -> commit, group_info, [welcome]; takes effect
//   propose_add    add, private                   -> message
//   propose_remove remove, private                -> message
//   propose_update private                        -> message
//   receive        message                        -> type, sender, [data]
//   encrypt        data                           -> message
//   group_info                                    -> group_info, with its tree and external_pub
//   state                                         -> epoch, members, secret (of the exporter)
#include <ctime>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/mls/group.h"

#include "../../conformance/mls/case.h"

namespace unhidra::mls {
namespace {

namespace json = boost::json;
using mls_vectors::array_member;
using mls_vectors::hex_member;
using mls_vectors::hex_value;
using mls_vectors::number_member;
using mls_vectors::text_member;
using Answer = Result<json::object>;

constexpr std::uint64_t kHour = 3600;
constexpr std::size_t kSecretSize = 32;

struct Member {
  Suite suite;
  Identity identity;
  std::vector<OwnKeyPackage> key_packages{};
  std::optional<Group> group{};
};

json::string hex(ByteView bytes) {
  return json::string(to_hex(bytes));
}

bool flag(const json::object& request, std::string_view name) {
  const auto* value = request.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

WireFormat format(const json::object& request) {
  return flag(request, "private") ? WireFormat::mls_private_message
                                  : WireFormat::mls_public_message;
}

template <class T>
Result<T> message_member(const json::object& request, std::string_view name) {
  UNHIDRA_TRY(const MlsMessage message, MlsMessage::parse(hex_member(request, name)));
  if (const T* found = message.as<T>()) {
    return *found;
  }
  return fail(mls_public::Errc::malformed, std::string(name) + " is another kind of message");
}

Result<Proposal> add_of(const json::value& key_package) {
  UNHIDRA_TRY(const MlsMessage message, MlsMessage::parse(hex_value(key_package)));
  if (const auto* found = message.as<KeyPackage>()) {
    return Proposal{Add{std::make_shared<const KeyPackage>(*found)}};
  }
  return fail(mls_public::Errc::malformed, "not a KeyPackage");
}

std::string_view name_of(ContentType type) {
  switch (type) {
    case ContentType::application:
      return "application";
    case ContentType::proposal:
      return "proposal";
    case ContentType::commit:
      break;
  }
  return "commit";
}

std::optional<LeafIndex> find_member(const RatchetTree& tree, std::string_view name) {
  std::optional<LeafIndex> out;
  tree.each_member([&](LeafIndex index, const LeafNode& leaf) {
    if (as_text(leaf.credential().identity) == name) {
      out = index;
    }
  });
  return out;
}

class MemberTool {
 public:
  json::object answer(const json::object& request) {
    Answer made = run(request);
    if (made) {
      return std::move(*made);
    }
    return {{"error", made.error().code().name}, {"message", made.error().message()}};
  }

 private:
  static std::unexpected<Error> unknown(std::string what) {
    return fail(mls_public::Errc::not_a_member, std::move(what));
  }

  Answer run(const json::object& request) {
    const std::string op = text_member(request, "op");
    const std::string name = text_member(request, "member");
    if (op == "new") {
      return make(request, name);
    }
    const auto member = members_.find(name);
    if (member == members_.end()) {
      return unknown("no such member: " + name);
    }
    using Operation = Answer (MemberTool::*)(const json::object&, Member&);
    static const std::map<std::string_view, Operation> alone{
        {"key_package", &MemberTool::key_package},
        {"create", &MemberTool::create},
        {"join", &MemberTool::join},
        {"external_join", &MemberTool::external_join}};
    static const std::map<std::string_view, Operation> in_group{
        {"commit", &MemberTool::commit},
        {"propose_add", &MemberTool::propose_add},
        {"propose_remove", &MemberTool::propose_remove},
        {"propose_update", &MemberTool::propose_update},
        {"receive", &MemberTool::receive},
        {"encrypt", &MemberTool::encrypt},
        {"group_info", &MemberTool::group_info},
        {"state", &MemberTool::state}};
    if (const auto found = alone.find(op); found != alone.end()) {
      return (this->*found->second)(request, member->second);
    }
    const auto found = in_group.find(op);
    if (found == in_group.end() || !member->second.group) {
      return unknown("no such operation, or no group yet: " + op);
    }
    return (this->*found->second)(request, member->second);
  }

  Answer make(const json::object& request, const std::string& name) {
    UNHIDRA_TRY(const Suite suite, Suite::of(env_.provider, CipherSuite{static_cast<std::uint16_t>(
                                                                number_member(request, "suite"))}));
    UNHIDRA_TRY(SignatureKeyPair key, SignatureKeyPair::generate(suite, random_));
    members_.erase(name);
    members_.emplace(name, Member{suite,
                                  {std::move(key),
                                   Credential::basic(as_bytes(name)),
                                   default_capabilities(env_.provider),
                                   {}}});
    return json::object();
  }

  static Lifetime lifetime() {
    const auto now = static_cast<std::uint64_t>(std::time(nullptr));
    return {now - kHour, now + 28 * 24 * kHour};
  }

  Answer key_package(const json::object&, Member& member) {
    UNHIDRA_TRY(OwnKeyPackage made,
                make_key_package(member.suite, random_, member.identity, lifetime()));
    json::object out{{"key_package", hex(encode(MlsMessage{made.key_package}))}};
    member.key_packages.push_back(std::move(made));
    return out;
  }

  Answer create(const json::object& request, Member& member) {
    UNHIDRA_TRY(member.group, Group::create(env_, member.suite.id(), hex_member(request, "group"),
                                            member.identity, lifetime()));
    return json::object();
  }

  Answer join(const json::object& request, Member& member) {
    UNHIDRA_TRY(const Welcome welcome, message_member<Welcome>(request, "welcome"));
    for (const OwnKeyPackage& ours : member.key_packages) {
      auto joined = Group::join(env_, ours, welcome);
      if (joined || !(joined.error() == Errc::not_for_us)) {
        UNHIDRA_TRY(member.group, std::move(joined));
        return json::object();
      }
    }
    return fail(Errc::not_for_us, "no KeyPackage of this member is in the Welcome");
  }

  Answer external_join(const json::object& request, Member& member) {
    UNHIDRA_TRY(const GroupInfo info, message_member<GroupInfo>(request, "group_info"));
    std::optional<LeafIndex> old;
    if (flag(request, "resync")) {
      const Bytes* encoded = info.extensions.find(ExtensionType::ratchet_tree);
      UNHIDRA_TRY(const RatchetTree tree,
                  RatchetTree::parse(encoded != nullptr ? *encoded : Bytes()));
      old = find_member(tree, as_text(member.identity.credential.identity));
    }
    UNHIDRA_TRY(Group::ExternalJoin joined,
                Group::join_external(env_, info, member.identity, {}, old));
    member.group = std::move(joined.group);
    return json::object{{"commit", hex(joined.commit)}};
  }

  Answer commit(const json::object& request, Member& member) {
    CommitOptions options{.wire_format = format(request), .make_group_info = true};
    for (const json::value& key_package : array_member(request, "add")) {
      UNHIDRA_TRY(Proposal add, add_of(key_package));
      options.proposals.push_back(std::move(add));
    }
    for (const json::value& name : array_member(request, "remove")) {
      const auto leaf = find_member(member.group->state().tree, std::string_view(name.as_string()));
      if (!leaf) {
        return unknown("nobody to remove");
      }
      options.proposals.push_back({Remove{*leaf}});
    }
    UNHIDRA_TRY(const CommitBundle bundle, member.group->commit(env_, options));
    UNHIDRA_TRY_VOID(member.group->confirm_pending(env_));
    json::object out{{"commit", hex(bundle.commit)}, {"group_info", hex(*bundle.group_info)}};
    if (bundle.welcome) {
      out["welcome"] = hex(*bundle.welcome);
    }
    return out;
  }

  Answer proposed(const json::object& request, Member& member, Proposal proposal) {
    UNHIDRA_TRY(const Bytes message,
                member.group->propose(env_, std::move(proposal), format(request)));
    return json::object{{"message", hex(message)}};
  }
  Answer propose_add(const json::object& request, Member& member) {
    UNHIDRA_TRY(Proposal add, add_of(mls_vectors::member(request, "add")));
    return proposed(request, member, std::move(add));
  }
  Answer propose_remove(const json::object& request, Member& member) {
    const auto leaf = find_member(member.group->state().tree, text_member(request, "remove"));
    return leaf ? proposed(request, member, {Remove{*leaf}}) : unknown("nobody to remove");
  }
  Answer propose_update(const json::object& request, Member& member) {
    UNHIDRA_TRY(const Bytes message, member.group->propose_update(env_, format(request)));
    return json::object{{"message", hex(message)}};
  }

  Answer receive(const json::object& request, Member& member) {
    UNHIDRA_TRY(const MlsMessage message, MlsMessage::parse(hex_member(request, "message")));
    UNHIDRA_TRY(const Received received, member.group->receive(env_, message));
    json::object out{{"type", name_of(received.type)}};
    if (received.type == ContentType::application) {
      out["data"] = hex(received.application_data.expose());
    }
    out["removed"] = member.group->is_removed();
    return out;
  }

  Answer encrypt(const json::object& request, Member& member) {
    UNHIDRA_TRY(const Bytes message,
                member.group->encrypt(env_, hex_member(request, "data"), {}, random_.below(40)));
    return json::object{{"message", hex(message)}};
  }

  Answer group_info(const json::object&, Member& member) {
    UNHIDRA_TRY(GroupInfo info, member.group->group_info(true));
    return json::object{{"group_info", hex(encode(MlsMessage{std::move(info)}))}};
  }

  Answer state(const json::object&, Member& member) {
    json::array names;
    member.group->state().tree.each_member([&](LeafIndex, const LeafNode& leaf) {
      names.emplace_back(as_text(leaf.credential().identity));
    });
    return json::object{
        {"epoch", member.group->context().epoch},
        {"members", std::move(names)},
        {"secret", hex(member.group->export_secret("exporter", {}, kSecretSize).expose())}};
  }

  crypto::SystemRandom random_;
  Environment env_{.provider = crypto::native_provider(), .random = random_, .past_epochs = 3};
  std::map<std::string, Member> members_;
};

}  // namespace
}  // namespace unhidra::mls

int main() {
  unhidra::mls::MemberTool tool;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << tool.answer(boost::json::parse(line).as_object()) << std::endl;
    } catch (const std::exception& e) {
      std::cout << boost::json::object{{"error", "tool.bad_request"}, {"message", e.what()}}
                << std::endl;
    }
  }
}
