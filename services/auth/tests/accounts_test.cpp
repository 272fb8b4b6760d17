#include "auth_fixture.h"

namespace unhidra::auth::test {
namespace {

TEST(Setup, MakesTheFirstAdministratorOnce) {
  World world;
  EXPECT_TRUE(world.get("/v1/setup").body.at("required").as_bool());
  const auto root = world.set_up();
  EXPECT_FALSE(world.get("/v1/setup").body.at("required").as_bool());
  const auto account = world.get("/v1/account", root.access_token);
  ASSERT_EQ(account.status, 200);
  EXPECT_EQ(account.text("organization"), "First");
  EXPECT_EQ(account.body.at("roles").as_array(), boost::json::array{"super_admin"});
  const auto renewed = world.role.renew_setup_token();
  ASSERT_TRUE(renewed);
  EXPECT_FALSE(*renewed);
}

TEST(Setup, TakesTheNewestTokenOnlyAndEachOnce) {
  World world;
  const auto old = **world.role.renew_setup_token();
  const auto token = **world.role.renew_setup_token();
  const boost::json::object body{{"username", "root"}, {"password", kPassword}};
  auto with = [&](std::string_view setup_token) {
    auto copy = body;
    copy["setup_token"] = setup_token;
    return world.post("/v1/setup", "", copy);
  };
  EXPECT_EQ(with(old).code(), "auth.bad_setup_token");
  EXPECT_EQ(with("uhs_nonsense").code(), "auth.bad_setup_token");
  EXPECT_EQ(with(token).status, 201);
  EXPECT_EQ(with(token).code(), "auth.setup_done");
}

TEST(Setup, TokenIsTheInvitationOfTheFirstAdministrator) {
  World world;
  const auto token = **world.role.renew_setup_token();
  const auto sign_up = [&](std::string_view invitation) {
    return world.post("/v1/register", "",
                      {{"username", "root"}, {"password", kPassword}, {"invitation", invitation}});
  };
  EXPECT_EQ(sign_up(token + "x").code(), "auth.bad_setup_token");
  const auto root = sign_up(token);
  ASSERT_EQ(root.status, 201);
  EXPECT_EQ(world.get("/v1/account", root.text("access_token")).body.at("roles").as_array(),
            boost::json::array{"super_admin"});
  EXPECT_EQ(sign_up(token).code(), "auth.setup_done");
}

TEST(Setup, KeepsNoTokenInTheDatabase) {
  World world;
  const auto token = **world.role.renew_setup_token();
  const auto rows = world.database->read_sync([&](storage::Transaction& tx) {
    return tx.query("SELECT value FROM server_state WHERE name = 'setup_token'");
  });
  ASSERT_EQ(rows->size(), 1U);
  const auto stored = rows->front().get<Bytes>(0);
  EXPECT_EQ(stored.size(), 32U);
  EXPECT_NE(as_text(stored), token.substr(0, 32));
}

TEST(Registration, IsClosedUnlessOpened) {
  World world;
  const auto root = world.set_up();
  const boost::json::object body{{"username", "alice"}, {"password", kPassword}};
  EXPECT_EQ(world.post("/v1/register", "", body).code(), "auth.sign_up_closed");
  const auto opened = world.call("PATCH", "/v1/organization", root.access_token,
                                 boost::json::object{{"open_sign_up", true}});
  ASSERT_EQ(opened.status, 200);
  const auto registered = world.post("/v1/register", "", body);
  EXPECT_EQ(registered.status, 201);
  const auto account = world.get("/v1/account", registered.text("access_token"));
  EXPECT_EQ(account.body.at("roles").as_array(), boost::json::array{"member"});
}

TEST(Registration, OpenByConfigurationNeedsNoSetUp) {
  auto settings = World::cheap_settings();
  settings.open_sign_up = true;
  World world(settings);
  const auto answer =
      world.post("/v1/register", "", {{"username", "Alice"}, {"password", kPassword}});
  ASSERT_EQ(answer.status, 201);
  // The administrator who comes later takes the organisation over.
  const auto root = world.set_up();
  EXPECT_EQ(root.org_id, answer.text("organization_id"));
  EXPECT_EQ(world.get("/v1/account", answer.text("access_token")).text("organization"), "First");
}

TEST(Registration, RefusesTakenNamesAndWeakPasswords) {
  World world;
  const auto root = world.set_up();
  world.add_member(root, "alice", "member");
  const auto invitation =
      world.post("/v1/invitations", root.access_token, boost::json::object{}).text("token");
  const auto attempt = [&](std::string_view name, std::string_view password) {
    return world.post("/v1/register", "",
                      {{"username", name}, {"password", password}, {"invitation", invitation}});
  };
  EXPECT_EQ(attempt("ALICE", kPassword).code(), "auth.username_taken");
  EXPECT_EQ(attempt("al ice", kPassword).code(), "auth.bad_username");
  EXPECT_EQ(attempt("bob", "password").code(), "auth.weak_password");
  EXPECT_EQ(attempt("bob", std::string(1025, 'x')).code(), "auth.weak_password");
  EXPECT_EQ(attempt("bob", kPassword).status, 201);
}

TEST(Invitation, IsGoodOnceUntilItExpiresOrIsRevoked) {
  World world;
  const auto root = world.set_up();
  const auto invite = [&] {
    return world.post("/v1/invitations", root.access_token, {{"expires_in", 3600}});
  };
  const auto use = [&](const Answer& invitation, std::string_view name) {
    return world.post(
        "/v1/register", "",
        {{"username", name}, {"password", kPassword}, {"invitation", invitation.text("token")}});
  };
  const auto once = invite();
  EXPECT_GE(once.text("token").size(), 4U + 22U);  // at least 128 bits
  EXPECT_EQ(use(once, "alice").status, 201);
  EXPECT_EQ(use(once, "bob").code(), "auth.bad_invitation");

  const auto revoked = invite();
  EXPECT_EQ(
      world.call("DELETE", "/v1/invitations/" + revoked.text("invitation_id"), root.access_token)
          .status,
      204);
  EXPECT_EQ(use(revoked, "bob").code(), "auth.bad_invitation");

  const auto expired = invite();
  world.clock.advance(std::chrono::hours(2));
  EXPECT_EQ(use(expired, "bob").code(), "auth.bad_invitation");
  EXPECT_EQ(use(Answer{}, "bob").code(), "auth.bad_invitation");
}

TEST(Invitation, UsedByManyAtOnceLetsOneIn) {
  World world;
  const auto root = world.set_up();
  const auto token =
      world.post("/v1/invitations", root.access_token, boost::json::object{}).text("token");
  std::vector<std::string> outcomes;
  const auto answers = world.call_in_parallel(
      20, "POST", "/v1/register", "",
      {{"username", "alice"}, {"password", kPassword}, {"invitation", token}});
  EXPECT_EQ(std::ranges::count(answers, 201, &Answer::status), 1);
}

TEST(Invitation, DiesWithTheRoleOfItsMaker) {
  World world;
  const auto root = world.set_up();
  const auto boss = world.add_member(root, "boss", "org_admin");
  const auto token =
      world.post("/v1/invitations", boss.access_token, {{"role", "org_admin"}}).text("token");
  ASSERT_EQ(
      world.call("DELETE", "/v1/users/" + boss.user_id + "/roles/org_admin", root.access_token)
          .status,
      204);
  EXPECT_EQ(world
                .post("/v1/register", "",
                      {{"username", "mole"}, {"password", kPassword}, {"invitation", token}})
                .code(),
            "auth.bad_invitation");
}

TEST(User, IsMadeWithAOneTimePasswordThatMustBeChanged) {
  World world;
  const auto root = world.set_up();
  const auto made =
      world.post("/v1/users", root.access_token, {{"username", "carol"}, {"role", "org_admin"}});
  ASSERT_EQ(made.status, 201);
  const auto password = made.text("one_time_password");
  auto answer = world.log_in("carol", password);
  ASSERT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body.at("must_change_password").as_bool());
  const auto token = answer.text("access_token");
  // Until then the roles are asleep.
  EXPECT_EQ(world.get("/v1/users", token).status, 403);
  EXPECT_EQ(world
                .post("/v1/account/password", token,
                      {{"current_password", password}, {"new_password", kPassword}})
                .status,
            204);
  EXPECT_EQ(world.get("/v1/users", token).status, 200);
  EXPECT_EQ(world.log_in("carol", password).status, 401);
  EXPECT_FALSE(world.log_in("carol", kPassword).body.at("must_change_password").as_bool());
}

TEST(User, WhoIsDisabledLosesEverySessionAtOnce) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  world.revocations();
  const auto path = "/v1/users/" + alice.user_id;
  ASSERT_EQ(
      world.call("PATCH", path, root.access_token, boost::json::object{{"disabled", true}}).status,
      200);
  EXPECT_EQ(world.get("/v1/account", alice.access_token).status, 401);
  EXPECT_EQ(world.post("/v1/token/refresh", "", {{"refresh_token", alice.refresh_token}}).status,
            401);
  EXPECT_EQ(world.log_in("alice", kPassword).code(), "auth.bad_credentials");
  EXPECT_TRUE(world.hears_revocation_of("01" + alice.session_id, std::chrono::seconds(1)));
  ASSERT_EQ(
      world.call("PATCH", path, root.access_token, boost::json::object{{"disabled", false}}).status,
      200);
  EXPECT_EQ(world.log_in("alice", kPassword).status, 200);
  // The old session stays dead.
  EXPECT_EQ(world.get("/v1/account", alice.access_token).status, 401);
}

