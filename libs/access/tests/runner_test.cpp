// The one path of every operation: exactly one audit event, however it ends.

#include "unhidra/audit/chain.h"

#include "recording.h"
#include "world.h"

namespace unhidra::access {
namespace {

using Runner = World;

// A handler that changes something under a fresh name.
Handler changing(std::string name) {
  return [name](OperationContext& context) -> Task<Result<Reply>> {
    return [](OperationContext& inner, std::string what) -> Task<Result<Reply>> {
      auto done = co_await inner.transact([&](storage::Transaction& tx) -> Status {
        UNHIDRA_TRY_VOID(
            tx.execute("INSERT INTO server_state (name, value, updated_at) VALUES ($1, $2, 0)",
                       what, as_bytes("x")));
        return {};
      });
      if (!done) {
        co_return fail(std::move(done).error());
      }
      co_return Reply{.status = 201,
                      .content_type = "text/plain",
                      .headers = {{"X-A", "b"}},
                      .body = to_bytes(what)};
    }(context, name);
  };
}

Task<Result<Reply>> failing(OperationContext&) {
  co_return fail(Errc::not_found, "no such thing");
}
Task<Result<Reply>> idle(OperationContext&) {
  co_return Reply();
}
Task<Result<Reply>> throwing(OperationContext&) {
  throw std::runtime_error("a bug");
  co_return Reply();
}

TEST_F(Runner, EveryAuditedOperationLeavesExactlyOneEventForSuccessFailureAndDenial) {
  bind_all();
  std::size_t expected = 0;
  const auto expect_one = [&](const Operation& operation, std::string_view outcome) {
    const auto all = events();
    ASSERT_EQ(all.size(), expected + 1) << operation.name << " " << outcome;
    expected = all.size();
    EXPECT_EQ(all.back().event_type, operation.event_type);
    EXPECT_EQ(all.back().outcome, outcome) << operation.name;
    clock_.advance(std::chrono::milliseconds(1));
  };
  int run_number = 0;
  for (const auto& operation : operations()) {
    if (operation.audit != AuditPolicy::always || operation.face == Face::upgrade) {
      continue;
    }
    const auto admin = user(Role::super_admin);
    handler_ = operation.mutates ? changing("thing" + std::to_string(++run_number)) : idle;
    EXPECT_TRUE(run(operation.name, request_for(operation, admin)).has_value()) << operation.name;
    expect_one(operation, "success");
    handler_ = failing;
    EXPECT_FALSE(run(operation.name, request_for(operation, admin)).has_value());
    expect_one(operation, "failure");
    if (operation.access != Access::everyone) {
      const auto before = handled_;
      EXPECT_EQ(run(operation.name, request_for(operation, {})).error(), Errc::unauthenticated);
      expect_one(operation, "denied");
      EXPECT_EQ(handled_, before);
    }
  }
  EXPECT_GT(expected, 80U);
}

TEST_F(Runner, OperationsThatChangeNothingLeaveNoEvent) {
  bind_all();
  handler_ = idle;
  for (const auto& operation : operations()) {
    if (operation.audit == AuditPolicy::never && operation.face != Face::upgrade) {
      EXPECT_TRUE(run(operation.name, request_for(operation, user(Role::super_admin))).has_value());
      static_cast<void>(run(operation.name, request_for(operation, {})));
    }
  }
  EXPECT_TRUE(events().empty());
}

TEST_F(Runner, TheEventSaysWhoWhatAndWhy) {
  bind_all();
  handler_ = changing("a");
  ASSERT_TRUE(
      run("users.update", request_for(*find_operation("users.update"), user(Role::org_admin)))
          .has_value());
  const auto event = events().at(0);
  EXPECT_EQ(event.actor_type, "user");
  EXPECT_EQ(event.resource_id, UserId(Uuid{9}).to_string());
  EXPECT_EQ(event.org_id, org_);
  EXPECT_EQ(event.metadata, R"({"device_id":"03000000-0000-0000-0000-000000000000",)"
                            R"("operation":"users.update","permission":"users.manage",)"
                            R"("reason":"granted_by_role","request_id":"r1","role":"org_admin"})");
}

TEST_F(Runner, ADenialSaysWhatWasMissing) {
  bind_all();
  handler_ = idle;
  const auto result = run("users.create", request(user(Role::member)));
  EXPECT_EQ(result.error(), Errc::denied);
  EXPECT_EQ(handled_, 0);
  const auto event = events().at(0);
  EXPECT_EQ(event.outcome, "denied");
  EXPECT_NE(event.metadata.find(R"("permission":"users.manage")"), std::string::npos);
  EXPECT_NE(event.metadata.find(R"("reason":"lacks_permission")"), std::string::npos);
}

TEST_F(Runner, AFailedTransactionLeavesItsFailureAndNothingElse) {
  handlers_.bind("users.create", [](OperationContext& context) -> Task<Result<Reply>> {
    return [](OperationContext& inner) -> Task<Result<Reply>> {
      auto done = co_await inner.transact([&](storage::Transaction& tx) -> Status {
        UNHIDRA_TRY_VOID(put(tx, "half"));
        return fail(Errc::bad_field, "no");
      });
      co_return fail(std::move(done).error());
    }(context);
  });
  EXPECT_EQ(run("users.create", request(user(Role::org_admin))).error(), Errc::bad_field);
  EXPECT_FALSE(has("half"));
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].outcome, "failure");
  EXPECT_NE(events()[0].metadata.find(R"("error":"access.bad_field")"), std::string::npos);
}

