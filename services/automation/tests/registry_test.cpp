// The rules of the registry and of twins.
#include "devices/registry.h"

#include <boost/json/parse.hpp>

#include "unhidra/automation/errc.h"

#include "devices/store_certificates.h"
#include "house.h"

namespace unhidra::automation {
namespace {

using storage::Transaction;

class Registry : public House {
 protected:
  template <class F>
  auto write(F closure) {
    return database_->write_sync([&](Transaction& tx) { return closure(tx); });
  }
  Result<store::RegisteredDevice> set(const DeviceChanges& changes) {
    return write([&](Transaction& tx) {
      draft_ = {};
      return change_device(tx, who_.org, who_.device, changes, clock_.now(), draft_);
    });
  }
  Result<store::Twin> wish(const TwinContent& content) {
    return write([&](Transaction& tx) {
      draft_ = {};
      return want(tx, who_.org, who_.device, content, clock_.now(), draft_);
    });
  }
  Result<store::Twin> say(const Report& what) {
    return write([&](Transaction& tx) {
      draft_ = {};
      return report(tx, who_, what, clock_.now(), draft_);
    });
  }
  std::vector<DeviceId> ids(const store::DeviceFilter& filter, DeviceId after = {},
                            std::size_t limit = 100) {
    std::vector<DeviceId> out;
    const auto rows = database_->read_sync([&](Transaction& tx) {
      return store::list_registered(tx, who_.org, filter, after, limit);
    });
    for (const auto& row : rows.value()) {
      out.push_back(row.id);
    }
    return out;
  }
  UserId add_user(OrgId org, bool disabled) {
    const auto user = UserId::make(clock_, random_);
    change([&](Transaction& tx) -> Status {
      UNHIDRA_TRY_VOID(tx.execute(
          "INSERT INTO users (user_id, org_id, username, display_name, disabled, created_at, "
          "updated_at) VALUES ($1, $2, $3, '', $4, 0, 0)",
          user, org, user.to_string(), disabled));
      return {};
    });
    return user;
  }
  static TwinContent document(const char* json) {
    return {.document = boost::json::parse(json), .ciphertext = {}, .if_version = {}};
  }
  static TwinContent sealed(Bytes bytes) {
    return {.document = {}, .ciphertext = std::move(bytes), .if_version = {}};
  }

