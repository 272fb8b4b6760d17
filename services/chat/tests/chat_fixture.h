#pragma once
// A database with an organisation, users and devices, and the key material of those devices.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unhidra/identity/prekeys.h"
#include "unhidra/storage/database.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/postgres_server.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

#include "asker.h"
#include "conversations.h"
#include "device_lists.h"
#include "key_directory.h"
#include "people.h"
#include "sending.h"

namespace unhidra::chat {

// The private side of one device, as its client would hold it.
struct TestDevice {
  Asker asker;
  crypto::X25519KeyPair identity;
  crypto::Ed25519KeyPair signing;
  wire::PublishKeys upload(RandomSource& random, Timestamp now, std::uint32_t first_id,
                           std::uint32_t count) const;
};

// Parameter: the database, "sqlite" or "postgres".
class ChatTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  void TearDown() override;

  OrgId make_org(const std::string& name);
  UserId make_user(OrgId org, const std::string& name);
  // Registered, but without keys.
  TestDevice make_device(OrgId org, UserId user);
  // Registered, with ten one-time prekeys and, after approve(), on the device list.
  TestDevice ready_device(OrgId org, UserId user);
  // Publishes the next device list of the user.
  Status approve(UserId user, const std::vector<const TestDevice*>& devices);
  void revoke(const TestDevice& device);
  ConversationId open(const TestDevice& asker, UserId other);
  wire::SendMessage message_for(ConversationId conversation,
                                const std::vector<const TestDevice*>& recipients);

  template <class F>
  auto write(F f) {
    return database_->write_sync(std::move(f));
  }
  template <class F>
  auto read(F f) {
    return database_->read_sync(std::move(f));
  }

  const crypto::Provider& provider_ = crypto::native_provider();
  testkit::FakeClock clock_;
  testkit::SeededRandom random_{4711};
  testkit::TempDir dir_;
  std::unique_ptr<storage::Database> database_;
  std::map<UserId, crypto::Ed25519KeyPair> account_keys_;
  std::map<UserId, identity::DeviceList> lists_;
};

}  // namespace unhidra::chat