TEST_F(Runner, AHandlerThatThrowsIsAnInternalErrorWithItsEvent) {
  bind_all();
  handler_ = throwing;
  EXPECT_EQ(run("users.create", request(user(Role::org_admin))).error(), Errc::internal);
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].outcome, "failure");
}

TEST_F(Runner, ASecondChangeOfOneOperationIsRefused) {
  handlers_.bind("users.create", [](OperationContext& context) -> Task<Result<Reply>> {
    return [](OperationContext& inner) -> Task<Result<Reply>> {
      auto first = co_await inner.transact([](storage::Transaction& tx) { return put(tx, "1"); });
      auto second = co_await inner.transact([](storage::Transaction& tx) { return put(tx, "2"); });
      EXPECT_TRUE(first.has_value());
      EXPECT_EQ(second.error(), Errc::internal);
      co_return fail(std::move(second).error());
    }(context);
  });
  EXPECT_FALSE(run("users.create", request(user(Role::org_admin))).has_value());
  EXPECT_TRUE(has("1"));
  EXPECT_FALSE(has("2"));
  // The change was made, so the event says success, whatever came after it.
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].outcome, "success");
}

TEST_F(Runner, ADraftFilledInsideTheTransactionIsWhatIsRecorded) {
  handlers_.bind("auth.login", [](OperationContext& context) -> Task<Result<Reply>> {
    return [](OperationContext& inner) -> Task<Result<Reply>> {
      auto done = co_await inner.transact([](storage::Transaction&, AuditDraft& draft) -> Status {
        draft.org_id = OrgId(Uuid{7});
        draft.set_actor(UserId(Uuid{8}));
        draft.resource_id = "session-1";
        draft.note("after.kind", "password");
        return {};
      });
      EXPECT_TRUE(done.has_value());
      co_return Reply();
    }(context);
  });
  EXPECT_TRUE(run("auth.login", request({})).has_value());
  const auto event = events().at(0);
  EXPECT_EQ(event.org_id, OrgId(Uuid{7}));
  EXPECT_EQ(event.actor_type, "user");
  EXPECT_EQ(event.resource_id, "session-1");
  EXPECT_NE(event.metadata.find("password"), std::string::npos);
}

TEST_F(Runner, WhatCannotBeRecordedDoesNotHappen) {
  bind_all();
  ASSERT_TRUE(database_
                  ->write_sync([](storage::Transaction& tx) -> Status {
                    UNHIDRA_TRY_VOID(tx.execute("ALTER TABLE audit_log RENAME TO elsewhere"));
                    return {};
                  })
                  .has_value());
  handler_ = changing("unrecorded");
  EXPECT_EQ(run("users.create", request(user(Role::org_admin))).error(), Errc::audit_unavailable);
  EXPECT_FALSE(has("unrecorded"));
  handler_ = idle;
  EXPECT_EQ(run("audit.list", request(user(Role::org_admin))).error(), Errc::audit_unavailable);
  EXPECT_EQ(run("users.create", request(user(Role::guest))).error(), Errc::audit_unavailable);
}

TEST_F(Runner, ARequestOverItsLimitIsNeitherRunNorRecorded) {
  limit_table_.set(LimitClass::login, {{LimitKey::ip, 2, std::chrono::minutes(1)}});
  limits_ = std::make_unique<LimitGuard>(limiter_, limit_table_);
  runner_ = make_runner();
  bind_all();
  handler_ = failing;
  for (const bool remote : {false, true}) {
    limiter_.remote = remote;
    auto from = request({});
    from.peer.ip = remote ? "192.0.2.1" : "192.0.2.2";
    static_cast<void>(run("auth.login", from));
    static_cast<void>(run("auth.login", from));
    const auto limited = run("auth.login", from);
    EXPECT_EQ(limited.error(), Errc::rate_limited);
    EXPECT_EQ(limited.error().retry_after(), std::chrono::milliseconds(1500));
    EXPECT_EQ(test::run_task(runner_->refuse(*find_operation("auth.login"), from,
                                             Error(Errc::unauthenticated, "no"))),
              Errc::rate_limited);
  }
  EXPECT_EQ(handled_, 4);
  EXPECT_EQ(events().size(), 4U);
}

