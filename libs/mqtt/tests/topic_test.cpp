#include "unhidra/mqtt/topic.h"

#include <string>

#include <gtest/gtest.h>

namespace unhidra::mqtt {
namespace {

TEST(TopicFilter, MatchesAsTheStandardSays) {
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1"));
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  EXPECT_TRUE(matches("sport/+", "sport/"));
  EXPECT_FALSE(matches("sport/+", "sport"));
  EXPECT_TRUE(matches("+/+", "/finance"));
  EXPECT_TRUE(matches("/+", "/finance"));
  EXPECT_FALSE(matches("+", "/finance"));
  EXPECT_FALSE(matches("#", "$SYS/uptime"));
  EXPECT_FALSE(matches("+/uptime", "$SYS/uptime"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/uptime"));
}

TEST(TopicFilter, WildcardsAreWholeLevelsAndTheHashIsLast) {
  for (const auto* good : {"#", "+", "a/#", "+/a/+", "/", "a//b"}) {
    EXPECT_TRUE(is_valid_topic_filter(good)) << good;
  }
  for (const auto* bad : {"", "a#", "a/#/b", "a+/b", "#/", "++"}) {
    EXPECT_FALSE(is_valid_topic_filter(bad)) << bad;
  }
}

TEST(TopicFilter, DepthIsBounded) {
  EXPECT_TRUE(is_valid_topic_name(std::string(kMaxLevels - 1, '/')));
  EXPECT_FALSE(is_valid_topic_name(std::string(kMaxLevels, '/')));
}

TEST(TopicFilter, SharedOnesAreTakenApart) {
  const auto parsed = parse_filter("$share/group/a/+");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->group, "group");
  EXPECT_EQ(parsed->filter, "a/+");
  for (const auto* bad : {"$share/", "$share/g", "$share//a", "$share/g+/a", "$share/g/"}) {
    EXPECT_FALSE(parse_filter(bad)) << bad;
  }
}

TEST(String, IsShortestUtf8WithoutControlsAndNonCharacters) {
  EXPECT_TRUE(is_valid_string("gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80"));
  for (const auto* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "eight by\x7f",
                          "a\x01", "\xef\xbf\xbf", "\xe0\x80\x80"}) {
    EXPECT_FALSE(is_valid_string(bad)) << bad;
  }
  EXPECT_FALSE(is_valid_string(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace unhidra::mqtt
