// The REST face: what reaches an operation, and what is answered before one is reached.

#include "unhidra/access/rest_face.h"

#include "world.h"

namespace unhidra::access {
namespace {

class FakeVerifier final : public TokenVerifier {
 public:
  std::map<std::string, Principal> tokens;
  int asked = 0;
  Task<Result<Principal>> verify(std::string token) override {
    ++asked;
    const auto found = tokens.find(token);
    if (found == tokens.end()) {
      co_return fail(Errc::unauthenticated, "the access token is not valid");
    }
    co_return found->second;
  }
};

class Rest : public World {
 protected:
  Rest() {
    bind_all();
    handler_ = [this](OperationContext& context) -> Task<Result<Reply>> {
      seen_ = context.request();
      return [](int status) -> Task<Result<Reply>> {
        co_return json_reply(status, boost::json::object{{"ok", true}});
      }(context.operation().success_status);
    };
    verifier_.tokens = {{"admin", user(Role::org_admin)}, {"member", user(Role::member)}};
    face_ = std::make_unique<RestFace>(kRoles_, *runner_, verifier_, random_);
  }

  net::HttpResponse send(std::string method, std::string target, std::string token = {},
                         std::string body = {}, net::Headers headers = {}) {
    net::HttpRequest request;
    request.method = std::move(method);
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    request.query = mark == target.npos ? "" : target.substr(mark + 1);
    request.headers = std::move(headers);
    if (!token.empty()) {
      request.headers.add("Authorization", "Bearer " + token);
    }
    if (!body.empty() && request.headers.count("Content-Type") == 0) {
      request.headers.add("Content-Type", "application/json; charset=utf-8");
    }
    request.peer = {.ip = "192.0.2.7", .port = 1};
    request.tls = true;
    request.body = to_bytes(body);
    return test::run_task(face_->handle(std::move(request)));
  }
  static boost::json::object problem(const net::HttpResponse& response) {
    EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
    return parse_json(as_text(response.body))->as_object();
  }

