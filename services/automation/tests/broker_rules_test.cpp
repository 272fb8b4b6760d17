// What may be said on which topic: the policy, and topics that are marked as encrypted.
#include <array>
#include <fstream>

#include <gtest/gtest.h>

#include "unhidra/automation/errc.h"
#include "unhidra/policy/documents.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

#include "broker/revoked.h"
#include "broker/sealed_topics.h"
#include "broker/topic_policy.h"

namespace unhidra::automation {
namespace {

using mqtt::QoS;
using mqtt::ReasonCode;
using rego::Value;

// The example of the roadmap, as it is written there.
constexpr std::string_view kThermostats = R"(package unhidra.automation

default allow = false

# Thermostat can only publish to hvac topics
allow {
    input.device.type == "thermostat"
    input.action == "publish"
    startswith(input.topic, "hvac/")
}

# Sensors can publish to their own topics
allow {
    input.device.type == "sensor"
    input.action == "publish"
    input.topic == concat("/", ["sensors", input.device.id, input.reading_type])
}

# Admins can do anything
allow {
    input.user.role == "admin"
}
)";

class TopicRules : public testing::Test {
 protected:
  void write(std::string_view text) { std::ofstream(directory_.path() / "policy.rego") << text; }
  policy::Documents documents() {
    const std::array<std::string, 1> paths{directory_.path().string()};
    return policy::load_paths(paths).value();
  }
  TopicPolicy& policy_of(std::string_view text, rego::Syntax syntax = rego::Syntax::v1) {
    write(text);
    return in_force(documents(), syntax);
  }
  TopicPolicy& built_in() { return in_force(built_in_policy(), rego::Syntax::v1); }
  TopicPolicy& in_force(policy::Documents documents, rego::Syntax syntax) {
    policies_.push_back(std::make_unique<TopicPolicy>(clock_, random_));
    const auto used = policies_.back()->book().use(std::move(documents), syntax);
    EXPECT_TRUE(used) << used.error().message();
    return *policies_.back();
  }

  Subject device(std::string_view type) {
    Subject out;
    out.org = OrgId::make(clock_, random_);
    out.device = DeviceId::make(clock_, random_);
    out.facts.emplace_back(
        Value::string("device"),
        Value::object({{Value::string("id"), id(out)},
                       {Value::string("type"), Value::string(std::string(type))}}));
    return out;
  }
  static Value id(const Subject& subject) { return Value::string(subject.device->to_string()); }

