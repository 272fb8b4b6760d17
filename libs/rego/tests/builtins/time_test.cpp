#include "builtins/call_by_name.h"

namespace unhidra::rego::builtins {
namespace {

TEST_F(Builtins, TimesAreReadByTheirLayout) {
  EXPECT_EQ(call("time.parse_rfc3339_ns", R"(["2017-06-02T19:00:00-07:00"])"),
            "1496455200000000000");
  EXPECT_EQ(call("time.parse_ns", R"(["RFC1123", "Fri, 02 Jun 2017 19:00:00 GMT"])"),
            "1496430000000000000");
  EXPECT_EQ(call("time.parse_ns", R"(["2006-01-02 03:04PM", "2020-02-29 12:30AM"])"),
            "1582936200000000000");
  EXPECT_EQ(call("time.parse_rfc3339_ns", R"(["1677-09-21T00:12:43.145224192-00:00"])"),
            "-9223372036854775808");
  EXPECT_EQ(call("time.parse_rfc3339_ns", R"(["2262-04-11T23:47:16.854775808-00:00"])"),
            "error: time outside of valid range");
  EXPECT_EQ(call("time.parse_rfc3339_ns", R"(["2021-02-30T00:00:00Z"])"),
            R"(error: parsing time "2021-02-30T00:00:00Z": day out of range)");
  EXPECT_EQ(call("time.parse_ns", R"(["2006", "x"])"),
            R"(error: parsing time "x" as "2006": cannot parse "x" as "2006")");
}

TEST_F(Builtins, TimesAreWrittenInTheirZone) {
  EXPECT_EQ(call("time.format", "[1670006453141828752]"), R"("2022-12-02T18:40:53.141828752Z")");
  EXPECT_EQ(call("time.format", R"([[1670006453141828752, "Asia/Kolkata"]])"),
            R"("2022-12-03T00:10:53.141828752+05:30")");
  EXPECT_EQ(call("time.format", R"([[1670006453141828752, "Europe/Berlin", "UnixDate"]])"),
            R"("Fri Dec  2 19:40:53 CET 2022")");
  EXPECT_EQ(call("time.format", R"([[0, "No/Where"]])"), "error: unknown time zone No/Where");
  EXPECT_EQ(call("time.format", "[1e30]"), "error: timestamp too big");
}

TEST_F(Builtins, DatesClocksAndWeekdays) {
  EXPECT_EQ(call("time.date", R"([[1517814000000000000, "America/Los_Angeles"]])"), "[2018, 2, 4]");
  EXPECT_EQ(call("time.clock", R"([[1517832000000000000, "America/New_York"]])"), "[7, 0, 0]");
  EXPECT_EQ(call("time.weekday", "[1518350400000000000]"), R"("Sunday")");
  EXPECT_EQ(call("time.date", "[-1]"), "[1969, 12, 31]");
  EXPECT_EQ(call("time.date", "[-9223372036854775808]"), "[1677, 9, 21]");
  EXPECT_EQ(call("time.format", "[-9223372036854775808]"), R"("1677-09-21T00:12:43.145224192Z")");
}

TEST_F(Builtins, CalendarArithmeticFollowsTheCalendar) {
  EXPECT_EQ(call("time.add_date", "[1585852421593912000, 3, 9, 12]"), "1705257221593912000");
  EXPECT_EQ(call("time.add_date", "[1585852421593912000, -1, -1, -1]"), "1551465221593912000");
  EXPECT_EQ(call("time.add_date", "[0, 2262, 1, 1]"), "error: time outside of valid range");
  // Noon stays noon over the change to summer time.
  EXPECT_EQ(call("time.clock", R"([[1616842800000000000, "Europe/Berlin"]])"), "[12, 0, 0]");
  EXPECT_EQ(call("time.add_date", R"([[1616842800000000000, "Europe/Berlin"], 0, 0, 1])"),
            "1616925600000000000");
  // A day that is borrowed comes from the month of the earlier date.
  EXPECT_EQ(call("time.diff", "[1582977600000000000, 1585852421593912000]"),
            "[0, 1, 2, 6, 33, 41]");
}

TEST_F(Builtins, DurationsAreReadWithTheirUnits) {
  EXPECT_EQ(call("time.parse_duration_ns", R"(["1h15m30.5s"])"), "4530500000000");
  EXPECT_EQ(call("time.parse_duration_ns", R"(["-2us"])"), "-2000");
  EXPECT_EQ(call("time.parse_duration_ns", R"(["5"])"),
            R"(error: time: missing unit in duration "5")");
  EXPECT_EQ(call("time.parse_duration_ns", R"(["1x"])"),
            R"(error: time: unknown unit "x" in duration "1x")");
  environment_.now_ns = 7;
  EXPECT_EQ(call("time.now_ns", "[]"), "7");
}

}  // namespace
}  // namespace unhidra::rego::builtins
