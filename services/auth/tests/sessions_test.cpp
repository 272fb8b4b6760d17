#include <functional>
#include <future>

#include "unhidra/runtime/task_scope.h"

#include "auth_fixture.h"
#include "credentials.h"
#include "passwords.h"

namespace unhidra::auth::test {
namespace {

Answer refresh(World& world, std::string_view token) {
  return world.post("/v1/token/refresh", "", {{"refresh_token", token}});
}
Answer refresh(World& world, std::string_view token, std::string_view retry_key) {
  return world.post("/v1/token/refresh", "", {{"refresh_token", token}, {"retry_key", retry_key}});
}

TEST(Login, AnswersUnknownWrongAndDisabledAlike) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  const auto wrong = world.log_in("alice", "wrong password");
  const auto unknown = world.log_in("nobody", "wrong password");
  const auto odd = world.log_in("no such name!", "wrong password");
  const auto elsewhere = world.log_in("alice", kPassword, "Nowhere");
  world.call("PATCH", "/v1/users/" + alice.user_id, root.access_token,
             boost::json::object{{"disabled", true}});
  const auto disabled = world.log_in("alice", kPassword);
  for (const auto* answer : {&wrong, &unknown, &odd, &elsewhere, &disabled}) {
    EXPECT_EQ(answer->status, 401);
    auto body = answer->body.as_object();
    auto expected = wrong.body.as_object();
    body.erase("request_id");
    expected.erase("request_id");
    EXPECT_EQ(body, expected);
    EXPECT_EQ(answer->headers.size(), wrong.headers.size());
  }
}

// What runs on the password pool, counted: the time of an answer hangs on it alone.
std::uint64_t computations_of(World& world, const std::function<void()>& action) {
  const auto count = [&] {
    const auto text = world.metrics.expose();
    const auto at = text.find("worker_pool_completed_total{pool=\"password\"} ");
    EXPECT_NE(at, std::string::npos) << text;
    return std::stoull(text.substr(text.find("} ", at) + 2));
  };
  const auto before = count();
  action();
  return count() - before;
}

TEST(Login, CostsTheSameWhetherTheUserExistsOrNot) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  const auto login = [&](std::string_view name, std::string_view password) {
    return computations_of(world, [&] { world.log_in(name, password); });
  };
  EXPECT_EQ(login("alice", "wrong password"), 1U);
  EXPECT_EQ(login("nobody", "wrong password"), 1U);
  EXPECT_EQ(login("not a name!", "wrong password"), 1U);
  EXPECT_EQ(login("alice", kPassword), 1U);
  world.call("PATCH", "/v1/users/" + alice.user_id, root.access_token,
             boost::json::object{{"disabled", true}});
  EXPECT_EQ(login("alice", kPassword), 1U);
}

TEST(Login, HashesAgainWhenTheCostChanged) {
  World world;
  const auto root = world.set_up();
  const auto stored = [&] {
    return world.database
        ->read_sync([&](storage::Transaction& tx) {
          return tx.query("SELECT password_hash FROM users WHERE username = 'root'");
        })
        ->front()
        .get<std::string>(0);
  };
  crypto::SystemRandom random;
  const auto weak = crypto::hash_password(crypto::native_provider(), random, as_bytes(kPassword),
                                          {.memory_kib = 8, .passes = 1});
  auto settings = World::cheap_settings();
  settings.password_memory_kib = 16;
  settings.password_passes = 2;
  runtime::WorkerPool pool({.name = "strong", .threads = 1});
  Passwords passwords(pool, random, settings);
  std::promise<Result<Passwords::Verdict>> promise;
  runtime::TaskScope scope(world.io.at(0), "verify");
  const auto verify = [](Passwords& checker, std::string hash,
                         std::promise<Result<Passwords::Verdict>>& out) -> Task<void> {
    out.set_value(
        co_await checker.verify(std::move(hash), SecretBytes::copy_of(as_bytes(kPassword))));
  };
  scope.spawn("verify", verify(passwords, *weak, promise));
  const auto verdict = promise.get_future().get();
  ASSERT_TRUE(verdict && verdict->matches);
  ASSERT_TRUE(verdict->replacement);
  EXPECT_NE(verdict->replacement->find("m=16,t=2"), std::string::npos);
  EXPECT_EQ(passwords.computations(), 2U);
  EXPECT_NE(stored().find("m=8,t=1"), std::string::npos);
}