  testkit::TempDir directory_;
  testkit::FakeClock clock_;
  testkit::SeededRandom random_{3};
  std::vector<std::unique_ptr<TopicPolicy>> policies_;
};

TEST_F(TopicRules, TheExampleOfTheRoadmapWorksAsItIsWritten) {
  auto& policy = policy_of(kThermostats, rego::Syntax::v0);
  const auto thermostat = device("thermostat");
  EXPECT_TRUE(policy.allows(thermostat, {.action = "publish", .topic = "hvac/hall"}));
  EXPECT_FALSE(policy.allows(thermostat, {.action = "publish", .topic = "door/front"}));
  EXPECT_FALSE(policy.allows(thermostat, {.action = "subscribe", .topic = "hvac/hall"}));
  const auto sensor = device("sensor");
  const auto own = "sensors/" + sensor.device->to_string() + "/humidity";
  EXPECT_TRUE(policy.allows(sensor, {.action = "publish", .topic = own}));
  EXPECT_FALSE(policy.allows(sensor, {.action = "publish", .topic = own + "/more"}));
  Subject admin;
  admin.user = UserId::make(clock_, random_);
  admin.facts.emplace_back(Value::string("user"),
                           Value::object({{Value::string("role"), Value::string("admin")}}));
  EXPECT_TRUE(policy.allows(admin, {.action = "publish", .topic = "anything"}));
}

TEST_F(TopicRules, TheBuiltInOneGivesADeviceItsOwnTopicsAndAWildcardNoMoreThanItsParts) {
  auto& policy = built_in();
  const auto lamp = device("");
  const auto own = "devices/" + lamp.device->to_string() + "/";
  EXPECT_TRUE(policy.allows(lamp, {.action = "connect"}));
  EXPECT_TRUE(policy.allows(lamp, {.action = "publish", .topic = own + "state"}));
  EXPECT_TRUE(policy.allows(lamp, {.action = "subscribe", .topic = own + "#"}));
  EXPECT_TRUE(policy.allows(lamp, {.action = "subscribe", .topic = "broadcast/x"}));
  EXPECT_FALSE(policy.allows(lamp, {.action = "publish", .topic = "broadcast/x"}));
  for (const auto* wide : {"#", "devices/#", "devices/+/state", "+/+/state"}) {
    EXPECT_FALSE(policy.allows(lamp, {.action = "subscribe", .topic = wide})) << wide;
  }
}

TEST_F(TopicRules, AFilterThatCoversMoreThanItSaysShowsNoMoreThanEachTopicWould) {
  auto& own = built_in();
  const auto lamp = device("");
  const auto base = "devices/" + lamp.device->to_string();
  const std::vector<std::string> hostile{"+/" + lamp.device->to_string() + "/#",
                                         base,
                                         base + "x/#",
                                         "/" + base + "/#",
                                         "D" + base.substr(1) + "/#",
                                         "devices/+/#",
                                         "#",
                                         "+/+/+"};
  for (const auto& wide : hostile) {
    EXPECT_FALSE(own.allows(lamp, {.action = "subscribe", .topic = wide, .filter = wide})) << wide;
  }
  // "a/#" covers "a", too (MQTT 5.0 section 4.7.1.2): the policy did not mean that.
  EXPECT_TRUE(own.allows(lamp, {.action = "subscribe", .topic = base + "/#"}));
  EXPECT_FALSE(own.allows(lamp, {.action = "subscribe", .topic = base, .delivery = true}));
  // A policy that forbids one topic lets a filter pass that covers it, and never the message.
  const auto other = device("");  // of whom nothing is remembered yet
  auto& naive = policy_of("package unhidra.automation\nallow if input.topic != \"secret/x\"");
  for (const auto* wide : {"#", "secret/#", "+/x", "secret/+"}) {
    EXPECT_TRUE(naive.allows(other, {.action = "subscribe", .topic = wide, .filter = wide}));
  }
  EXPECT_FALSE(naive.allows(other, {.action = "subscribe", .topic = "secret/x", .delivery = true}));
  EXPECT_TRUE(naive.allows(other, {.action = "subscribe", .topic = "secret/y", .delivery = true}));
}

TEST_F(TopicRules, AnOrganisationsOwnPolicyIsItsAlone) {
  auto& policy = policy_of("package unhidra.automation\nallow := false");
  const auto ours = device("");
  const auto theirs = device("");
  const TopicQuestion question{.action = "publish", .topic = "t"};
  const auto allow = [&] {
    write("package unhidra.automation\nallow := true");
    return policy.book().use(ours.org, documents(), rego::Syntax::v1);
  };
  ASSERT_TRUE(allow());
  EXPECT_TRUE(policy.allows(ours, question));
  EXPECT_FALSE(policy.allows(theirs, question));
  EXPECT_NE(policy.book().revision(ours.org), policy.book().revision(theirs.org));
  write("package unhidra.automation\nallow if {");
  EXPECT_FALSE(policy.book().use(ours.org, documents(), rego::Syntax::v1));
  EXPECT_TRUE(policy.allows(ours, question));
  // Its own that never was one does not fall back to what holds for all.
  EXPECT_FALSE(built_in().book().use(theirs.org, documents(), rego::Syntax::v1));
  EXPECT_FALSE(policies_.back()->allows(theirs, {.action = "connect"}));
  policy.book().drop(ours.org);
  EXPECT_FALSE(policy.allows(ours, question));
}

// What the policy tells of its decisions.
class Heard final : public policy::DecisionSink {
 public:
  void record(const policy::DecisionRecord& record) override {
    lines.push_back(std::string(record.scope) + (record.decision.allowed ? " yes" : " no") +
                    (record.shadow == nullptr ? ""
                     : record.shadow->allowed ? " (yes)"
                                              : " (no)"));
  }
  std::vector<std::string> lines;
};

TEST_F(TopicRules, AShadowIsAskedBesideAndDecidesNothing) {
  Heard heard;
  TopicPolicy policy(clock_, random_, &heard);
  ASSERT_TRUE(policy.book().use(built_in_policy(), rego::Syntax::v1));
  const auto lamp = device("");
  const auto other = device("");
  const TopicQuestion question{.action = "connect"};
  const auto org = lamp.org.to_string();
  EXPECT_TRUE(policy.allows(lamp, question));
  write("package unhidra.automation\nallow := false");
  ASSERT_TRUE(policy.book().shadow(lamp.org, documents(), rego::Syntax::v1));
  EXPECT_TRUE(policy.allows(lamp, question));
  EXPECT_TRUE(policy.allows(lamp, question));  // remembered
  EXPECT_TRUE(policy.allows(other, question));
  write("package unhidra.automation\nallow if {");
  EXPECT_FALSE(policy.book().shadow(lamp.org, documents(), rego::Syntax::v1));
  EXPECT_TRUE(policy.allows(lamp, question));
  const std::vector<std::string> expected{org + " yes", org + " yes (no)",
                                          other.org.to_string() + " yes", org + " yes"};
  EXPECT_EQ(heard.lines, expected);
  EXPECT_EQ(policy.stats().from_known, 1U);
}

TEST_F(TopicRules, EveryFailureIsADenial) {
  const auto lamp = device("");
  for (const auto* text : {
           "package unhidra.automation\nallow := 1",
           "package unhidra.automation\nallow := \"true\"",
           "package other\nallow := true",
           "package unhidra.automation\nallow if { x := numbers.range(0, 100000000); count(x) > 0 "
           "}",
           "package unhidra.automation\nallow := true if input.action\nallow := 2 if input.action",
       }) {
    auto& policy = policy_of(text, rego::Syntax::v1);
    EXPECT_FALSE(policy.allows(lamp, {.action = "publish", .topic = "t"})) << text;
  }
}

TEST_F(TopicRules, APolicyThatDoesNotCompileSaysWhereAndTheOneInUseStays) {
  auto& policy = policy_of("package unhidra.automation\nallow := true");
  write("package unhidra.automation\nallow if {");
  const auto broken = policy.book().use(documents(), rego::Syntax::v1);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message().find("policy.rego:2"), std::string::npos)
      << broken.error().message();
  EXPECT_TRUE(policy.allows(device(""), {.action = "publish", .topic = "t"}));
  TopicPolicy nothing(clock_, random_);
  EXPECT_FALSE(nothing.book().use({}, rego::Syntax::v1));
  EXPECT_FALSE(nothing.allows(device(""), {.action = "connect"}));
}

