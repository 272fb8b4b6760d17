// The operation policy: what it is asked, who is asked, and that every doubt is a denial.
#include "policy/operation_decisions.h"

#include <gtest/gtest.h>

#include "unhidra/automation/operation_question.h"
#include "unhidra/rego/engine.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/frames.h"

namespace unhidra::automation {
namespace {

policy::Documents documents(std::string_view rules, std::string_view package = "operations") {
  policy::Documents out;
  out.modules.push_back(
      {"a.rego", "package unhidra." + std::string(package) + "\n" + std::string(rules)});
  out.revision = "r1";
  return out;
}

struct Heard final : policy::DecisionSink {
  struct Line {
    std::string query, scope, revision;
    bool allowed = false;
    policy::Ground ground{};
    std::optional<bool> shadow_allowed;
  };
  void record(const policy::DecisionRecord& record) override {
    lines.push_back(
        {std::string(record.query), std::string(record.scope), record.decision.revision,
         record.decision.allowed, record.decision.ground,
         record.shadow != nullptr ? std::optional(record.shadow->allowed) : std::nullopt});
  }
  std::vector<Line> lines;
};

class Operations : public testing::Test {
 protected:
  access::OperationRequest request(access::Role role, OrgId org) const {
    access::OperationRequest out;
    out.principal =
        access::make_user_principal(org, UserId(Uuid{2}), DeviceId(Uuid{3}), SessionId(Uuid{4}),
                                    access::RoleSet(role), clock_.now() + std::chrono::minutes(15));
    out.peer = {.ip = "192.0.2.7", .user_agent = "test/1", .loopback = false};
    return out;
  }
  access::PolicyVerdict judge(std::string_view operation, access::Role role = access::Role::member,
                              OrgId org = OrgId(Uuid{1})) {
    const auto asking = request(role, org);
    return decisions_.judge(
        {.operation = *access::find_operation(operation), .request = asking, .now = now_});
  }
  bool use(std::string_view rules) {
    const auto used = decisions_.book().use(ours_, documents(rules), rego::Syntax::v1);
    EXPECT_TRUE(used) << used.error().message();
    return used && *used;
  }

