#include "group_files.h"

#include <algorithm>

#include <boost/json.hpp>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/crypto/random.h"
#include "unhidra/e2ee/epoch_delivery.h"
#include "unhidra/identity/commissioning.h"
#include "unhidra/identity/device_policy.h"
#include "unhidra/runtime/files.h"
#include "unhidra/runtime/system_clock.h"

namespace unhidra::device {
namespace {

namespace json = boost::json;
using identity::GroupRole;

constexpr std::size_t kMaxFile = 1 << 20;

Result<json::object> read_object(const std::filesystem::path& path) {
  const auto text = runtime::read_file(path, kMaxFile);
  boost::system::error_code error;
  auto value = text ? json::parse(as_text(*text), error) : json::value();
  if (!text || error || !value.is_object()) {
    return fail(Errc::bad_group, path.string() + ": this is no JSON object");
  }
  return std::move(value).as_object();
}

Result<Bytes> take_hex(const json::object& from, std::string_view name, std::size_t size) {
  const auto* value = from.if_contains(name);
  auto out = value != nullptr && value->is_string() ? from_hex(std::string_view(value->as_string()))
                                                    : Result<Bytes>(Bytes());
  if (!out || (size != 0 && out->size() != size)) {
    return fail(Errc::bad_group, "\"" + std::string(name) + "\" is missing or no hexadecimal text");
  }
  return out;
}

template <std::size_t N>
ByteArray<N> array_of(const Bytes& bytes) {
  ByteArray<N> out{};
  std::copy_n(bytes.begin(), N, out.begin());
  return out;
}

Result<GroupRole> parse_role(std::string_view text) {
  const auto role = identity::parse_group_role(text);
  return role ? Result<GroupRole>(*role)
              : fail(Errc::usage, "a role is device, controller, hub or compliance, not \"" +
                                      std::string(text) + "\"");
}

Result<identity::GroupMember> read_member(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    return fail(Errc::usage, "a member is ROLE:FILE, not \"" + std::string(text) + "\"");
  }
  UNHIDRA_TRY(const auto role, parse_role(text.substr(0, colon)));
  UNHIDRA_TRY(const auto document, read_object(text.substr(colon + 1)));
  const auto* id = document.if_contains("device");
  const auto device = id != nullptr && id->is_string()
                          ? DeviceId::parse(std::string_view(id->as_string()))
                          : Result<DeviceId>(fail(Errc::bad_group, "\"device\" is missing"));
  if (!device) {
    return fail(Errc::bad_group, std::string(text) + ": " + device.error().message());
  }
  UNHIDRA_TRY(const auto agreement, take_hex(document, "identity", 32));
  UNHIDRA_TRY(const auto signing, take_hex(document, "signing", 32));
  return identity::GroupMember{.keys = {*device, crypto::X25519PublicKey(array_of<32>(agreement)),
                                        crypto::Ed25519PublicKey(array_of<32>(signing))},
                               .role = role};
}

// ---- the owner ----

struct Owner {
  Bytes seed;
  DeviceGroupId group;
  std::uint32_t epoch = 0;
  Bytes previous_hash;
};

Result<Owner> read_owner(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    crypto::SystemRandom random;
    Owner out{.seed = Bytes(32),
              .group = DeviceGroupId::make(runtime::SystemClock(), random),
              .epoch = 0,
              .previous_hash = Bytes(32)};
    random.fill(out.seed);
    return out;
  }
  UNHIDRA_TRY(const auto document, read_object(path));
  Owner out;
  UNHIDRA_TRY(out.seed, take_hex(document, "seed", 32));
  UNHIDRA_TRY(out.previous_hash, take_hex(document, "previous_hash", 32));
  UNHIDRA_TRY(const auto group, take_hex(document, "group", 16));
  out.group = DeviceGroupId(array_of<16>(group));
  const auto* epoch = document.if_contains("epoch");
  if (epoch == nullptr || !epoch->is_int64() || epoch->as_int64() < 1) {
    return fail(Errc::bad_group, path.string() + ": \"epoch\" is missing");
  }
  out.epoch = static_cast<std::uint32_t>(epoch->as_int64());
  return out;
}

Status write_owner(const std::filesystem::path& path, const Owner& owner) {
  const json::object out = {{"seed", to_hex(owner.seed)},
                            {"group", to_hex(owner.group.bytes())},
                            {"epoch", owner.epoch},
                            {"previous_hash", to_hex(owner.previous_hash)}};
  return runtime::write_file_atomically(path, as_bytes(json::serialize(out) + "\n"));
}

crypto::Ed25519KeyPair key_of(const Owner& owner) {
  return crypto::Ed25519KeyPair::from_private(
      crypto::native_provider(),
      crypto::Ed25519PrivateKey(SecretArray<32>::copy_of(array_of<32>(owner.seed))));
}

Result<Bytes> sign_policy(const Owner& owner, const identity::DeviceGroup& roster, DeviceId device,
                          const std::vector<std::string>& texts) {
  identity::DevicePolicy policy{.group_id = owner.group,
                                .device_id = device,
                                .version = roster.epoch,
                                .issued_at = roster.issued_at,
                                .rules = {}};
  for (const auto& text : texts) {
    auto rule = identity::parse_device_rule(text);
    if (!rule) {
      return fail(Errc::usage, text + ": " + rule.error().message());
    }
    policy.rules.push_back(std::move(*rule));
  }
  auto out = identity::sign(crypto::native_provider(), key_of(owner), policy);
  return out ? std::move(out) : fail(Errc::usage, out.error().message());
}

