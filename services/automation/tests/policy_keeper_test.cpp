// What is in force, and that it follows files, the database and what others activate.
#include "policy/policy_keeper.h"

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>

#include "unhidra/audit/chain.h"
#include "unhidra/automation/errc.h"
#include "unhidra/runtime/io_threads.h"

#include "broker/topic_policy.h"
#include "house.h"
#include "policy/operation_decisions.h"
#include "policy/policy_changes.h"

namespace unhidra::automation {
namespace {

namespace store = policy::store;
using storage::Transaction;

constexpr auto kPatience = std::chrono::seconds(10);

policy::Documents documents(std::string_view rule, std::string revision = {},
                            std::string_view package = "automation") {
  policy::Documents out;
  out.modules.push_back(
      {"a.rego", "package unhidra." + std::string(package) + "\n" + std::string(rule)});
  out.revision = std::move(revision);
  return out;
}

class Keeper : public House {
 protected:
  // One process that decides.
  struct Node {
    Node(Keeper& house, const PolicySettings& settings)
        : scope(house.io_.at(0), "node"),
          trail(metrics, house.clock_, nullptr),
          policy(house.clock_, house.random_, &trail),
          operations(house.clock_, house.random_, &trail),
          keeper({.scope = scope,
                  .database = *house.database_,
                  .bus = *house.bus_,
                  .topics = &policy.book(),
                  .operations = operations.book(),
                  .trail = trail,
                  .clock = house.clock_,
                  .random = house.random_,
                  .changed = [this] { ++changes; }},
                 settings) {}
    runtime::Metrics metrics;
    runtime::TaskScope scope;
    PolicyTrail trail;
    TopicPolicy policy;
    OperationDecisions operations;
    PolicyKeeper keeper;
    std::atomic<int> changes{0};
  };

  Keeper() {
    subject_.org = who_.org;
    subject_.device = who_.device;
  }
  ~Keeper() override {
    for (const auto& node : nodes_) {
      node->scope.request_stop();
      end(node->scope);
    }
    nodes_.clear();
  }
  void end(runtime::TaskScope& scope) {
    std::promise<void> done;
    boost::asio::co_spawn(
        io_.at(0), [&]() -> Task<void> { static_cast<void>(co_await scope.join(kPatience)); },
        [&](const std::exception_ptr&) { done.set_value(); });
    done.get_future().wait();
  }
  Node& node(const PolicySettings& settings = {}) {
    nodes_.push_back(std::make_unique<Node>(*this, settings));
    return *nodes_.back();
  }
  // As a REST operation or a command would.
  void activate(std::string_view rule, std::string revision) {
    activate(documents(rule, std::move(revision)));
  }
  void activate(const policy::Documents& version) {
    change([&](Transaction& tx) -> Status {
      PolicyNotes notes;
      UNHIDRA_TRY(const auto checked, check_policy(version, rego::Syntax::v1));
      UNHIDRA_TRY(const auto added, add_policy(tx, who_.org, checked, clock_.now(), notes));
      UNHIDRA_TRY_VOID(activate_policy(tx, who_.org, PolicySource::database, added.version,
                                       clock_.now(), notes));
      return {};
    });
  }
  bool may_send(Node& node) const {
    access::OperationRequest asking;
    asking.principal = access::make_user_principal(
        who_.org, UserId(Uuid{2}), std::nullopt, SessionId(Uuid{4}),
        access::RoleSet(access::Role::member), clock_.now() + std::chrono::minutes(15));
    return node.operations
        .judge({.operation = *access::find_operation("messages.send"),
                .request = asking,
                .now = clock_.now()})
        .allowed;
  }
  bool may_connect(Node& node) {
    subject_.decisions = {};
    return node.policy.allows(subject_, {.action = "connect"});
  }
  bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return holds();
  }
  std::vector<std::string> events() {
    std::vector<std::string> out;
    const auto rows = database_->read_sync([](Transaction& tx) {
      return tx.query("SELECT event_type, outcome, resource_id FROM audit_log ORDER BY position");
    });
    for (const auto row : rows.value()) {
      out.push_back(row.get<std::string>(0) + " " + row.get<std::string>(1) + " " +
                    row.get<std::string>(2));
    }
    return out;
  }