  const OrgId ours_{Uuid{1}};
  testkit::FakeClock clock_;
  Timestamp now_ = clock_.now();
  testkit::SeededRandom random_{1};
  Heard heard_;
  OperationDecisions decisions_{clock_, random_, &heard_};
};

TEST_F(Operations, TheInputIsWhatTheHeaderSays) {
  auto asking = request(access::Role::org_admin, ours_);
  asking.path_parameters.emplace_back("user_id", "u9");
  const auto input = [&](std::string_view operation) {
    return rego::value_to_json(operation_input({.operation = *access::find_operation(operation),
                                                .request = asking,
                                                .now = from_unix_micros(5)}));
  };
  asking.principal.expires_at = from_unix_micros(7);
  const std::string common =
      R"("session":{"expires":7000,"id":"04000000-0000-0000-0000-000000000000"},"time":5000,)"
      R"("user":{"id":"02000000-0000-0000-0000-000000000000",)"
      R"("org":"01000000-0000-0000-0000-000000000000","role":"org_admin","roles":["org_admin"]}})";
  const std::string client =
      R"({"client":{"agent":"test/1","ip":"192.0.2.7","loopback":false},)"
      R"("device":{"id":"03000000-0000-0000-0000-000000000000"},"operation":)";
  EXPECT_EQ(input("users.update"),
            client +
                R"({"changes":true,"face":"rest","method":"PATCH","name":"users.update",)"
                R"("path":"/v1/users/{user_id}","permission":"users.manage"},)"
                R"("resource":{"org":"01000000-0000-0000-0000-000000000000",)"
                R"("parameters":{"user_id":"u9"},"type":"user"},)" +
                common);
  asking.path_parameters.clear();
  asking.principal.expires_at = Timestamp::max();
  EXPECT_NE(input("inbox.fetch").find(R"("face":"frame","frame":43,"name":"inbox.fetch")"),
            std::string::npos)
      << input("inbox.fetch");
  EXPECT_NE(input("inbox.fetch").find(R"("expires":9223372036854775)"), std::string::npos);
  asking.principal.device_id.reset();
  EXPECT_EQ(input("connection.open").find("device"), std::string::npos);
  EXPECT_NE(input("connection.open").find(R"("face":"upgrade","method":"GET")"), std::string::npos);
}

TEST_F(Operations, AFrameTellsWhatItIsAbout) {
  ASSERT_TRUE(use(R"(default allow := true
allow := false if input.resource.parameters.conversation_id == "07000000-0000-0000-0000-000000000000"
allow := false if "05000000-0000-0000-0000-000000000000" in input.resource.parameters.user_ids
)"));
  const auto allowed = [&](std::string_view operation, Bytes body) {
    auto asking = request(access::Role::member, ours_);
    asking.body = std::move(body);
    return decisions_
        .judge({.operation = *access::find_operation(operation), .request = asking, .now = now_})
        .allowed;
  };
  wire::SendMessage message;
  message.message_id = MessageId(Uuid{6});
  message.conversation_id = ConversationId(Uuid{7});
  EXPECT_FALSE(allowed("messages.send", wire::encode(message)));
  // As the handler reads it: of two the last.
  auto twice = wire::encode(message);
  message.conversation_id = ConversationId(Uuid{8});
  append(twice, wire::encode(message));
  EXPECT_TRUE(allowed("messages.send", wire::encode(message)));
  EXPECT_TRUE(allowed("messages.send", twice));
  EXPECT_TRUE(allowed("messages.send", Bytes{0xff})) << "its handler refuses it";
  EXPECT_FALSE(allowed("device_lists.fetch",
                       wire::encode(wire::FetchDeviceLists{{UserId(Uuid{4}), UserId(Uuid{5})}})));
  EXPECT_TRUE(
      allowed("device_lists.fetch", wire::encode(wire::FetchDeviceLists{{UserId(Uuid{4})}})));
}

TEST_F(Operations, ABodyTellsWhatItIsAbout) {
  const auto parameters = [&](std::string_view operation, std::string_view body,
                              access::NamedValues path = {}) {
    auto asking = request(access::Role::member, ours_);
    asking.body = to_bytes(body);
    asking.path_parameters = std::move(path);
    const auto input = operation_input(
        {.operation = *access::find_operation(operation), .request = asking, .now = now_});
    return rego::value_to_json(*input.find("resource")->find("parameters"));
  };
  const std::string id = "07000000-0000-0000-0000-000000000000";
  EXPECT_EQ(parameters("files.begin", R"({"conversation_id": ")" + id + R"(", "size": 7})"),
            R"({"conversation_id":")" + id + R"("})");
  EXPECT_EQ(parameters("files.begin",
                       R"({"user_ids": [")" + id + R"("], "inner": {"a_id": ")" + id + R"("}})"),
            R"({"user_ids":[")" + id + R"("]})");
  // The path's counts, as for the handler.
  EXPECT_EQ(parameters("users.update", R"({"user_id": ")" + id + R"("})", {{"user_id", "u9"}}),
            R"({"user_id":"u9"})");
  for (const auto* unread : {"", "{", "[]", R"({"conversation_id": "here"})",
                             R"({"conversation_id": 7})", R"({"user_ids": [7]})"}) {
    EXPECT_EQ(parameters("files.begin", unread), "{}") << unread;
  }
}

TEST_F(Operations, WithoutAPolicyNobodyIsAsked) {
  for (int i = 0; i < 2; ++i) {
    const auto verdict = judge("messages.send");
    EXPECT_TRUE(verdict.allowed);
    EXPECT_EQ(verdict.revision, "");
    // One about topics says nothing about operations.
    EXPECT_FALSE(decisions_.book()
                     .use(ours_, documents("allow := false", "automation"), rego::Syntax::v1)
                     .value());
  }
  EXPECT_FALSE(decisions_.book().has_any());
  EXPECT_TRUE(heard_.lines.empty());
}

TEST_F(Operations, ItKnowsWhoAsksAndWhatAndWhen) {
  ASSERT_TRUE(use(R"(default allow := true
allow := false if {
  input.user.role == "guest"
  input.operation.name == "messages.send"
}
allow := false if time.clock(input.time)[0] < 6
)"));
  now_ = from_unix_micros(std::int64_t{12} * 3600 * 1'000'000);
  EXPECT_TRUE(judge("messages.send").allowed);
  EXPECT_EQ(judge("messages.send").revision, "r1");
  EXPECT_FALSE(judge("messages.send", access::Role::guest).allowed);
  EXPECT_TRUE(judge("inbox.fetch", access::Role::guest).allowed);
  now_ = from_unix_micros(std::int64_t{27} * 3600 * 1'000'000);
  EXPECT_FALSE(judge("messages.send").allowed);
  ASSERT_EQ(heard_.lines.size(), 5U);
  EXPECT_EQ(heard_.lines[2].query, kOperationQuery);
  EXPECT_EQ(heard_.lines[2].scope, ours_.to_string());
  EXPECT_EQ(heard_.lines[2].ground, policy::Ground::policy);
  EXPECT_EQ(heard_.lines[2].revision, "r1");
}

TEST_F(Operations, EveryDoubtIsADenial) {
  const auto ground = [&](std::string_view rules) {
    EXPECT_TRUE(use(rules));
    const auto verdict = judge("messages.send");
    EXPECT_FALSE(verdict.allowed) << rules;
    return verdict.ground;
  };
  EXPECT_EQ(ground("allow := false"), "policy");
  EXPECT_EQ(ground("allow if input.nothing"), "undefined");
  EXPECT_EQ(ground("alow := true"), "undefined");  // misspelt
  EXPECT_EQ(ground("allow := \"true\""), "not_boolean");
  EXPECT_EQ(ground("allow contains 1"), "not_boolean");
  EXPECT_EQ(ground("allow := true if true\nallow := false if true"), "failed");
  EXPECT_EQ(ground("allow if count(numbers.range(1, 100000000)) > 0"), "exhausted");
  EXPECT_EQ(ground(R"(allow if {
  some a in numbers.range(1, 900)
  some b in numbers.range(1, 900)
  a * b == input.time
})"),
            "exhausted");
}

TEST_F(Operations, OneThatDoesNotCompileLeavesTheOldOneAndWhereThereWasNoneDenies) {
  ASSERT_TRUE(use("allow := true"));
  EXPECT_FALSE(decisions_.book().use(ours_, documents("allow := x"), rego::Syntax::v1));
  EXPECT_TRUE(judge("messages.send").allowed);
  const OrgId theirs(Uuid{9});
  EXPECT_FALSE(decisions_.book().use(theirs, documents("allow := x"), rego::Syntax::v1));
  EXPECT_EQ(judge("messages.send", access::Role::member, theirs).ground, "no_policy");
  const OrgId damaged(Uuid{8});
  decisions_.book().close(damaged);
  EXPECT_FALSE(judge("messages.send", access::Role::member, damaged).allowed);
  decisions_.book().close(ours_);
  EXPECT_TRUE(judge("messages.send").allowed);
}

TEST_F(Operations, AnOrganisationsOwnTakesThePlaceOfThatForAll) {
  const OrgId theirs(Uuid{9});
  ASSERT_TRUE(use("allow := true"));
  EXPECT_TRUE(judge("messages.send", access::Role::member, theirs).allowed);
  ASSERT_TRUE(decisions_.book().use(documents("allow := false"), rego::Syntax::v1).value());
  EXPECT_TRUE(judge("messages.send").allowed);
  EXPECT_FALSE(judge("messages.send", access::Role::member, theirs).allowed);
  decisions_.book().drop(ours_);
  EXPECT_FALSE(judge("messages.send").allowed);
  decisions_.book().drop();
  EXPECT_TRUE(judge("messages.send").allowed);
  EXPECT_FALSE(decisions_.book().has_any());
}

TEST_F(Operations, AShadowIsAskedBesideNothingAndDecidesNothing) {
  ASSERT_TRUE(
      decisions_.book().shadow(ours_, documents("allow := false"), rego::Syntax::v1).value());
  EXPECT_TRUE(judge("messages.send").allowed);
  ASSERT_TRUE(use("allow := true"));
  EXPECT_TRUE(judge("messages.send").allowed);
  ASSERT_EQ(heard_.lines.size(), 2U);
  EXPECT_EQ(heard_.lines[0].ground, policy::Ground::unasked);
  EXPECT_EQ(heard_.lines[1].ground, policy::Ground::policy);
  EXPECT_EQ(heard_.lines[0].shadow_allowed, false);
  EXPECT_EQ(heard_.lines[1].shadow_allowed, false);
  decisions_.book().end_shadow(ours_);
  EXPECT_TRUE(judge("messages.send").allowed);
  EXPECT_EQ(heard_.lines[2].shadow_allowed, std::nullopt);
}

TEST_F(Operations, WhatSpeaksOfThemInAnyWayIsAsked) {
  for (const auto* text : {"package unhidra\noperations := {\"allow\": false}",
                           "package unhidra\noperations.allow := false",
                           "package unhidra.operations.allow\nguests := false"}) {
    policy::Documents odd;
    odd.modules.push_back({"a.rego", text});
    EXPECT_TRUE(decisions_.book().use(ours_, odd, rego::Syntax::v1).value()) << text;
    EXPECT_FALSE(judge("messages.send").allowed) << text;
  }
  auto in_data = documents("x := 1", "other");
  in_data.data = rego::value_from_json(R"({"unhidra": {"operations": {"allow": false}}})").value();
  EXPECT_TRUE(decisions_.book().use(ours_, in_data, rego::Syntax::v1).value());
  EXPECT_FALSE(judge("messages.send").allowed);
  in_data.data = rego::value_from_json(R"({"unhidra": {"operationsx": 1}})").value();
  EXPECT_FALSE(decisions_.book().use(ours_, in_data, rego::Syntax::v1).value());
}

}  // namespace
}  // namespace unhidra::automation