  access::AuditDraft draft_;
};

TEST_F(Registry, WhatIsAbsentStaysAndWhatChangedIsRecorded) {
  ASSERT_TRUE(set({.name = "kitchen lamp",
                   .type = "light",
                   .groups = {{"b", "a", "b"}},
                   .labels = {{{"floor", "1"}}}}));
  EXPECT_EQ(draft_.metadata[0], (std::pair<std::string, std::string>("before.name", "lamp")));
  EXPECT_EQ(draft_.metadata[1],
            (std::pair<std::string, std::string>("after.name", "kitchen lamp")));
  const auto after = set({.labels = {{{"room", "kitchen"}}}});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->name, "kitchen lamp");
  EXPECT_EQ(after->type, "light");
  EXPECT_EQ(after->groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(after->labels, (std::map<std::string, std::string>{{"room", "kitchen"}}));
  const auto read =
      database_->read_sync([&](Transaction& tx) { return find_device(tx, who_.org, who_.device); });
  EXPECT_EQ(read->labels, after->labels);
  EXPECT_EQ(read->groups, after->groups);
}

TEST_F(Registry, WhatMakesNoSenseIsRefusedAndChangesNothing) {
  const std::string long_text(65, 'x');
  std::vector<std::string> many;
  std::map<std::string, std::string> many_labels;
  for (int i = 0; i < 33; ++i) {
    many.push_back("g" + std::to_string(i));
    many_labels["l" + std::to_string(i)] = "";
  }
  const std::vector<DeviceChanges> wrong{{.name = ""},
                                         {.name = "   "},
                                         {.name = long_text},
                                         {.name = "a\nb"},
                                         {.name = "\xff"},
                                         {.platform = long_text},
                                         {.type = "Light"},
                                         {.type = "-x"},
                                         {.type = long_text},
                                         {.owner_id = "nobody"},
                                         {.groups = {{""}}},
                                         {.groups = {{"a b"}}},
                                         {.groups = many},
                                         {.labels = {{{"A", ""}}}},
                                         {.labels = {{{"a", "\x01"}}}},
                                         {.labels = many_labels}};
  for (const auto& changes : wrong) {
    EXPECT_EQ(set(changes).error(), Errc::bad_request) << (&changes - wrong.data());
  }
  EXPECT_EQ(
      database_->read_sync([&](Transaction& tx) { return find_device(tx, who_.org, who_.device); })
          ->name,
      "lamp");
}

TEST_F(Registry, AnOwnerIsAnEnabledUserOfTheOrganisation) {
  const pki::DeviceIdentity other{OrgId::make(clock_, random_), DeviceId::make(clock_, random_)};
  add_organization(other.org, "Second");
  const auto own = add_user(who_.org, false);
  EXPECT_EQ(set({.owner_id = add_user(other.org, false).to_string()}).error(), Errc::bad_request);
  EXPECT_EQ(set({.owner_id = add_user(who_.org, true).to_string()}).error(), Errc::bad_request);
  EXPECT_EQ(set({.owner_id = own.to_string()})->owner, own);
  EXPECT_EQ(set({.name = "x"})->owner, own);
  EXPECT_EQ(set({.owner_id = ""})->owner, std::nullopt);
}

TEST_F(Registry, ListsAreFilteredPagedAndOfOneOrganisation) {
  const pki::DeviceIdentity second{who_.org, DeviceId::make(clock_, random_)};
  const pki::DeviceIdentity foreign{OrgId::make(clock_, random_), DeviceId::make(clock_, random_)};
  add_organization(foreign.org, "Second");
  add_device(second);
  add_device(foreign);
  ASSERT_TRUE(set({.type = "light", .groups = {{"kitchen"}}, .labels = {{{"floor", "1"}}}}));
  EXPECT_EQ(ids({}).size(), 2U);
  const auto [low, high] = std::minmax(who_.device, second.device);
  EXPECT_EQ(ids({}, {}, 1), std::vector{low});
  EXPECT_EQ(ids({}, low), std::vector{high});
  const std::vector mine{who_.device};
  EXPECT_EQ(ids({.type = "light"}), mine);
  EXPECT_EQ(ids({.group = "kitchen"}), mine);
  EXPECT_EQ(ids({.label = {{"floor", "1"}}}), mine);
  EXPECT_TRUE(ids({.label = {{"floor", "2"}}}).empty());
  EXPECT_TRUE(ids({.type = "lock"}).empty());
  EXPECT_TRUE(ids({.group = "floor"}).empty());  // a label's name is no group
  EXPECT_TRUE(ids({.type = "light", .group = "hall"}).empty());
}

TEST_F(Registry, ADeletedDeviceIsGoneButItsCertificatesAreToldRevoked) {
  const auto key = pki::make_software_signer(pki::generate_signer_key()->expose()).value();
  const Bytes serial{7, 7};
  change([&](Transaction& tx) {
    return store::insert(tx,
                         {.serial_number = serial,
                          .org_id = who_.org,
                          .device_id = who_.device,
                          .not_before = clock_.now(),
                          .not_after = clock_.now() + std::chrono::hours(1),
                          .replaces = {},
                          .first_seen_at = {},
                          .revoked_at = {},
                          .reason = {},
                          .device_revoked_at = {}},
                         Bytes{1});
  });
  ASSERT_TRUE(set({.type = "light", .groups = {{"kitchen"}}}));
  ASSERT_TRUE(wish(document(R"({"on":true})")));
  const auto ended = write([&](Transaction& tx) { return delete_device(tx, who_, clock_.now()); });
  ASSERT_TRUE(ended);
  ASSERT_EQ(ended->size(), 1U);
  EXPECT_EQ(ended->front().serial_number, serial);
  EXPECT_TRUE(ids({}).empty());
  EXPECT_EQ(set({.name = "back"}).error(), Errc::not_found);
  EXPECT_EQ(wish(document("{}")).error(), Errc::not_found);
  const auto left =
      write([&](Transaction& tx) { return store::find_twin(tx, who_.org, who_.device); });
  EXPECT_FALSE(left->desired.content);
  const auto revoked = write([&](Transaction& tx) { return store::revoked(tx, 1, clock_.now()); });
  ASSERT_EQ(revoked->size(), 1U);
  EXPECT_EQ(write([&](Transaction& tx) { return delete_device(tx, who_, clock_.now()); }).error(),
            Errc::not_found);
}

TEST_F(Registry, AnotherOrganisationCannotReachADevice) {
  const OrgId other = OrgId::make(clock_, random_);
  add_organization(other, "Second");
  const auto refused = write([&](Transaction& tx) {
    return change_device(tx, other, who_.device, {.name = "mine"}, clock_.now(), draft_);
  });
  EXPECT_EQ(refused.error(), Errc::not_found);
  EXPECT_EQ(write([&](Transaction& tx) {
              return want(tx, other, who_.device, document("{}"), clock_.now(), draft_);
            }).error(),
            Errc::not_found);
  EXPECT_EQ(write([&](Transaction& tx) {
              return delete_device(tx, {other, who_.device}, clock_.now());
            }).error(),
            Errc::not_found);
}

TEST_F(Registry, ATwinHasTwoSidesWithVersionsOfTheirOwn) {
  const auto first = wish(document(R"({"target":21})"));
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(first->desired.version, 1);
  EXPECT_EQ(first->reported.version, 0);
  const auto second = say({.content = document(R"({"target":20})"), .firmware = "1.2"});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->desired.version, 1);
  EXPECT_EQ(second->reported.version, 1);
  EXPECT_EQ(as_text(*second->reported.content), R"({"target":20})");
  EXPECT_EQ(set({})->firmware, "1.2");
  auto stale = document("{}");
  stale.if_version = 0;
  EXPECT_EQ(wish(stale).error(), Errc::conflict);
  stale.if_version = 1;
  EXPECT_EQ(wish(stale)->desired.version, 2);
}

TEST_F(Registry, ATwinTakesOneObjectOfAtMostEightKibibytes) {
  EXPECT_EQ(wish({}).error(), Errc::bad_request);
  EXPECT_EQ(wish(document("[1]")).error(), Errc::bad_request);
  EXPECT_EQ(wish(document("null")).error(), Errc::bad_request);
  auto both = document("{}");
  both.ciphertext = Bytes{1};
  EXPECT_EQ(wish(both).error(), Errc::bad_request);
  const auto sized = [](std::size_t bytes) {
    return R"({"a":")" + std::string(bytes - 8, 'x') + R"("})";
  };
  EXPECT_TRUE(wish(document(sized(kMaxTwin).c_str())));
  EXPECT_EQ(wish(document(sized(kMaxTwin + 1).c_str())).error(), Errc::bad_request);
}

TEST_F(Registry, TheTwinOfAnEncryptedDeviceIsCiphertextAlone) {
  ASSERT_TRUE(wish(document(R"({"secret":1})")));
  EXPECT_EQ(wish(sealed({1})).error(), Errc::bad_request);
  ASSERT_TRUE(set({.encrypted = true}));
  const auto empty = write([&](Transaction& tx) { return find_twin(tx, who_.org, who_.device); });
  EXPECT_FALSE(empty->desired.content);  // plaintext of before is gone
  EXPECT_EQ(empty->desired.version, 2);
  EXPECT_EQ(wish(document("{}")).error(), Errc::bad_request);
  EXPECT_EQ(say({.content = document("{}"), .firmware = {}}).error(), Errc::bad_request);
  EXPECT_EQ(wish(sealed({0, 255}))->desired.content, (Bytes{0, 255}));
  EXPECT_TRUE(set({.encrypted = true}));  // no change: nothing is emptied
  EXPECT_TRUE(write([&](Transaction& tx) {
                return find_twin(tx, who_.org, who_.device);
              })->desired.content);
}

TEST_F(Registry, AReportMayBeFirmwareAlone) {
  ASSERT_TRUE(say({.content = {}, .firmware = "2.0"}));
  EXPECT_EQ(set({})->firmware, "2.0");
  EXPECT_EQ(say({.content = {}, .firmware = std::nullopt}).error(), Errc::bad_request);
  EXPECT_EQ(say({.content = {}, .firmware = std::string(65, 'v')}).error(), Errc::bad_request);
}

TEST_F(Registry, LastSeenIsWrittenOnceAMinute) {
  const auto see = [&] {
    change([&](Transaction& tx) {
      return store::note_device_seen(tx, who_.org, who_.device, clock_.now());
    });
    return *set({})->last_seen_at;
  };
  const auto first = see();
  clock_.set_now(clock_.now() + std::chrono::seconds(59));
  EXPECT_EQ(see(), first);
  clock_.set_now(clock_.now() + std::chrono::seconds(1));
  EXPECT_EQ(see(), clock_.now());
}

}  // namespace
}  // namespace unhidra::automation