TEST_F(TopicRules, WhatIsRememberedGoesWithThePolicyAndWithTime) {
  auto& policy = policy_of("package unhidra.automation\nallow := false", rego::Syntax::v1);
  const auto lamp = device("");
  for (int i = 0; i < 5; ++i) {
    policy.allows(lamp, {.action = "publish", .topic = "t"});
  }
  EXPECT_EQ(policy.stats().decisions, 1U);
  clock_.advance(std::chrono::seconds(61));
  policy.allows(lamp, {.action = "publish", .topic = "t"});
  EXPECT_EQ(policy.stats().decisions, 2U);
  write("package unhidra.automation\nallow := true");
  ASSERT_TRUE(policy.book().use(documents(), rego::Syntax::v1));
  EXPECT_TRUE(policy.allows(lamp, {.action = "publish", .topic = "t"}));
}

TEST_F(TopicRules, DataMayLieBesideTheModules) {
  std::ofstream(directory_.path() / "quiet.json") << R"({"quiet": ["bedroom"]})";
  auto& policy = policy_of("package unhidra.automation\nallow if not input.topic in data.quiet",
                           rego::Syntax::v1);
  EXPECT_TRUE(policy.allows(device(""), {.action = "publish", .topic = "hall"}));
  EXPECT_FALSE(policy.allows(device(""), {.action = "publish", .topic = "bedroom"}));
}

// ---- Encrypted topics --------------------------------------------------------------------------

Bytes sealed(DeviceId sender, std::uint32_t epoch, bool retained = false, std::uint8_t group = 0) {
  ByteWriter out;
  identity::write(out, {.is_signed = retained,
                        .retained = retained,
                        .group = identity::GroupTag(ByteArray<8>{group}),
                        .epoch = epoch,
                        .sender = identity::tag_of(sender)});
  out.raw(Bytes(40 + (retained ? 64 : 0), 7));
  return std::move(out).take();
}

TEST_F(TopicRules, AnEncryptedTopicTakesWhatItsOwnSenderHasSealed) {
  auto topics = SealedTopics::parse({"home/+/door"}).value();
  const auto lock = device("lock");
  EXPECT_TRUE(topics.must_be_sealed(lock, "home/7/door"));
  EXPECT_FALSE(topics.must_be_sealed(lock, "home/7/light"));
  const auto check = [&](const Bytes& payload, bool retain = false) {
    const auto out = topics.check(
        lock, {.topic = "home/7/door", .payload = payload, .properties = {}, .retain = retain});
    return out ? ReasonCode::success : out.error();
  };
  EXPECT_EQ(check(sealed(*lock.device, 4)), ReasonCode::success);
  EXPECT_EQ(check(sealed(*lock.device, 4, true), true), ReasonCode::success);
  EXPECT_EQ(check(to_bytes("open")), ReasonCode::payload_format_invalid);
  EXPECT_EQ(check({}), ReasonCode::payload_format_invalid);
  EXPECT_EQ(check({}, true), ReasonCode::success);  // takes the retained one away
  EXPECT_EQ(check(sealed(*lock.device, 4), true), ReasonCode::payload_format_invalid);
  EXPECT_EQ(check(sealed(DeviceId::make(clock_, random_), 4)), ReasonCode::not_authorized);
  EXPECT_EQ(check(sealed(*lock.device, 5)), ReasonCode::success);
  EXPECT_EQ(check(sealed(*lock.device, 4)), ReasonCode::not_authorized);  // epochs do not go back
  EXPECT_EQ(SealedTopics::parse({"a/#/b"}).error(), Errc::bad_policy);
}

