#include "json.h"

#include <gtest/gtest.h>

#include "describe.h"

namespace unhidra::core {
namespace {

TEST(Json, SeparatesMembersAndElements) {
  Json out;
  out.begin_object().name("a").number(1).name("b").begin_list();
  out.text("x").boolean(true).null().begin_object().end_object().end_list().name("c").text("");
  out.end_object();
  EXPECT_EQ(std::move(out).take(), R"({"a":1,"b":["x",true,null,{}],"c":""})");
}

TEST(Json, EscapesWhatWouldEndTheText) {
  Json out;
  out.text(std::string_view("\"\\\n\0\x1f/\xc3\xa9", 8));
  EXPECT_EQ(std::move(out).take(), "\"\\\"\\\\\\u000a\\u0000\\u001f/\xc3\xa9\"");
}

TEST(Describe, TimesThatNeverCameAreNull) {
  client::Message message;
  message.sent_at = from_unix_micros(5);
  const auto json = to_json(message);
  EXPECT_NE(json.find(R"("sentAt":5,"receivedAt":null)"), std::string::npos) << json;
}

TEST(Describe, EventsCarryTheirType) {
  EXPECT_EQ(to_json(client::Event(client::event::CaughtUp{})), R"({"type":"caughtUp"})");
  EXPECT_EQ(to_json(client::Event(client::event::UserNotFound{"an\"n"})),
            R"({"type":"userNotFound","username":"an\"n"})");
}

}  // namespace
}  // namespace unhidra::core