Result<identity::DeviceGroup> sign_roster(const GroupRequest& request, Owner& owner) {
  const auto& provider = crypto::native_provider();
  const auto key = key_of(owner);
  identity::DeviceGroup out;
  out.group_id = owner.group;
  out.epoch = ++owner.epoch;
  out.previous_hash = array_of<32>(owner.previous_hash);
  out.issued_at = runtime::SystemClock().now();
  out.owners = {key.public_key()};
  out.topic_filters = request.topic_filters;
  for (const auto& member : request.members) {
    UNHIDRA_TRY(auto read, read_member(member));
    out.members.push_back(std::move(read));
  }
  if (auto done = identity::sign(provider, key, out); !done) {
    return fail(Errc::bad_group, done.error().message());
  }
  const auto hash = identity::hash_of(provider, out);
  owner.previous_hash.assign(hash.begin(), hash.end());
  return out;
}

}  // namespace

std::string public_document(const Home& home) {
  ByteArray<32> agreement{};
  ByteArray<32> signing{};
  uh_x25519_base(agreement.data(), home.identity_seed().data());
  uh_ed25519_public(signing.data(), home.signing_seed());
  const identity::DeviceKeys keys{home.settings().device, crypto::X25519PublicKey(agreement),
                                  crypto::Ed25519PublicKey(signing)};
  return json::serialize(json::object{{"device", home.device_id()},
                                      {"identity", to_hex(agreement)},
                                      {"signing", to_hex(signing)},
                                      {"commissioning_code", identity::commissioning_code(keys)}});
}

Status commission(Home& home, std::string_view owner) {
  const auto key = from_hex(owner);
  if (!key || key->size() != 32) {
    return fail(Errc::usage, "an owner's key has 64 hexadecimal digits");
  }
  const auto* owners = &home.group.owners[0];
  const bool is_known =
      std::any_of(owners, owners + home.group.owner_count,
                  [&](const std::uint8_t(&known)[32]) { return std::ranges::equal(known, *key); });
  if (home.has_group() && !is_known) {
    return fail(Errc::bad_group, "this device is in the group of another owner");
  }
  return home.commission(array_of<32>(*key), false);
}

Result<std::uint32_t> make_group(const Home& controller, const GroupRequest& request) {
  UNHIDRA_TRY(auto owner, read_owner(request.owner_file));
  UNHIDRA_TRY(const auto roster, sign_roster(request, owner));
  std::error_code error;
  std::filesystem::create_directories(request.out, error);
  crypto::SystemRandom random;
  const auto secret = random.secret_array<32>();
  const auto& provider = crypto::native_provider();
  ByteArray<32> seed{};
  std::copy_n(controller.signing_seed(), 32, seed.begin());
  const auto signing = crypto::Ed25519KeyPair::from_private(
      provider, crypto::Ed25519PrivateKey(SecretArray<32>::copy_of(seed)));
  uh_wipe(seed.data(), seed.size());
  for (const auto& member : roster.members) {
    Bytes policy;
    if (member.role == GroupRole::device) {
      UNHIDRA_TRY(policy, sign_policy(owner, roster, member.keys.device_id, request.rules));
    }
    auto delivery = e2ee::seal_epoch(provider, random, roster, secret, controller.settings().device,
                                     signing, member.keys.device_id, policy);
    if (!delivery) {
      return fail(Errc::bad_group, "this device is no controller of the group");
    }
    const json::object file = {{"owner", to_hex(roster.signer.bytes())},
                               {"role", identity::to_string(member.role)},
                               {"delivery", to_hex(*delivery)}};
    UNHIDRA_TRY_VOID(
        runtime::write_file_atomically(request.out / (member.keys.device_id.to_string() + ".json"),
                                       as_bytes(json::serialize(file) + "\n")));
  }
  // Last: an epoch that was not handed out is made again.
  UNHIDRA_TRY_VOID(write_owner(request.owner_file, owner));
  return roster.epoch;
}

namespace {

Status check(uh_status status, std::string_view what) {
  switch (status) {
    case UH_OK:
      return {};
    case UH_NOT_AN_OWNER:
      return fail(Errc::bad_group, std::string(what) + ": no owner of the group signed it");
    case UH_WRONG_DEVICE:
      return fail(Errc::bad_group, std::string(what) + ": it is not for this device");
    case UH_STALE:
      return fail(Errc::bad_group, std::string(what) + ": it is not newer than what is there");
    case UH_FORKED:
      return fail(Errc::bad_group, std::string(what) + ": it does not continue what is there");
    case UH_NO_SPACE:
      return fail(Errc::bad_group, std::string(what) + ": its group is too large for this device");
    case UH_UNDECRYPTABLE:
      return fail(Errc::bad_group, std::string(what) + ": its signature is bad");
    case UH_STORAGE:
      return fail(Errc::bad_home, "the device's flash does not take what is to be stored");
    default:
      return fail(Errc::bad_group, std::string(what) + ": it is malformed");
  }
}

}  // namespace

Status join_group(Home& home, const std::filesystem::path& file) {
  UNHIDRA_TRY(const auto document, read_object(file));
  UNHIDRA_TRY(const auto owner, take_hex(document, "owner", 32));
  UNHIDRA_TRY(const auto delivery, take_hex(document, "delivery", 0));
  const auto* role = document.if_contains("role");
  const bool leads = role != nullptr && *role != "device";
  UNHIDRA_TRY_VOID(home.commission(array_of<32>(owner), leads));
  return check(home.adopt(delivery), "the delivery");
}

Result<Bytes> read_delivery(const std::filesystem::path& file) {
  UNHIDRA_TRY(const auto document, read_object(file));
  return take_hex(document, "delivery", 0);
}

}  // namespace unhidra::device
