#include "chat_fixture.h"

namespace unhidra::chat {

namespace {

// One server for all tests of this binary; a schema of its own for each.
std::string fresh_postgres_schema() {
  static auto server = testkit::PostgresServer::start();
  static int number = 0;
  if (!server) {
    ADD_FAILURE() << server.error().message();
    return {};
  }
  auto url = server->create_schema("chat_" + std::to_string(++number));
  if (!url) {
    ADD_FAILURE() << url.error().message();
    return {};
  }
  return *url;
}

}  // namespace

wire::PublishKeys TestDevice::upload(RandomSource& random, Timestamp now, std::uint32_t first_id,
                                     std::uint32_t count) const {
  const auto& provider = crypto::native_provider();
  wire::PublishKeys out;
  out.identity_key = identity.public_key().array();
  out.signing_key = signing.public_key().array();
  for (const bool last_resort : {false, true}) {
    const auto pair = crypto::X25519KeyPair::generate(provider, random);
    const auto signed_key =
        identity::sign_prekey(provider, signing, asker.device_id, last_resort ? 2 : 1,
                              pair.public_key(), now, last_resort);
    (last_resort ? out.last_resort_pre_key : out.signed_pre_key) = wire::SignedPreKey{
        signed_key.id, signed_key.key.array(), signed_key.created_at, signed_key.signature.array()};
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto pair = crypto::X25519KeyPair::generate(provider, random);
    out.one_time_pre_keys.push_back({first_id + i, pair.public_key().array()});
  }
  return out;
}

void ChatTest::SetUp() {
  storage::Settings settings;
  if (GetParam() == "postgres") {
    if (const auto missing = testkit::PostgresServer::missing(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    settings.url = fresh_postgres_schema();
    ASSERT_FALSE(settings.url.empty());
  } else {
    settings.url = "sqlite:" + (dir_ / "test.db").string();
  }
  auto database = storage::Database::open(settings);
  ASSERT_TRUE(database) << database.error().message();
  database_ = std::move(*database);
}

void ChatTest::TearDown() {
  database_.reset();
}

OrgId ChatTest::make_org(const std::string& name) {
  const auto id = OrgId::make(clock_, random_);
  const auto done = write([&](storage::Transaction& tx) {
    return tx.execute("INSERT INTO organizations (org_id, name, created_at) VALUES ($1, $2, $3)",
                      id, name, clock_.now());
  });
  EXPECT_TRUE(done) << done.error().message();
  return id;
}

UserId ChatTest::make_user(OrgId org, const std::string& name) {
  const auto id = UserId::make(clock_, random_);
  const auto done = write([&](storage::Transaction& tx) {
    return tx.execute(
        "INSERT INTO users (user_id, org_id, username, display_name, created_at, updated_at) "
        "VALUES ($1, $2, $3, $3, $4, $4)",
        id, org, name, clock_.now());
  });
  EXPECT_TRUE(done) << done.error().message();
  account_keys_.emplace(id, crypto::Ed25519KeyPair::generate(provider_, random_));
  return id;
}

TestDevice ChatTest::make_device(OrgId org, UserId user) {
  TestDevice device{{org, user, DeviceId::make(clock_, random_)},
                    crypto::X25519KeyPair::generate(provider_, random_),
                    crypto::Ed25519KeyPair::generate(provider_, random_)};
  const auto done = write([&](storage::Transaction& tx) {
    return tx.execute(
        "INSERT INTO devices (device_id, org_id, user_id, name, platform, kind, created_at) "
        "VALUES ($1, $2, $3, 'test', 'test', 'client', $4)",
        device.asker.device_id, org, user, clock_.now());
  });
  EXPECT_TRUE(done) << done.error().message();
  return device;
}

TestDevice ChatTest::ready_device(OrgId org, UserId user) {
  auto device = make_device(org, user);
  const auto upload = device.upload(random_, clock_.now(), 1, 10);
  const auto done = write(
      [&](storage::Transaction& tx) { return store_keys(tx, device.asker, upload, clock_.now()); });
  EXPECT_TRUE(done) << done.error().message();
  return device;
}

Status ChatTest::approve(UserId user, const std::vector<const TestDevice*>& devices) {
  identity::DeviceList list;
  list.user_id = user;
  list.issued_at = clock_.now();
  if (const auto known = lists_.find(user); known != lists_.end()) {
    list.version = known->second.version + 1;
    list.previous_hash = identity::hash_of(provider_, known->second);
  }
  for (const auto* device : devices) {
    list.devices.push_back(
        {device->asker.device_id, device->identity.public_key(), device->signing.public_key()});
  }
  UNHIDRA_TRY_VOID(identity::sign(provider_, account_keys_.at(user), list));
  const auto document = identity::encode(list);
  const auto& asker = devices.front()->asker;
  UNHIDRA_TRY(const auto opened, open_own_list(provider_, asker, document));
  UNHIDRA_TRY_VOID(write([&](storage::Transaction& tx) {
    return store_device_list(provider_, tx, asker, opened, document, clock_.now());
  }));
  lists_.insert_or_assign(user, list);
  return {};
}

void ChatTest::revoke(const TestDevice& device) {
  const auto done = write([&](storage::Transaction& tx) {
    return tx.execute("UPDATE devices SET revoked_at = $2 WHERE device_id = $1",
                      device.asker.device_id, clock_.now());
  });
  EXPECT_TRUE(done) << done.error().message();
}

ConversationId ChatTest::open(const TestDevice& asker, UserId other) {
  const auto fresh = ConversationId::make(clock_, random_);
  const auto opened = write([&](storage::Transaction& tx) {
    return open_direct(tx, asker.asker, other, fresh, clock_.now());
  });
  EXPECT_TRUE(opened) << opened.error().message();
  return opened ? opened->conversation_id : ConversationId();
}

wire::SendMessage ChatTest::message_for(ConversationId conversation,
                                        const std::vector<const TestDevice*>& recipients) {
  wire::SendMessage out{.conversation_id = conversation,
                        .message_id = MessageId::make(clock_, random_),
                        .sent_at = clock_.now()};
  for (const auto* device : recipients) {
    out.ciphertexts.push_back({device->asker.device_id, to_bytes("opaque bytes")});
  }
  return out;
}

}  // namespace unhidra::chat
