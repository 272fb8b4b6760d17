// The published vectors of device groups are what this code does; the C core of the firmware and a
// second implementation in Python read the same file. UNHIDRA_WRITE_VECTORS=1 writes it anew; that
// is right only for a new suite or format.
#include <gtest/gtest.h>

#include "unhidra/e2ee/device_group.h"

#include "vector_files.h"

namespace unhidra::e2ee {
namespace {

using identity::GroupRole;
using identity::PayloadKind;

struct Sealed {
  std::string topic;
  PayloadKind kind;
  bool retained;
  GroupContent content;
};

GroupContent content_of(std::string_view body) {
  return {.sent_at = kNow, .body = to_bytes(body)};
}

std::vector<Sealed> script() {
  auto command = content_of("{\"on\":true}");
  command.not_after = kNow + std::chrono::seconds(30);
  command.request_id = RequestId{1, 2, 3};
  auto challenged = content_of("unlock");
  challenged.request_id = RequestId{4, 5, 6};
  challenged.challenge = Challenge{7, 8, 9};
  auto result = content_of("done");
  result.request_id = RequestId{4, 5, 6};
  return {
      {"home/kitchen/temperature", PayloadKind::telemetry, false, content_of("21.5")},
      {"home/kitchen/temperature", PayloadKind::telemetry, true, content_of("21.6")},
      {"home/kitchen/light", PayloadKind::state, true, content_of("on")},
      {"home/kitchen/light/set", PayloadKind::command, false, command},
      {"home/front/lock/set", PayloadKind::command, false, challenged},
      {"home/front/lock/result", PayloadKind::result, false, result},
      {"home/kitchen/temperature", PayloadKind::telemetry, false, content_of("")},
  };
}

class VectorGroup {
 public:
  VectorGroup()
      : owner_(crypto::Ed25519KeyPair::generate(provider(), random_)),
        phone_(1, random_),
        lamp_(2, random_),
        secret_(random_.secret_array<32>()) {
    roster_.group_id = id_of<DeviceGroupId>(5);
    roster_.issued_at = kNow;
    roster_.owners = {owner_.public_key()};
    roster_.topic_filters = {"home/front/#", "home/kitchen/#"};
    roster_.members = {{phone_.keys(), GroupRole::controller}, {lamp_.keys(), GroupRole::device}};
    EXPECT_TRUE(identity::sign(provider(), owner_, roster_));
  }

  DeviceGroupKeys join(const TestDevice& device) const {
    auto out = DeviceGroupKeys::join(provider(), owner_.public_key(), roster_, secret_.clone(),
                                     device.device_id);
    EXPECT_TRUE(out);
    return std::move(*out);
  }
  std::string describe();

 private:
  void describe_payload(Json& json, const Sealed& sealed, std::uint32_t counter, ByteView payload);

  CountingRandom random_;
  crypto::Ed25519KeyPair owner_;
  TestDevice phone_;
  TestDevice lamp_;
  SecretArray<32> secret_;
  identity::DeviceGroup roster_;
};

void VectorGroup::describe_payload(Json& json, const Sealed& sealed, std::uint32_t counter,
                                   ByteView payload) {
  json.open("", '{');
  json.field("topic", sealed.topic);
  json.number("kind", static_cast<std::uint64_t>(sealed.kind));
  json.number("retained", sealed.retained ? 1 : 0);
  json.number("counter", counter);
  json.number("sent_at", static_cast<std::uint64_t>(to_unix_micros(sealed.content.sent_at)));
  if (sealed.content.not_after) {
    json.number("not_after", static_cast<std::uint64_t>(to_unix_micros(*sealed.content.not_after)));
  }
  if (sealed.content.request_id) {
    json.field("request_id", to_hex(*sealed.content.request_id));
  }
  if (sealed.content.challenge) {
    json.field("challenge", to_hex(*sealed.content.challenge));
  }
  json.field("body", to_hex(sealed.content.body));
  json.field("payload", to_hex(payload));
  json.close('}');
}

std::string VectorGroup::describe() {
  Json json;
  json.open("", '{');
  json.field("owner_public", to_hex(owner_.public_key().bytes()));
  json.field("roster", to_hex(identity::encode(roster_)));
  json.field("roster_hash", to_hex(identity::hash_of(provider(), roster_)));
  json.field("epoch_secret", to_hex(secret_.expose()));
  json.field("sender_device", to_hex(phone_.device_id.bytes()));
  json.field("sender_signing_seed", to_hex(phone_.signing().private_key().expose()));
  json.field("receiver_device", to_hex(lamp_.device_id.bytes()));
  json.open("payloads", '[');
  auto sender = join(phone_);
  auto receiver = join(lamp_);
  // The second block shows what a sender does after a restart.
  for (int block = 0; block < 2; ++block) {
    EXPECT_TRUE(sender.reserve_counters());
    for (const auto& sealed : script()) {
      const auto payload = *sender.seal(provider(), phone_.signing(), sealed.topic, sealed.kind,
                                        sealed.retained, sealed.content);
      const auto opened = receiver.open(provider(), sealed.topic, payload, sealed.retained);
      EXPECT_TRUE(opened) << opened.error().message();
      EXPECT_EQ(opened->content, sealed.content);
      describe_payload(json, sealed, opened->header.counter, payload);
    }
    sender = *DeviceGroupKeys::deserialize(provider(), sender.serialize().expose());
  }
  json.close(']').close('}');
  return json.finish();
}

TEST(Vectors, DeviceGroupsAreAsPublished) {
  const auto now = VectorGroup().describe();
  if (writes_instead("device_groups.json", now)) {
    GTEST_SKIP() << "written";
  }
  EXPECT_EQ(now, read_file("device_groups.json"));
}

}  // namespace
}  // namespace unhidra::e2ee