TEST(Login, SaysSoWhenTheQueueIsFull) {
  auto settings = World::cheap_settings();
  settings.password_threads = 1;
  settings.password_queue = 1;
  settings.password_memory_kib = 64 * 1024;
  World world(settings);
  const auto answers = world.call_in_parallel(8, "POST", "/v1/login", "",
                                              {{"username", "x"}, {"password", "whatever!"}});
  const auto refused = std::ranges::count(answers, 503, &Answer::status);
  EXPECT_GE(refused, 1);
  for (const auto& answer : answers) {
    if (answer.status == 503) {
      EXPECT_TRUE(answer.headers.get("Retry-After"));
    } else {
      EXPECT_EQ(answer.status, 401);
    }
  }
}

TEST(Refresh, RotatesBothTokens) {
  World world;
  const auto root = world.set_up();
  world.clock.advance(std::chrono::minutes(20));
  EXPECT_EQ(world.get("/v1/account", root.access_token).status, 401);  // has expired
  const auto next = refresh(world, root.refresh_token);
  ASSERT_EQ(next.status, 200);
  EXPECT_NE(next.text("refresh_token"), root.refresh_token);
  EXPECT_EQ(next.text("session_id"), root.session_id);
  EXPECT_EQ(world.get("/v1/account", next.text("access_token")).status, 200);
}

TEST(Refresh, UsedTwiceEndsTheFamily) {
  World world;
  const auto root = world.set_up();
  const auto next = refresh(world, root.refresh_token);
  world.revocations();
  world.events();
  const auto reused = refresh(world, root.refresh_token);
  EXPECT_EQ(reused.status, 401);
  EXPECT_EQ(reused.code(), "auth.refresh_reused");
  EXPECT_EQ(refresh(world, next.text("refresh_token")).status, 401);
  EXPECT_EQ(world.get("/v1/account", next.text("access_token")).status, 401);
  EXPECT_TRUE(world.hears_revocation_of("01" + root.session_id, std::chrono::seconds(1)));
}

TEST(Refresh, ReuseOfAnyOlderTokenEndsTheFamily) {
  World world;
  const auto root = world.set_up();
  auto token = root.refresh_token;
  for (int i = 0; i < 5; ++i) {
    token = refresh(world, token).text("refresh_token");
  }
  EXPECT_EQ(refresh(world, root.refresh_token).code(), "auth.refresh_reused");
  EXPECT_EQ(refresh(world, token).status, 401);
}

TEST(Refresh, ForgedTokensOfASessionDoNotEndIt) {
  World world;
  const auto root = world.set_up();
  const auto forged = RefreshToken::make(*SessionId::parse(root.session_id), world.random);
  EXPECT_EQ(refresh(world, forged.to_text()).code(), "auth.invalid_session");
  EXPECT_EQ(refresh(world, root.access_token).code(), "auth.invalid_session");
  EXPECT_EQ(refresh(world, "").code(), "auth.invalid_session");
  EXPECT_EQ(refresh(world, root.refresh_token).status, 200);
}

TEST(Refresh, MayBeRepeatedWithItsOwnKeyWhenTheAnswerWasLost) {
  World world;
  const auto root = world.set_up();
  const std::string_view key = "0123456789abcdef";
  const auto lost = refresh(world, root.refresh_token, key);
  const auto again = refresh(world, root.refresh_token, key);
  ASSERT_EQ(again.status, 200);
  EXPECT_NE(again.text("refresh_token"), lost.text("refresh_token"));
  // The lost successor was never used by its owner: whoever uses it now is a thief.
  const auto current = refresh(world, again.text("refresh_token"), "another key of the client");
  ASSERT_EQ(current.status, 200);
  EXPECT_EQ(refresh(world, lost.text("refresh_token")).code(), "auth.refresh_reused");
  EXPECT_EQ(refresh(world, current.text("refresh_token")).status, 401);
}

TEST(Refresh, IsNotRepeatedWithAnotherKeyOrTooLateOrWithoutKey) {
  const std::string_view key = "0123456789abcdef";
  const auto second_attempt = [&](std::string_view first_key, std::string_view second_key,
                                  std::chrono::seconds pause) {
    World world;
    const auto root = world.set_up();
    EXPECT_EQ(refresh(world, root.refresh_token, first_key).status, 200);
    world.clock.advance(pause);
    return refresh(world, root.refresh_token, second_key).code();
  };
  EXPECT_EQ(second_attempt(key, "fedcba9876543210", {}), "auth.refresh_reused");
  EXPECT_EQ(second_attempt(key, "", {}), "auth.refresh_reused");
  EXPECT_EQ(second_attempt("short", "short", {}), "auth.refresh_reused");
  EXPECT_EQ(second_attempt(key, key, std::chrono::seconds(61)), "auth.refresh_reused");
}

