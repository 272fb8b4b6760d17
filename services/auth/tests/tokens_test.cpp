#include <boost/json/parse.hpp>

#include "unhidra/auth/administration.h"
#include "unhidra/base/text.h"
#include "unhidra/pki/jwt.h"

#include "auth_fixture.h"

namespace unhidra::auth::test {
namespace {

boost::json::array published_keys(World& world) {
  return world.get("/.well-known/jwks.json").body.at("keys").as_array();
}

std::string kid_of(std::string_view token) {
  const auto header = from_base64url(token.substr(0, token.find('.')));
  return std::string(boost::json::parse(as_text(*header)).at("kid").as_string());
}

Administration administration(World& world) {
  return {*world.database, world.provider, world.clock, world.random, World::cheap_settings()};
}

// The watcher reads the keys again several times a second.
bool publishes(World& world, std::size_t count) {
  for (int i = 0; i < 100; ++i) {
    if (published_keys(world).size() == count) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

TEST(KeySet, IsPublicCacheableAndHoldsNoPrivateHalf) {
  World world;
  const auto answer = world.get("/.well-known/jwks.json");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("Cache-Control").value_or(""), "public, max-age=300");
  const auto keys = published_keys(world);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_FALSE(keys[0].as_object().contains("d"));
  EXPECT_EQ(kid_of(world.set_up().access_token), keys[0].at("kid").as_string());
}

TEST(KeySet, IsRs256UnlessSetOtherwise) {
  auto settings = World::cheap_settings();
  settings.token_algorithm = AuthSettings().token_algorithm;
  World world(settings);
  EXPECT_EQ(published_keys(world)[0].at("alg").as_string(), "RS256");
  World other;
  EXPECT_EQ(published_keys(other)[0].at("alg").as_string(), "EdDSA");
}

TEST(KeySet, KeepsPrivateHalvesSealed) {
  World world;
  const auto rows = world.database->read_sync(
      [](storage::Transaction& tx) { return tx.query("SELECT sealed_private FROM signing_keys"); });
  ASSERT_EQ(rows->size(), 1U);
  const auto sealed = rows->front().get<Bytes>(0);
  EXPECT_EQ(as_text(sealed).find("PRIVATE KEY"), std::string_view::npos);
}

TEST(Rotation, PublishesTheNewKeyBeforeItSignsAndTheOldOneAfter) {
  World world;
  world.start();
  const auto root = world.set_up();
  const auto old_kid = kid_of(root.access_token);
  const auto rotated = administration(world).rotate_signing_keys(false);
  ASSERT_TRUE(rotated);
  ASSERT_TRUE(publishes(world, 2));
  EXPECT_EQ(kid_of(world.sign_in("root", kPassword).access_token), old_kid);
  world.clock.advance(std::chrono::minutes(5));
  const auto fresh = world.sign_in("root", kPassword);
  EXPECT_EQ(kid_of(fresh.access_token), rotated->kid);
  // What the old key signed is good to its end.
  EXPECT_EQ(world.get("/v1/account", root.access_token).status, 200);
  world.clock.advance(std::chrono::minutes(16));
  EXPECT_TRUE(publishes(world, 1));
}

TEST(Rotation, AtOnceMakesOldTokensWorthless) {
  World world;
  world.start();
  const auto root = world.set_up();
  ASSERT_TRUE(administration(world).rotate_signing_keys(true));
  world.clock.advance(std::chrono::milliseconds(10));
  const auto refused = [&] { return world.get("/v1/account", root.access_token).status == 401; };
  for (int i = 0; i < 100 && !refused(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(refused());
  EXPECT_EQ(world.sign_in("root", kPassword).user_id, root.user_id);
}

// Attacks on tokens, through the very face that clients use.
TEST(Token, RefusesForgeriesOfEveryKind) {
  World world;
  const auto root = world.set_up();
  const auto& token = root.access_token;
  const auto first = token.find('.');
  const auto second = token.rfind('.');
  const auto payload = token.substr(first + 1, second - first - 1);
  const auto signature = token.substr(second + 1);
  const auto kid = kid_of(token);
  const auto with_header = [&](const std::string& header) {
    return to_base64url(as_bytes(header)) + "." + payload + "." + signature;
  };
  auto altered = std::string(as_text(*from_base64url(payload)));
  altered.replace(altered.find(root.org_id), root.org_id.size(), uuid_to_string(Uuid{1}));
  const std::vector<std::string> forgeries{
      with_header(R"({"alg":"none","kid":")" + kid + R"(","typ":"at+jwt"})"),
      to_base64url(as_bytes(std::string_view(R"({"alg":"none"})"))) + "." + payload + ".",
      with_header(R"({"alg":"HS256","kid":")" + kid + R"(","typ":"at+jwt"})"),
      with_header(R"({"alg":"RS256","kid":")" + kid + R"(","typ":"at+jwt"})"),
      with_header(R"({"alg":"EdDSA","kid":"../../etc/passwd","typ":"at+jwt"})"),
      with_header(R"({"alg":"EdDSA","kid":"' OR 1=1 --","typ":"at+jwt"})"),
      with_header(R"({"alg":"EdDSA","kid":"http://127.0.0.1/","typ":"at+jwt"})"),
      with_header(R"({"alg":"EdDSA","kid":")" + kid + R"(","jku":"http://127.0.0.1/k"})"),
      with_header(R"({"alg":"EdDSA","kid":")" + kid + R"(","kid":"x","typ":"at+jwt"})"),
      with_header(R"({"alg":"EdDSA","kid":")" + kid + R"(","crit":["exp"],"typ":"at+jwt"})"),
      token.substr(0, first + 1) + to_base64url(as_bytes(altered)) + "." + signature,
      token.substr(0, second + 1),
      token + "AAAA",
      std::string(7000, 'A') + "." + std::string(500, 'A') + ".AAAA",
      root.refresh_token,
      "uhd_" + std::string(43, 'A'),
  };
  for (const auto& forgery : forgeries) {
    EXPECT_EQ(world.get("/v1/account", forgery).status, 401) << forgery.substr(0, 120);
  }
  EXPECT_EQ(world.get("/v1/account", token).status, 200);
}

TEST(Token, OfAnotherIssuerAudienceOrTypeIsRefused) {
  World world;
  const auto root = world.set_up();
  // The server's own key signs, so that nothing but the claims is wrong.
  const auto row = world.database->read_sync([](storage::Transaction& tx) {
    return tx.query("SELECT kid, sealed_private FROM signing_keys");
  });
  const auto kid = row->front().get<std::string>(0);
  const auto key =
      world.provider.open(kid, pki::SignatureAlgorithm::eddsa, row->front().get<Bytes>(1));
  const auto now = world.clock.now();
  const pki::AccessClaims good{.user = *UserId::parse(root.user_id),
                               .org = *OrgId::parse(root.org_id),
                               .session = *SessionId::parse(root.session_id),
                               .device = std::nullopt,
                               .roles = {"super_admin"},
                               .issuer = "unhidra",
                               .audience = "unhidra",
                               .token_id = "t",
                               .issued_at = now,
                               .not_before = now,
                               .expires_at = now + std::chrono::minutes(15)};
  const auto status = [&](const pki::AccessClaims& claims) {
    const auto token = pki::sign_access_token(*key, claims);
    EXPECT_TRUE(token) << token.error().message();
    return token ? world.get("/v1/account", *token).status : 0;
  };
  EXPECT_EQ(status(good), 200);
  const auto changed = [&](auto change) {
    auto claims = good;
    change(claims);
    return status(claims);
  };
  EXPECT_EQ(changed([](auto& claims) { claims.issuer = "somebody"; }), 401);
  EXPECT_EQ(changed([](auto& claims) { claims.audience = "somebody"; }), 401);
  EXPECT_EQ(changed([&](auto& claims) { claims.org = OrgId(Uuid{1}); }), 401);
  EXPECT_EQ(changed([&](auto& claims) { claims.user = UserId(Uuid{1}); }), 401);
  EXPECT_EQ(changed([&](auto& claims) { claims.session = SessionId(Uuid{1}); }), 401);
  EXPECT_EQ(changed([&](auto& claims) { claims.device = DeviceId(Uuid{1}); }), 401);
  EXPECT_EQ(changed([&](auto& claims) {
              claims.not_before = now - std::chrono::minutes(20);
              claims.expires_at = now - std::chrono::minutes(1);
            }),
            401);
  EXPECT_EQ(changed([&](auto& claims) {
              claims.not_before = now + std::chrono::hours(1);
              claims.expires_at = now + std::chrono::hours(2);
            }),
            401);
  // Roles in a token give nothing: those of the moment count.
  const auto alice = world.add_member(root, "alice", "member");
  EXPECT_EQ(changed([&](auto& claims) {
              claims.user = *UserId::parse(alice.user_id);
              claims.session = *SessionId::parse(alice.session_id);
            }),
            200);
  auto claims = good;
  claims.user = *UserId::parse(alice.user_id);
  claims.session = *SessionId::parse(alice.session_id);
  EXPECT_EQ(world.get("/v1/users", *pki::sign_access_token(*key, claims)).status, 403);
}

TEST(Administration, WorksBesideTheServerAndIsAudited) {
  World world;
  world.start();
  const auto root = world.set_up();
  auto admin = administration(world);
  world.events();
  const auto made = admin.create_user("First", "dave", "Dave", "org_admin");
  ASSERT_TRUE(made);
  EXPECT_EQ(world.log_in("dave", made->one_time_password).status, 200);
  const auto sessions = admin.sessions("", "dave");
  ASSERT_TRUE(sessions);
  ASSERT_EQ(sessions->size(), 1U);
  world.revocations();
  ASSERT_TRUE(admin.revoke_session(sessions->front().id));
  EXPECT_TRUE(
      world.hears_revocation_of("01" + sessions->front().id.to_string(), std::chrono::seconds(1)));
  const auto reset = admin.reset_password("", "dave");
  ASSERT_TRUE(reset);
  EXPECT_EQ(world.log_in("dave", made->one_time_password).status, 401);
  std::size_t by_operator = 0;
  for (const auto& event : world.events()) {
    by_operator += event.metadata.find("admin command") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(by_operator, 3U);
  EXPECT_FALSE(admin.create_user("Nowhere", "eve", "", "member"));
  EXPECT_FALSE(admin.create_user("", "eve", "", "emperor"));
  EXPECT_FALSE(admin.reset_password("", "nobody"));
  EXPECT_FALSE(admin.revoke_device(DeviceId(Uuid{1})));
}

}  // namespace
}  // namespace unhidra::auth::test