TEST_F(Runner, LimitsCountTheKeysThatTheSubjectHas) {
  limit_table_.set(LimitClass::messages, {{LimitKey::connection, 1, std::chrono::seconds(1)}});
  limit_table_.set(LimitClass::reads, {{LimitKey::user, 1, std::chrono::seconds(1)}});
  limits_ = std::make_unique<LimitGuard>(limiter_, limit_table_);
  bind_all();
  handler_ = idle;
  auto sending = request(user(Role::member));
  sending.connection_id = ConnectionId(Uuid{5});
  // Behind the bus the gateway has counted the connection already.
  runner_ = make_runner({.limit_connections = false});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(run("messages.send", sending).has_value());
  }
  runner_ = make_runner();
  EXPECT_TRUE(run("messages.send", sending).has_value());
  EXPECT_EQ(run("messages.send", sending).error(), Errc::rate_limited);
  EXPECT_TRUE(run("account.get", request(user(Role::member))).has_value());
  EXPECT_TRUE(run("account.get", request(user(Role::guest))).has_value());
  EXPECT_EQ(run("account.get", request(user(Role::guest))).error(), Errc::rate_limited);
}

TEST_F(Runner, ADefectIsToldOnlyToWhoMayPerformTheOperation) {
  bind_all();
  handler_ = idle;
  auto broken = request(user(Role::member));
  broken.defect = Error(Errc::bad_request, "cursor");
  EXPECT_EQ(run("users.create", broken).error(), Errc::denied);
  broken.principal = user(Role::org_admin);
  EXPECT_EQ(run("users.create", broken).error(), Errc::bad_request);
  EXPECT_EQ(handled_, 0);
  ASSERT_EQ(events().size(), 2U);
}

TEST_F(Runner, AfterALostCommitAnswerTheEventIsWrittenOnlyWhenItIsNotThere) {
  audit::AuditEvent event;
  event.event_id = EventId(Uuid{1});
  event.org_id = org_;
  event.event_type = "user.created";
  event.actor_type = "user";
  event.resource_type = "user";
  event.action = "create";
  const auto write = [&](auto how) {
    return database_->write_sync([&](storage::Transaction& tx) -> Status { return how(tx); });
  };
  const auto unless = [&](storage::Transaction& tx) { return append_unless_recorded(tx, event); };
  // The commit had taken effect.
  ASSERT_TRUE(write([&](storage::Transaction& tx) -> Status {
                UNHIDRA_TRY_VOID(audit::append(tx, event));
                return {};
              }).has_value());
  event.outcome = audit::Outcome::failure;
  ASSERT_TRUE(write(unless).has_value());
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].outcome, "success");
  // It had not, also in a chain that is empty yet.
  event.event_id = EventId(Uuid{2});
  ASSERT_TRUE(write(unless).has_value());
  event.org_id = OrgId(Uuid{77});
  ASSERT_TRUE(write(unless).has_value());
  EXPECT_EQ(events().size(), 3U);
}

TEST_F(Runner, OutcomesAreCountedByOperation) {
  bind_all();
  handler_ = idle;
  static_cast<void>(run("account.get", request(user(Role::guest))));
  static_cast<void>(run("account.get", request(user(Role::guest))));
  static_cast<void>(run("account.get", request({})));
  const auto text = metrics_.expose();
  EXPECT_NE(text.find(R"(operations_total{operation="account.get",outcome="ok"} 2)"), text.npos);
  EXPECT_NE(text.find(R"(operations_total{operation="account.get",outcome="denied"} 1)"),
            text.npos);
}

// ---- Idempotency-Key ----

class Idempotency : public World {
 protected:
  Idempotency() {
    bind_all();
    handler_ = changing("made");
  }
  OperationRequest keyed(std::string key, std::string_view body = "{}") {
    auto out = request(user(Role::org_admin));
    out.idempotency_key = std::move(key);
    out.body = to_bytes(body);
    return out;
  }
  OperationRequest update(std::string key, std::string_view body = "{}") {
    auto out = keyed(std::move(key), body);
    out.path_parameters.emplace_back("user_id", UserId(Uuid{9}).to_string());
    return out;
  }
};