TEST(Password, ChangeNeedsTheOldOneAndEndsOtherSessions) {
  World world;
  const auto root = world.set_up();
  const auto here = world.add_member(root, "alice", "member");
  const auto elsewhere = world.sign_in("alice", kPassword);
  const auto change = [&](std::string_view old, std::string_view fresh) {
    return world.post("/v1/account/password", here.access_token,
                      {{"current_password", old}, {"new_password", fresh}});
  };
  EXPECT_EQ(change("not the password", "a better one than that").code(), "auth.wrong_password");
  EXPECT_EQ(change(kPassword, kPassword).code(), "auth.weak_password");
  EXPECT_EQ(change(kPassword, "12345678").code(), "auth.weak_password");
  world.revocations();
  EXPECT_EQ(change(kPassword, "a better one than that").status, 204);
  EXPECT_EQ(world.get("/v1/account", here.access_token).status, 200);
  EXPECT_EQ(world.get("/v1/account", elsewhere.access_token).status, 401);
  EXPECT_TRUE(world.hears_revocation_of("01" + elsewhere.session_id, std::chrono::seconds(1)));
  EXPECT_EQ(world.log_in("alice", kPassword).status, 401);
  EXPECT_EQ(world.log_in("alice", "a better one than that").status, 200);
}

TEST(Password, ResetByAnAdministratorEndsEverySession) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "member");
  const auto reset =
      world.call("POST", "/v1/users/" + alice.user_id + "/password", root.access_token);
  ASSERT_EQ(reset.status, 200);
  EXPECT_EQ(world.get("/v1/account", alice.access_token).status, 401);
  EXPECT_EQ(world.log_in("alice", kPassword).status, 401);
  const auto again = world.log_in("alice", reset.text("one_time_password"));
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(again.body.at("must_change_password").as_bool());
}