  runtime::IoThreads io_{1};
  std::unique_ptr<messaging::Bus> bus_ = messaging::make_in_process_bus(io_.at(0));
  Subject subject_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

TEST_F(Keeper, UntilAVersionIsActivatedTheBuiltInPolicyHoldsAndAfterwardsTheVersion) {
  auto& one = node();
  ASSERT_TRUE(one.keeper.load());
  EXPECT_EQ(one.policy.book().revision(who_.org), "built-in");
  activate("allow := false", "closed");
  ASSERT_TRUE(one.keeper.load());
  EXPECT_EQ(one.policy.book().revision(who_.org), "1 closed");
  EXPECT_EQ(one.policy.book().revision(), "built-in");
  auto& after_a_restart = node();
  ASSERT_TRUE(after_a_restart.keeper.load());
  EXPECT_EQ(after_a_restart.policy.book().revision(who_.org), "1 closed");
}

TEST_F(Keeper, EveryNodeFollowsAnActivation) {
  auto& one = node();
  auto& two = node();
  for (auto* each : {&one, &two}) {
    ASSERT_TRUE(each->keeper.load());
    ASSERT_TRUE(each->keeper.start());
  }
  activate("allow := true", "open");
  tell_policy_changed(*bus_, who_.org);
  const auto followed = [&] {
    return one.policy.book().revision(who_.org) == "1 open" &&
           two.policy.book().revision(who_.org) == "1 open" && one.changes > 0 && two.changes > 0;
  };
  EXPECT_TRUE(eventually(followed));
  activate("allow := false", "closed");  // and nobody is told, as by a command
  EXPECT_TRUE(eventually([&] { return two.policy.book().revision(who_.org) == "2 closed"; }));
}

TEST_F(Keeper, AVersionThatIsDamagedDeniesAndIsCounted) {
  activate("allow := true", "open");
  change([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(
        tx.execute("UPDATE policies SET documents = $1",
                   R"({"modules": [{"file": "a.rego", "text": "package"}], "data": {}})"));
    return {};
  });
  auto& one = node();
  ASSERT_TRUE(one.keeper.load());
  EXPECT_FALSE(one.policy.allows(subject_, {.action = "connect"}));
  EXPECT_NE(one.metrics.expose().find("unhidra_policy_load_failures_total 1"), std::string::npos);
}

TEST_F(Keeper, WhatAVersionDoesNotSpeakOfIsDecidedAsWithoutIt) {
  auto& one = node();
  activate("allow := false", "topics alone");
  ASSERT_TRUE(one.keeper.load());
  EXPECT_FALSE(may_connect(one));
  EXPECT_TRUE(may_send(one));
  EXPECT_EQ(one.operations.book().revision(who_.org), "");

  activate(documents("allow := false", "operations alone", "operations"));
  ASSERT_TRUE(one.keeper.load());
  EXPECT_TRUE(may_connect(one));
  EXPECT_EQ(one.policy.book().revision(who_.org), "built-in");
  EXPECT_FALSE(may_send(one));
  EXPECT_EQ(one.operations.book().revision(who_.org), "2 operations alone");

  auto both = documents("allow := false", "both");
  both.modules.push_back({"b.rego", "package unhidra.operations\nallow := false"});
  activate(both);
  ASSERT_TRUE(one.keeper.load());
  EXPECT_FALSE(may_connect(one));
  EXPECT_FALSE(may_send(one));

  activate("allow := true", "topics again");
  ASSERT_TRUE(one.keeper.load());
  EXPECT_TRUE(may_connect(one));
  EXPECT_TRUE(may_send(one));
  EXPECT_FALSE(one.operations.book().has_any());
}

TEST_F(Keeper, AVersionWithoutTheRuleThatItSpeaksOfIsRefused) {
  EXPECT_EQ(check_policy(documents("allow := true", "", "other"), rego::Syntax::v1).error(),
            policy::Errc::no_policy);
  auto misspelt = documents("allow := true");
  misspelt.modules.push_back({"b.rego", "package unhidra.operations\nalow := true"});
  const auto refused = check_policy(misspelt, rego::Syntax::v1);
  ASSERT_EQ(refused.error(), policy::Errc::no_policy);
  EXPECT_NE(refused.error().message().find("data.unhidra.operations.allow"), std::string::npos);
}

TEST_F(Keeper, OneThatCannotBeReadDeniesEverythingUnlessAnotherIsInUse) {
  activate(documents("allow := true", "open", "operations"));
  auto& before = node();
  ASSERT_TRUE(before.keeper.load());
  activate(documents("allow := true", "damaged", "operations"));
  change([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute("UPDATE policies SET documents = '{' WHERE version = 2"));
    return {};
  });
  ASSERT_TRUE(before.keeper.load());
  EXPECT_TRUE(may_send(before));
  EXPECT_TRUE(may_connect(before));
  auto& after = node();
  ASSERT_TRUE(after.keeper.load());
  EXPECT_FALSE(may_send(after));
  EXPECT_FALSE(may_connect(after));
  EXPECT_NE(after.metrics.expose().find("unhidra_policy_load_failures_total 1"), std::string::npos);
}

TEST_F(Keeper, AFolderDecidesOverOperationsOfAll) {
  const auto folder = directory_.path() / "policies";
  std::filesystem::create_directory(folder);
  const auto write = [&](std::string_view text) { std::ofstream(folder / "a.rego") << text; };
  write("package unhidra.operations\nallow := false");
  auto& one = node({.path = folder});
  ASSERT_TRUE(one.keeper.load());
  EXPECT_FALSE(may_send(one));
  EXPECT_TRUE(may_connect(one));
  EXPECT_EQ(one.policy.book().revision(), "built-in");
  write("package unhidra.elsewhere\nallow := false");
  EXPECT_EQ(one.keeper.load().error(), Errc::bad_policy);
  EXPECT_FALSE(may_send(one));
  write("package unhidra.automation\nallow := false");
  ASSERT_TRUE(one.keeper.load());
  EXPECT_TRUE(may_send(one));
  EXPECT_FALSE(may_connect(one));
}

TEST_F(Keeper, AFolderIsReadAnewWhenToldAndABrokenOneChangesNothing) {
  const auto folder = directory_.path() / "policies";
  std::filesystem::create_directory(folder);
  const auto write = [&](std::string_view rule) {
    std::ofstream(folder / "a.rego") << "package unhidra.automation\n" << rule;
  };
  write("allow if {");
  auto& one = node({.path = folder});
  const auto broken = one.keeper.load();
  EXPECT_EQ(broken.error(), Errc::bad_policy);
  EXPECT_NE(broken.error().message().find("a.rego:2"), std::string::npos);
  EXPECT_FALSE(one.policy.allows(subject_, {.action = "connect"}));
  write("allow := true");
  ASSERT_TRUE(one.keeper.load());
  const auto revision = one.policy.book().revision();
  EXPECT_TRUE(revision.starts_with("sha256:")) << revision;
  write("allow if {");
  EXPECT_FALSE(one.keeper.load());
  EXPECT_TRUE(one.policy.allows(subject_, {.action = "connect"}));
  const std::vector<std::string> expected{"policy.loaded failure folder",
                                          "policy.loaded success " + revision,
                                          "policy.loaded failure folder"};
  EXPECT_EQ(events(), expected);
}

TEST_F(Keeper, ABundleIsFollowedAndAnUnsignedOneIsRefusedWhereASignatureIsAskedFor) {
  const auto folder = directory_.path() / "bundle";
  std::filesystem::create_directory(folder);
  const auto write = [&](std::string_view revision, std::string_view rule) {
    std::ofstream(folder / "a.rego") << "package unhidra.automation\n" << rule;
    std::ofstream(folder / ".manifest") << R"({"revision": ")" << revision << "\"}";
  };
  write("r1", "allow := true");
  auto& one = node({.source = PolicySource::bundle,
                    .path = folder,
                    .bundle_check = std::chrono::milliseconds(0)});
  ASSERT_TRUE(one.keeper.load());
  EXPECT_EQ(one.policy.book().revision(), "r1");
  ASSERT_TRUE(one.keeper.start());
  write("r-2", "allow := false");
  EXPECT_TRUE(eventually([&] { return one.policy.book().revision() == "r-2" && one.changes > 0; }));
  write("r-three", "allow if {");
  EXPECT_TRUE(eventually([&] {
    return one.metrics.expose().find("unhidra_policy_load_failures_total 0") == std::string::npos;
  }));
  EXPECT_EQ(one.policy.book().revision(), "r-2");

