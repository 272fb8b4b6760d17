#pragma once
// An organisation with a device on a fresh SQLite database, under a clock that tests move.

#include <gtest/gtest.h>

#include "unhidra/crypto/random.h"
#include "unhidra/pki/device_authority.h"
#include "unhidra/storage/database.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::automation {

class House : public testing::Test {
 protected:
  House() {
    add_organization(who_.org, "First");
    add_device(who_);
  }

  void add_organization(OrgId org, const char* name) {
    change([&](storage::Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO organizations (org_id, name, created_at) VALUES ($1, $2, 0)", org, name));
      return {};
    });
  }
  void add_device(const pki::DeviceIdentity& who) {
    change([&](storage::Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(
          tx.execute("INSERT INTO devices (device_id, org_id, name, platform, kind, created_at) "
                     "VALUES ($1, $2, 'lamp', '', 'iot', 0)",
                     who.device, who.org));
      return {};
    });
  }
  template <class F>
  void change(F closure) {
    const auto done = database_->write_sync(std::move(closure));
    EXPECT_TRUE(done) << done.error().message();
  }

  testkit::TempDir directory_;
  testkit::FakeClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<storage::Database> database_ =
      storage::Database::open({.url = "sqlite:" + (directory_.path() / "test.db").string()})
          .value();
  pki::DeviceIdentity who_{OrgId::make(clock_, random_), DeviceId::make(clock_, random_)};
};

}  // namespace unhidra::automation
