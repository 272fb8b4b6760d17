#include "unhidra/identity/device_policy.h"

#include <gtest/gtest.h>

#include "unhidra/identity/commissioning.h"

#include "people.h"

namespace unhidra::identity {
namespace {

TEST(DeviceRule, IsReadAndWrittenAsOwnersWriteIt) {
  for (const auto* text : {"controller:set", "hub:*", "any:on", "device:unlock!"}) {
    const auto rule = parse_device_rule(text);
    ASSERT_TRUE(rule) << text;
    EXPECT_EQ(to_text(*rule), text);
  }
  EXPECT_TRUE(parse_device_rule("hub:unlock!")->challenge);
  EXPECT_FALSE(parse_device_rule("any:on")->role);
}

TEST(DeviceRule, IsRefusedWhenItSaysNothingClear) {
  const auto too_long = "hub:" + std::string(kMaxDeviceCommand + 1, 'a');
  for (const std::string_view text :
       {"", ":", "set", "king:set", "hub:", "hub:!", "hub:set 1", too_long.c_str()}) {
    EXPECT_EQ(parse_device_rule(text).error(), Errc::malformed) << text;
  }
}

class DevicePolicyTest : public testing::Test {
 protected:
  Result<Bytes> signed_of(std::vector<DeviceRule> rules) {
    return sign(provider(), account_of(7),
                {.group_id = id_of<DeviceGroupId>(5),
                 .device_id = id_of<DeviceId>(6),
                 .version = 3,
                 .issued_at = kNow,
                 .rules = std::move(rules)});
  }
};

TEST_F(DevicePolicyTest, IsTheSameInWhateverOrderTheRulesStand) {
  const auto on = *parse_device_rule("hub:on");
  const auto any = *parse_device_rule("any:*");
  EXPECT_EQ(signed_of({on, any}).value(), signed_of({any, on, any}).value());
  EXPECT_NE(signed_of({on}).value(), signed_of({any}).value());
}

TEST_F(DevicePolicyTest, HasSixteenRulesAtMost) {
  std::vector<DeviceRule> rules;
  for (std::size_t i = 0; i < kMaxDeviceRules; ++i) {
    rules.push_back({.role = GroupRole::hub,
                     .sender = {},
                     .command = std::string(30, 'x') + std::to_string(10 + i),
                     .challenge = false});
  }
  EXPECT_LE(signed_of(rules)->size(), kMaxDevicePolicy);
  rules.push_back({.role = {}, .sender = {}, .command = "*", .challenge = false});
  EXPECT_EQ(signed_of(rules).error(), Errc::malformed);
  EXPECT_EQ(signed_of({{.role = {}, .sender = {}, .command = "", .challenge = false}}).error(),
            Errc::malformed);
}

TEST(CommissioningCode, IsBothKeys) {
  const TestDevice lamp{11};
  const auto code = commissioning_code(lamp.keys);
  EXPECT_EQ(code.size(), 86U);
  EXPECT_EQ(read_commissioning_code(lamp.keys.device_id, code).value(), lamp.keys);
  EXPECT_EQ(read_commissioning_code(lamp.keys.device_id, code.substr(1)).error(), Errc::malformed);
  EXPECT_EQ(read_commissioning_code(lamp.keys.device_id, code + "AA").error(), Errc::malformed);
}

}  // namespace
}  // namespace unhidra::identity