TEST_F(Idempotency, TheSameRequestAgainIsAnsweredAsTheFirstTime) {
  const auto first = run("users.update", update("k1"));
  ASSERT_TRUE(first.has_value());
  const auto again = run("users.update", update("k1"));
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_EQ(handled_, 1);
  EXPECT_EQ(again->status, first->status);
  EXPECT_EQ(again->content_type, first->content_type);
  EXPECT_EQ(again->headers, first->headers);
  EXPECT_EQ(again->body, first->body);
  EXPECT_EQ(events().size(), 2U);
}

TEST_F(Idempotency, AnotherRequestUnderTheSameKeyIsRefused) {
  ASSERT_TRUE(run("users.update", update("k1")).has_value());
  EXPECT_EQ(run("users.update", update("k1", R"({"disabled":true})")).error(),
            Errc::idempotency_mismatch);
  auto other_user = update("k1");
  other_user.path_parameters[0].second = UserId(Uuid{10}).to_string();
  EXPECT_EQ(run("users.update", other_user).error(), Errc::idempotency_mismatch);
  EXPECT_EQ(run("organization.update", keyed("k1")).error(), Errc::idempotency_mismatch);
  EXPECT_EQ(handled_, 1);
}

TEST_F(Idempotency, AKeyBelongsToItsUserAndExpires) {
  ASSERT_TRUE(run("users.update", update("k1")).has_value());
  handler_ = changing("second");
  auto other = update("k1");
  other.principal = user(Role::super_admin);
  EXPECT_TRUE(run("users.update", other).has_value());
  clock_.advance(std::chrono::hours(25));
  handler_ = changing("third");
  EXPECT_TRUE(run("users.update", update("k1")).has_value());
  EXPECT_EQ(handled_, 3);
  clock_.advance(std::chrono::hours(25));
  EXPECT_EQ(database_
                ->write_sync([&](storage::Transaction& tx) {
                  return forget_idempotency_keys(tx, clock_.now());
                })
                .value(),
            2U);
}

TEST_F(Idempotency, AnAnswerWithASecretIsNotKept) {
  ASSERT_TRUE(find_operation("users.create")->secret_answer);
  ASSERT_TRUE(run("users.create", keyed("k1")).has_value());
  EXPECT_EQ(run("users.create", keyed("k1")).error(), Errc::idempotency_conflict);
  EXPECT_EQ(handled_, 1);
  const auto kept = database_->read_sync([](storage::Transaction& tx) -> Result<std::size_t> {
    UNHIDRA_TRY(const auto rows, tx.query("SELECT response FROM idempotency_keys"));
    return rows.front().get<Bytes>(0).size();
  });
  EXPECT_EQ(kept.value(), 0U);
}

TEST_F(Idempotency, WhatFailedMayBeTriedAgain) {
  handler_ = failing;
  EXPECT_FALSE(run("users.update", update("k1")).has_value());
  handler_ = changing("later");
  EXPECT_TRUE(run("users.update", update("k1")).has_value());
  EXPECT_EQ(handled_, 2);
}

TEST_F(Idempotency, OfTwoRequestsThatRaceOneTakesEffect) {
  auto inner_runner = make_runner();
  auto* const inner = inner_runner.get();
  bool outer = true;
  handler_ = [&](OperationContext& context) -> Task<Result<Reply>> {
    return [](OperationContext& mine, OperationRunner& other, OperationRequest same,
              bool first) -> Task<Result<Reply>> {
      if (first) {
        auto done = co_await other.run(mine.operation(), std::move(same));
        EXPECT_TRUE(done.has_value());
      }
      co_return co_await changing(first ? "outer" : "inner")(mine);
    }(context, *inner, update("k1"), std::exchange(outer, false));
  };
  EXPECT_EQ(run("users.update", update("k1")).error(), Errc::idempotency_conflict);
  EXPECT_TRUE(has("inner"));
  EXPECT_FALSE(has("outer"));
  EXPECT_EQ(events().size(), 2U);
}

TEST_F(Runner, ARoleStartsOnlyWithAHandlerForEachOfItsOperations) {
  const std::array auth{Serving::auth, Serving::every};
  EXPECT_FALSE(handlers_.check(auth).has_value());
  for (const auto& operation : operations()) {
    const bool mine = operation.serving == Serving::auth || operation.serving == Serving::every;
    if (mine && operation.name != "audit.list") {
      handlers_.bind(operation.name, idle);
    }
  }
  EXPECT_EQ(handlers_.check(auth).error().message(), "audit.list has no handler");
  handlers_.bind("audit.list", idle);
  EXPECT_TRUE(handlers_.check(auth).has_value());
  handlers_.bind("messages.send", idle);
  EXPECT_EQ(handlers_.check(auth).error().message(), "messages.send is of another role");
}

}  // namespace
}  // namespace unhidra::access