TEST_F(TopicRules, AnOrganisationHasItsOwnEncryptedTopicsInPlaceOfTheServers) {
  auto topics = SealedTopics::parse({"door"}).value();
  auto mine = device("");
  auto other = device("");
  mine.org = OrgId::make(clock_, random_);
  other.org = OrgId::make(clock_, random_);
  topics.use({{mine.org, {.encrypted_topics = {{"window/#"}}, .plaintext_topics = {"door"}}}});
  EXPECT_TRUE(topics.must_be_sealed(mine, "window/1"));
  EXPECT_FALSE(topics.must_be_sealed(mine, "door"));
  EXPECT_FALSE(topics.must_be_sealed(other, "window/1"));
  EXPECT_TRUE(topics.must_be_sealed(other, "door"));
  topics.use({{mine.org, {.encrypted_topics = std::vector<std::string>()}}});
  EXPECT_FALSE(topics.must_be_sealed(mine, "door"));  // none at all is an own list, too
  topics.use({{mine.org, {.plaintext_topics = {"door"}}}});
  EXPECT_TRUE(topics.must_be_sealed(mine, "door"));  // the server's, whatever is allowed
}

TEST_F(TopicRules, AnEncryptedDevicePublishesPlaintextOnlyWhereItIsAllowed) {
  auto topics = SealedTopics::parse({}).value();
  auto lock = device("lock");
  const auto own = "devices/" + lock.device->to_string();
  EXPECT_FALSE(topics.must_be_sealed(lock, "report"));
  lock.encrypted = true;
  for (const auto& topic :
       {std::string("report"), own, own + "/prekeys/x", own + "/channel/x",
        own + "/channel/x/answer/y", "x" + own + "/prekeys",
        "devices/" + DeviceId::make(clock_, random_).to_string() + "/prekeys"}) {
    EXPECT_TRUE(topics.must_be_sealed(lock, topic)) << topic;
  }
  EXPECT_FALSE(topics.must_be_sealed(lock, own + "/prekeys"));
  EXPECT_FALSE(topics.must_be_sealed(lock, own + "/channel/x/answer"));
  topics.use({{lock.org, {.plaintext_topics = {"report", "public/#"}}}});
  EXPECT_FALSE(topics.must_be_sealed(lock, "report"));
  EXPECT_FALSE(topics.must_be_sealed(lock, "public/a/b"));
  EXPECT_TRUE(topics.must_be_sealed(lock, "report/more"));
}

TEST_F(TopicRules, ADeviceThatNamesManyGroupsForgetsItsOwnAlone) {
  auto topics = SealedTopics::parse({"home/+/door"}).value();
  const auto lock = device("lock");
  const auto flooding = device("lock");
  const auto takes = [&](const Subject& who, std::uint32_t epoch, std::uint8_t group) {
    const auto payload = sealed(*who.device, epoch, false, group);
    return topics.check(who, {.topic = "home/7/door", .payload = payload, .properties = {}})
        .has_value();
  };
  EXPECT_TRUE(takes(lock, 4, 1));
  EXPECT_TRUE(takes(flooding, 4, 0));
  for (unsigned group = 1; group < 256; ++group) {
    EXPECT_TRUE(takes(flooding, 4, static_cast<std::uint8_t>(group))) << group;
  }
  EXPECT_FALSE(takes(flooding, 3, 255));
  EXPECT_TRUE(takes(flooding, 3, 0)) << "forgotten: only its receivers can tell";
  EXPECT_FALSE(takes(lock, 3, 1));
  EXPECT_TRUE(takes(lock, 4, 2));
}

TEST_F(TopicRules, ARevocationConcernsWhomItNames) {
  auto lamp = device("");
  lamp.certificate_serial = {1, 2};
  Subject person;
  person.user = UserId::make(clock_, random_);
  person.session = SessionId::make(clock_, random_);
  lamp.authority = 3;
  EXPECT_TRUE(concerns(RetiredAuthority{3}, lamp));
  EXPECT_FALSE(concerns(RetiredAuthority{2}, lamp));
  EXPECT_FALSE(concerns(RetiredAuthority{3}, person));
  EXPECT_TRUE(concerns(RevokedCertificate{{1, 2}}, lamp));
  EXPECT_FALSE(concerns(RevokedCertificate{{1, 3}}, lamp));
  EXPECT_FALSE(concerns(RevokedCertificate{{}}, person));
  EXPECT_TRUE(concerns(*lamp.device, lamp));
  EXPECT_FALSE(concerns(*lamp.device, person));
  EXPECT_TRUE(concerns(person.session, person));
  EXPECT_FALSE(concerns(SessionId(), lamp));
  EXPECT_TRUE(concerns(*person.user, person));
}

}  // namespace
}  // namespace unhidra::automation