  const std::array<Serving, 2> kRoles_{Serving::auth, Serving::gateway};
  FakeVerifier verifier_;
  std::unique_ptr<RestFace> face_;
  OperationRequest seen_;
};

const std::string kId = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST_F(Rest, EveryRouteReachesItsOperation) {
  for (const auto* operation : face_->router().routes()) {
    if (operation->face == Face::upgrade) {
      continue;
    }
    std::string path(operation->path);
    for (auto open = path.find('{'); open != path.npos; open = path.find('{')) {
      const auto close = path.find('}');
      const auto name = path.substr(open + 1, close - open - 1);
      path.replace(open, close - open + 1, name == "role" ? "member" : kId);
    }
    const auto route = face_->router().match(operation->method, path);
    ASSERT_TRUE(route.has_value()) << path;
    EXPECT_EQ(route->operation, operation);
    EXPECT_FALSE(route->defect.has_value());
  }
  EXPECT_FALSE(face_->router().match("POST", "/v1/no-such-thing").has_value());
}

TEST_F(Rest, APathParameterArrivesDecodedAndChecked) {
  EXPECT_EQ(send("DELETE", "/v1/sessions/" + kId, "member").status, 204);
  ASSERT_EQ(seen_.path_parameters.size(), 1U);
  EXPECT_EQ(seen_.path_parameters[0].second, kId);
  EXPECT_EQ(send("PUT", "/v1/users/" + kId + "/roles/org%5Fadmin", "admin").status, 204);
  EXPECT_EQ(seen_.path_parameters[1].second, "org_admin");
}

TEST_F(Rest, HostilePathsFindNothing) {
  for (const std::string path :
       {"/", "//v1/account", "/v1//account", "/v1/account/", "/v1/./account",
        "/v1/users/../account", "/v1/users/%2e%2e/account", "/v1%2faccount", "/v1/account%00",
        "/v1/acc%6funt%", "/V1/account", "/v1/account;x=1", "v1/account", "*", "/v1/%ff",
        "/v1/account%2f"}) {
    const auto response = send("GET", path, "admin");
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(problem(response).at("code").as_string(), "access.unknown_operation") << path;
  }
  EXPECT_EQ(send("GET", "/" + std::string(100'000, 'a')).status, 404);
  EXPECT_EQ(send("GET", "/v1/acc%6funt", "member").status, 200) << "an encoded letter is a letter";
}

TEST_F(Rest, AMalformedIdIsAnsweredAsAThingThatDoesNotExist) {
  for (const std::string id : {"1", "..", "%2e%2e", "null", "00000000-0000-0000-0000-000000000000",
                               "01890a5d-ac96-774b-bcce-b302099a805", "1%27%20OR%201=1"}) {
    const auto response = send("GET", "/v1/users/" + id, "admin");
    EXPECT_EQ(response.status, 404) << id;
    EXPECT_EQ(problem(response).at("code").as_string(), "access.not_found");
  }
  EXPECT_EQ(send("PUT", "/v1/users/" + kId + "/roles/god", "admin").status, 404);
  // Who may not ask learns nothing from the form of an id.
  EXPECT_EQ(send("GET", "/v1/users/1", "member").status, 403);
  EXPECT_EQ(send("GET", "/v1/users/1").status, 401);
  EXPECT_EQ(handled_, 0);
}

TEST_F(Rest, AnotherMethodIsAnsweredWithThoseThatAreAllowed) {
  const auto response = send("PUT", "/v1/sessions", "member");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("Allow"), "GET, HEAD");
  EXPECT_EQ(send("TRACE", "/v1/account", "member").status, 405);
  EXPECT_EQ(send("get", "/v1/account", "member").status, 405) << "methods are case-sensitive";
  const auto options = send("OPTIONS", "/v1/users/" + kId);
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.get("Allow"), "GET, HEAD, PATCH");
  EXPECT_EQ(send("HEAD", "/v1/account", "member").status, 200);
}

TEST_F(Rest, WithoutAGoodTokenTheAnswerIs401AndADenialIsRecorded) {
  for (const auto& headers :
       {net::Headers{}, net::Headers{{"Authorization", "Basic YTpi"}},
        net::Headers{{"Authorization", "Bearer "}}, net::Headers{{"Authorization", "Bearer a b"}},
        net::Headers{{"Authorization", "Bearer admin"}, {"Authorization", "Bearer admin"}},
        net::Headers{{"Authorization", "Bearer forged"}},
        net::Headers{{"Authorization", "Bearer " + std::string(10'000, 'a')}}}) {
    const auto response = send("DELETE", "/v1/sessions/" + kId, {}, {}, headers);
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.headers.get("WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(handled_, 0);
  const auto all = events();
  ASSERT_EQ(all.size(), 7U);
  for (const auto& event : all) {
    EXPECT_EQ(event.outcome, "denied");
    EXPECT_EQ(event.actor_type, "anonymous");
  }
}

TEST_F(Rest, OpenOperationsDoNotLookAtTokens) {
  EXPECT_EQ(send("GET", "/v1/setup", "forged").status, 200);
  EXPECT_EQ(verifier_.asked, 0);
}

TEST_F(Rest, BodiesMustBeJsonAndWithinTheirLimit) {
  const std::string login = R"({"username":"a","password":"b"})";
  EXPECT_EQ(send("POST", "/v1/login", {}, login).status, 200);
  for (const auto* type :
       {"text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""}) {
    const auto response = send("POST", "/v1/login", {}, login, {{"Content-Type", type}});
    EXPECT_EQ(response.status, 415) << type;
  }
  EXPECT_EQ(
      send("POST", "/v1/login", {}, login, {{"Content-Type", "APPLICATION/json ;x=y"}}).status,
      200);
  EXPECT_EQ(send("POST", "/v1/login", {}, std::string(4097, ' ')).status, 413);
  EXPECT_EQ(send("POST", "/v1/logout", "member", "{}").status, 400);
  EXPECT_EQ(send("GET", "/v1/account", "member", "{}").status, 400);
  net::RequestHead head;
  head.method = "POST";
  head.path = "/v1/login";
  EXPECT_EQ(face_->body_limit(head), 4096U);
  head.path = "/v1/nothing";
  EXPECT_EQ(face_->body_limit(head), 0U);
}

TEST_F(Rest, UnknownAndRepeatedQueryParametersAreErrors) {
  EXPECT_EQ(send("GET", "/v1/users?limit=10&cursor=abc", "admin").status, 200);
  EXPECT_EQ(seen_.query.size(), 2U);
  const auto unknown = send("GET", "/v1/users?limt=10", "admin");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(problem(unknown).at("detail").as_string(),
            "unknown query parameter limt; did you mean limit?");
  EXPECT_EQ(send("GET", "/v1/users?limit=1&limit=2", "admin").status, 400);
  EXPECT_EQ(send("GET", "/v1/users?limit=%", "admin").status, 400);
  EXPECT_EQ(send("GET", "/v1/account?x=1", "member").status, 400);
}

TEST_F(Rest, EveryAnswerCarriesItsRequestIdAndSecurityHeaders) {
  for (const std::string path : {"/v1/account", "/nothing", "/v1/setup"}) {
    const auto response = send("GET", path);
    EXPECT_EQ(response.headers.get("X-Request-Id")->size(), 16U);
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(response.headers.get("Strict-Transport-Security").has_value());
  }
  const auto response = send("GET", "/v1/account");
  const auto body = problem(response);
  EXPECT_EQ(body.at("request_id").as_string(), *response.headers.get("X-Request-Id"));
  EXPECT_EQ(body.at("status").as_int64(), 401);
  EXPECT_EQ(body.at("type").as_string(), "urn:unhidra:problem:access.unauthenticated");
  EXPECT_EQ(body.at("title").as_string(), "Unauthorized");
}

TEST_F(Rest, AHandlersOwnHeadersStand) {
  handler_ = [](OperationContext&) -> Task<Result<Reply>> {
    co_return Reply{.status = 200,
                    .content_type = "application/json",
                    .headers = {{"Cache-Control", "public, max-age=300"}},
                    .body = {}};
  };
  EXPECT_EQ(send("GET", "/.well-known/jwks.json").headers.get("Cache-Control"),
            "public, max-age=300");
}

TEST_F(Rest, IdempotencyKeysAreCheckedAndGivenToChangesOnly) {
  EXPECT_EQ(send("POST", "/v1/logout", "member", {}, {{"Idempotency-Key", "k 1"}}).status, 400);
  EXPECT_EQ(send("POST", "/v1/logout", "member", {}, {{"Idempotency-Key", ""}}).status, 400);
  EXPECT_EQ(
      send("POST", "/v1/logout", "member", {}, {{"Idempotency-Key", std::string(256, 'k')}}).status,
      400);
  EXPECT_EQ(send("POST", "/v1/logout", "member", {}, {{"Idempotency-Key", "k1"}}).status, 204);
  EXPECT_EQ(seen_.idempotency_key, "k1");
  EXPECT_EQ(send("GET", "/v1/account", "member", {}, {{"Idempotency-Key", "k 1"}}).status, 200);
  EXPECT_TRUE(seen_.idempotency_key.empty());
}

TEST_F(Rest, ALimitIsAnsweredWithRetryAfter) {
  limit_table_.set(LimitClass::open, {{LimitKey::ip, 1, std::chrono::minutes(1)}});
  limits_ = std::make_unique<LimitGuard>(limiter_, limit_table_);
  runner_ = make_runner();
  face_ = std::make_unique<RestFace>(kRoles_, *runner_, verifier_, random_);
  EXPECT_EQ(send("GET", "/v1/setup").status, 200);
  const auto limited = send("GET", "/v1/setup");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers.get("Retry-After"), "2") << "rounded up to whole seconds";
}

TEST_F(Rest, TheWebSocketPathAsksForAnUpgrade) {
  const auto response = send("GET", "/v1/ws", "member");
  EXPECT_EQ(response.status, 426);
  EXPECT_EQ(response.headers.get("Upgrade"), "websocket");
}

TEST_F(Rest, InternalErrorsTellNothing) {
  handler_ = [](OperationContext&) -> Task<Result<Reply>> {
    co_return fail(Errc::internal, "SELECT password_hash FROM users");
  };
  const auto response = send("GET", "/v1/account", "member");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(as_text(response.body).find("password_hash"), std::string_view::npos);
}

}  // namespace
}  // namespace unhidra::access