TEST(Refresh, OfOneTokenAThousandTimesAtOnceLetsOneWinAndEndsTheFamily) {
  World world;
  const auto root = world.set_up();
  const auto answers = world.call_in_parallel(1000, "POST", "/v1/token/refresh", "",
                                              {{"refresh_token", root.refresh_token}});
  EXPECT_EQ(std::ranges::count(answers, 200, &Answer::status), 1);
  EXPECT_EQ(std::ranges::count(answers, 401, &Answer::status), 999);
  const auto winner = std::ranges::find(answers, 200, &Answer::status);
  ASSERT_NE(winner, answers.end());
  EXPECT_EQ(refresh(world, winner->text("refresh_token")).status, 401);
  EXPECT_EQ(world.get("/v1/account", winner->text("access_token")).status, 401);
}

TEST(Refresh, EndsWithTheSession) {
  World world;
  const auto root = world.set_up();
  world.clock.advance(std::chrono::days(31));
  EXPECT_EQ(refresh(world, root.refresh_token).status, 401);
  auto session = world.sign_in("root", kPassword);
  for (int i = 0; i < 13; ++i) {
    world.clock.advance(std::chrono::days(29));
    const auto next = refresh(world, session.refresh_token);
    if (i < 12) {
      ASSERT_EQ(next.status, 200) << i;
      session.refresh_token = next.text("refresh_token");
    } else {
      EXPECT_EQ(next.status, 401);  // a year is over
    }
  }
}

TEST(Session, EndsByLogout) {
  World world;
  const auto root = world.set_up();
  world.revocations();
  EXPECT_EQ(world.call("POST", "/v1/logout", root.access_token).status, 204);
  EXPECT_EQ(world.get("/v1/account", root.access_token).status, 401);
  EXPECT_EQ(refresh(world, root.refresh_token).status, 401);
  EXPECT_TRUE(world.hears_revocation_of("01" + root.session_id, std::chrono::seconds(1)));
}

TEST(Session, IsListedAndRevokedByItsOwnerAlone) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  const auto phone = world.sign_in("alice", kPassword);
  const auto list = world.get("/v1/sessions", alice.access_token).items();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("session_id").as_string(), phone.session_id);  // newest first
  EXPECT_FALSE(list[0].at("current").as_bool());
  EXPECT_TRUE(list[1].at("current").as_bool());
  const auto path = "/v1/sessions/" + phone.session_id;
  const auto foreign = world.call("DELETE", path, root.access_token);
  const auto unknown =
      world.call("DELETE", "/v1/sessions/" + SessionId::make(world.clock, world.random).to_string(),
                 root.access_token);
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(foreign.code(), unknown.code());
  EXPECT_EQ(foreign.text("detail"), unknown.text("detail"));
  EXPECT_EQ(world.call("DELETE", path, alice.access_token).status, 204);
  EXPECT_EQ(world.get("/v1/account", phone.access_token).status, 401);
  EXPECT_EQ(world.call("DELETE", path, alice.access_token).status, 404);
}

TEST(Session, KeepsOnlyHashesOfItsTokens) {
  World world;
  const auto root = world.set_up();
  const auto token = *RefreshToken::parse(root.refresh_token);
  const auto rows = world.database->read_sync([&](storage::Transaction& tx) {
    return tx.query("SELECT family_hash, refresh_hash FROM sessions");
  });
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().get<CredentialHash>(0), token.family_hash());
  EXPECT_EQ(rows->front().get<CredentialHash>(1), token.rotation_hash());
}

TEST(Revocation, ByAnotherProcessIsToldWithinASecond) {
  World world;
  world.start();
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  world.revocations();
  // As an admin command does: straight into the database.
  const auto written = world.database->write_sync([&](storage::Transaction& tx) {
    return tx.execute("UPDATE sessions SET revoked_at = $1 WHERE session_id = $2",
                      world.clock.now(), *SessionId::parse(alice.session_id));
  });
  ASSERT_TRUE(written);
  EXPECT_TRUE(world.hears_revocation_of("01" + alice.session_id, std::chrono::seconds(1)));
}

TEST(Session, FailuresAndSuccessesLeaveOneEventEach) {
  World world;
  const auto root = world.set_up();
  world.events();
  world.log_in("root", "wrong password");
  auto events = world.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].type, "session.created");
  EXPECT_NE(events[0].outcome, "success");
  EXPECT_EQ(events[0].org_id, root.org_id);
  EXPECT_EQ(events[0].actor_id, root.user_id);
  const auto session = world.sign_in("root", kPassword);
  events = world.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].outcome, "success");
  refresh(world, session.refresh_token);
  refresh(world, session.refresh_token);
  events = world.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].outcome, "success");
  EXPECT_NE(events[1].outcome, "success");
  EXPECT_EQ(events[1].type, "session.refreshed");
  for (const auto& event : events) {
    EXPECT_EQ(event.metadata.find(session.refresh_token), std::string::npos);
  }
}

}  // namespace
}  // namespace unhidra::auth::test