TEST(Profile, EverybodyGivesHimselfAName) {
  World world;
  const auto root = world.set_up();
  const auto alice = world.add_member(root, "alice", "guest");
  const auto rename = [&](boost::json::value body, std::string_view token) {
    return world.call("PATCH", "/v1/account", token, std::move(body));
  };
  world.events();
  const auto renamed =
      rename(boost::json::object{{"display_name", "  Alice  Liddell "}}, alice.access_token);
  ASSERT_EQ(renamed.status, 200);
  EXPECT_EQ(renamed.text("display_name"), "Alice Liddell");
  EXPECT_EQ(world.get("/v1/account", alice.access_token).text("display_name"), "Alice Liddell");
  const auto events = world.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events.front().type, "user.profile_changed");
  EXPECT_EQ(events.front().metadata.find("Liddell"), std::string::npos) << "no name in the log";
  EXPECT_NE(events.front().metadata.find("changed.display_name"), std::string::npos);
  EXPECT_EQ(
      rename(boost::json::object{{"display_name", ""}}, alice.access_token).text("display_name"),
      "alice");
  for (const auto* bad : {"a\nb", "\u202eevil", "\u200b"}) {
    EXPECT_EQ(rename(boost::json::object{{"display_name", bad}}, alice.access_token).status, 400)
        << bad;
  }
  EXPECT_EQ(rename(boost::json::object{}, alice.access_token).status, 400);
  EXPECT_EQ(
      rename(boost::json::object{{"display_name", "x"}, {"username", "root"}}, alice.access_token)
          .status,
      400);
  EXPECT_EQ(rename(boost::json::object{{"display_name", "x"}}, "").status, 401);
  EXPECT_EQ(world.get("/v1/account", root.access_token).text("display_name"), "root");
}