  const auto keys = directory_.path() / "keys.json";
  std::ofstream(keys) << R"({"kty": "OKP", "crv": "Ed25519", "kid": "k",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
  auto& strict = node({.source = PolicySource::bundle, .path = folder, .bundle_keys = keys});
  const auto refused = strict.keeper.load();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("signature"), std::string::npos)
      << refused.error().message();
}

TEST_F(Keeper, WhatAShadowWouldHaveDecidedOtherwiseIsWrittenDown) {
  auto& one = node();
  activate("allow := true", "open");
  activate("allow := false", "closed");
  change([&](Transaction& tx) -> Status {
    PolicyNotes notes;
    UNHIDRA_TRY_VOID(activate_policy(tx, who_.org, PolicySource::database, 1, clock_.now(), notes));
    UNHIDRA_TRY_VOID(
        start_policy_shadow(tx, who_.org, PolicySource::database, 2, clock_.now(), notes));
    return {};
  });
  ASSERT_TRUE(one.keeper.load());
  ASSERT_TRUE(one.keeper.start());
  EXPECT_TRUE(one.policy.allows(subject_, {.action = "publish", .topic = "a"}));
  EXPECT_TRUE(one.policy.allows(subject_, {.action = "publish", .topic = "b"}));
  const auto found = [&] {
    return database_->read_sync([&](Transaction& tx) { return store::differences(tx, who_.org); })
        .value();
  };
  ASSERT_TRUE(eventually([&] { return found().size() == 2; }));
  EXPECT_TRUE(found()[0].was_allowed);
  EXPECT_EQ(found()[0].revision, "1 open");
  const auto shadow =
      database_->read_sync([&](Transaction& tx) { return store::shadow(tx, who_.org); }).value();
  EXPECT_EQ(shadow->asked, 2U);
  EXPECT_EQ(shadow->differing, 2U);
}

TEST_F(Keeper, WithAnotherSourceVersionsAreNotActivated) {
  for (const auto source : {PolicySource::folder, PolicySource::bundle, PolicySource::remote}) {
    const auto refused = database_->write_sync([&](Transaction& tx) -> Status {
      PolicyNotes notes;
      UNHIDRA_TRY_VOID(activate_policy(tx, who_.org, source, 1, clock_.now(), notes));
      return {};
    });
    EXPECT_EQ(refused.error(), Errc::conflict);
  }
  EXPECT_EQ(PolicySettings{}.effective_source(), PolicySource::database);
  EXPECT_EQ(PolicySettings{.path = "x"}.effective_source(), PolicySource::folder);
}

}  // namespace
}  // namespace unhidra::automation
