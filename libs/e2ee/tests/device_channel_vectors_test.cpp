// The published vectors of a device's pairwise channel are what this code does; the C core of
// firmware/ reads them on the host and on RISC-V. UNHIDRA_WRITE_VECTORS=1 writes them anew.
#include "channel_device.h"
#include "vector_files.h"

namespace unhidra::e2ee {
namespace {

// Remembers everything that was drawn, in order.
class RecordingRandom final : public RandomSource {
 public:
  explicit RecordingRandom(CountingRandom& source) : source_(source) {}
  void fill(MutableByteView out) override {
    source_.fill(out);
    all += source_.last;
  }
  std::string all;

 private:
  CountingRandom& source_;
};

class ChannelVectors : public testing::Test {
 protected:
  ChannelVectors() {
    json_.open("", '{');
    json_.field("what", "A device's pairwise channel: see docs/security.md, Channel of a device");
    json_.number("suite", 1);
    first_ = roster(1, {});
    describe("controller", phone_.keys(), phone_.self().identity_key, phone_.signing());
    describe("device", lamp_.keys(), lamp_.identity(), lamp_.signing());
    json_.field("owner_seed", to_hex(owner_.private_key().expose()));
    json_.field("owner_public", to_hex(owner_.public_key().bytes()));
    json_.field("roster", to_hex(identity::encode(first_)));
  }

  identity::DeviceGroup roster(std::uint32_t epoch, ByteArray<32> previous) {
    identity::DeviceGroup out;
    out.group_id = id_of<DeviceGroupId>(5);
    out.epoch = epoch;
    out.previous_hash = previous;
    out.issued_at = kNow;
    out.owners = {owner_.public_key()};
    out.topic_filters = {"devices/#"};
    out.members = {{phone_.keys(), identity::GroupRole::controller},
                   {lamp_.keys(), identity::GroupRole::device}};
    EXPECT_TRUE(identity::sign(provider(), owner_, out));
    return out;
  }
  void describe(const std::string& name, const identity::DeviceKeys& keys,
                const crypto::X25519KeyPair& agreement, const crypto::Ed25519KeyPair& signing) {
    json_.open(name, '{');
    json_.field("device_id", to_hex(keys.device_id.bytes()));
    json_.field("identity_private", to_hex(agreement.private_key().expose()));
    json_.field("identity_public", to_hex(keys.identity_key.bytes()));
    json_.field("signing_seed", to_hex(signing.private_key().expose()));
    json_.field("signing_public", to_hex(keys.signing_key.bytes()));
    json_.close('}');
  }
  void message(bool from_device, ByteView plaintext, const std::string& drawn, ByteView payload) {
    json_.open("", '{').field("from", from_device ? "device" : "controller");
    if (!drawn.empty()) {
      json_.field("new_ratchet_private", drawn);
    }
    json_.field("plaintext", to_hex(plaintext)).field("payload", to_hex(payload)).close('}');
  }
  Bytes to_device(const Result<Bytes>& payload) {
    const auto drawn = random_.last;
    const auto plaintext = lamp_.open(phone_.keys(), payload.value());
    EXPECT_TRUE(plaintext);
    message(false, *plaintext, drawn, *payload);
    random_.last.clear();
    return *plaintext;
  }
  void from_device(const SecretBytes& plaintext) {
    random_.last.clear();
    const auto payload = lamp_.seal(phone_.device_id, plaintext.expose()).value();
    message(true, plaintext.expose(), random_.last, payload);
    EXPECT_TRUE(channel_.open(provider(), phone_.self(), payload, kNow));
    random_.last.clear();
  }
  GroupContent content(std::string_view body, bool is_command) const {
    return {.sent_at = kNow,
            .not_after = is_command ? std::optional(kNow + std::chrono::seconds(10)) : std::nullopt,
            .request_id = RequestId{1, 2, 3},
            .challenge = {},
            .body = to_bytes(body)};
  }
  Result<Bytes> epoch(const identity::DeviceGroup& roster, std::string_view policy) {
    return channel_.seal_epoch(provider(), random_, phone_.self(), roster, secret_,
                               as_bytes(policy), kNow);
  }
  Result<Bytes> command(std::string_view text) {
    return channel_.seal_command(provider(), random_, phone_.self(), content(text, true), kNow);
  }

  CountingRandom random_;
  RecordingRandom of_device_{random_};
  crypto::Ed25519KeyPair owner_ = crypto::Ed25519KeyPair::generate(provider(), random_);
  TestDevice phone_{1, random_};
  ChannelDevice lamp_{id_of<DeviceId>(2), random_, of_device_};
  EpochSecret secret_ = random_.secret_array<32>();
  DeviceChannel channel_{lamp_.keys()};
  identity::DeviceGroup first_;
  Json json_;
};

TEST_F(ChannelVectors, AreAsPublished) {
  json_.number("published_at", static_cast<std::uint64_t>(to_unix_micros(kNow)));
  json_.field("prekeys", to_hex(lamp_.publish()));
  ASSERT_TRUE(
      channel_.take_prekeys(provider(), random_, phone_.self(), lamp_.publish(), kNow).value());
  json_.field("base_private", random_.last);
  random_.last.clear();
  json_.open("messages", '[');
  to_device(epoch(first_, ""));
  from_device(channel_receipt({1, 0}));
  const auto late = command("set 19").value();  // on its way for long
  to_device(command("set 21.5"));
  from_device(channel_result(content("ok: target 21.5", false)).value());
  from_device(channel_receipt({1, 1}));
  random_.last.clear();
  to_device(command("mode heat"));
  to_device(late);
  from_device(channel_result(content("ok: mode heat", false)).value());
  to_device(epoch(roster(2, identity::hash_of(provider(), first_)), "a policy"));
  from_device(channel_receipt({2, 2}));
  json_.close(']');
  json_.field("prekeys_later", to_hex(lamp_.publish()));
  json_.field("device_random", of_device_.all);
  json_.close('}');
  const auto now = json_.finish();
  if (writes_instead("device_channel.json", now)) {
    GTEST_SKIP() << "written";
  }
  EXPECT_EQ(now, read_file("device_channel.json"));
}

}  // namespace
}  // namespace unhidra::e2ee