TEST(Profile, ANewNameIsFoundAndThoseOfEarlierVersionsAreOnceItIsLoaded) {
  World world;
  const auto root = world.set_up();
  const auto search_text = [&] {
    const auto rows = world.database->read_sync([&](storage::Transaction& tx) {
      return tx.query("SELECT search_text, display_name_changed_at FROM users");
    });
    return std::pair(rows->front().get<std::optional<std::string>>(0),
                     rows->front().get<std::optional<Timestamp>>(1));
  };
  EXPECT_EQ(search_text().first, " root root");
  EXPECT_FALSE(search_text().second);
  ASSERT_EQ(world
                .call("PATCH", "/v1/account", root.access_token,
                      boost::json::object{{"display_name", "Ada"}})
                .status,
            200);
  EXPECT_EQ(search_text().first, " root ada");
  EXPECT_EQ(search_text().second, world.clock.now());
  ASSERT_TRUE(world.database->write_sync(
      [](storage::Transaction& tx) { return tx.execute("UPDATE users SET search_text = NULL"); }));
  ASSERT_TRUE(world.role.load());
  EXPECT_EQ(search_text().first, " root ada");
}

TEST(Organization, KeepsNamesApart) {
  World world;
  const auto root = world.set_up();
  const auto other = world.add_organization(root, "Second", "alice");
  const auto mine = world.add_member(root, "alice", "member");
  EXPECT_NE(other.org_id, mine.org_id);
  EXPECT_EQ(world.sign_in("alice", kPassword).user_id, mine.user_id);
  EXPECT_EQ(world.sign_in("alice", kPassword, "Second").user_id, other.user_id);
  EXPECT_EQ(world.sign_in("alice", kPassword, other.org_id).user_id, other.user_id);
  EXPECT_EQ(world.log_in("alice", kPassword, "Third").code(), "auth.bad_credentials");
  EXPECT_EQ(world.post("/v1/organizations", root.access_token, {{"name", "Second"}}).code(),
            "auth.name_taken");
  EXPECT_EQ(world.get("/v1/organizations", root.access_token).items().size(), 2U);
}

TEST(Lists, ArePagedByCursor) {
  World world;
  const auto root = world.set_up();
  for (int i = 0; i < 5; ++i) {
    world.post("/v1/users", root.access_token, {{"username", "user" + std::to_string(i)}});
  }
  std::set<std::string> seen;
  std::string path = "/v1/users?limit=2";
  for (int page = 0; page < 3; ++page) {
    const auto answer = world.get(path, root.access_token);
    ASSERT_EQ(answer.status, 200);
    for (const auto& item : answer.items()) {
      EXPECT_TRUE(seen.insert(std::string(item.at("username").as_string())).second);
    }
    path = "/v1/users?limit=2&cursor=" + answer.text("next_cursor");
    EXPECT_EQ(answer.text("next_cursor").empty(), page == 2);
  }
  EXPECT_EQ(seen.size(), 6U);
}

}  // namespace
}  // namespace unhidra::auth::test
