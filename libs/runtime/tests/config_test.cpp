#include "unhidra/runtime/config.h"

#include <fstream>
#include <stdlib.h>

#include <gtest/gtest.h>

namespace unhidra::runtime {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

enum class Colour { red, green };

const Setting<HostPort> kListen{{.name = "gateway.listen",
                                 .description = "Where it listens.",
                                 .default_value = {"127.0.0.1", 9000}}};
const Setting<Duration> kLifetime{{.name = "auth.access_token_lifetime",
                                   .description = "How long a token is valid.",
                                   .default_value = 15min,
                                   .minimum = 1min,
                                   .maximum = 24h,
                                   .apply = Apply::reload}};
const Setting<ByteSize> kBody{{.name = "gateway.max_body",
                               .description = "Largest request.",
                               .default_value = mebibytes(1),
                               .maximum = mebibytes(64)}};
const Setting<std::int64_t> kThreads{{.name = "runtime.threads",
                                      .description = "Event loops.",
                                      .default_value = 0,
                                      .minimum = 0,
                                      .maximum = 256}};
const Setting<double> kRatio{
    {.name = "log.ratio", .description = "A share.", .default_value = 1.0, .maximum = 1.0}};
const Setting<bool> kOpen{
    {.name = "auth.open_sign_up", .description = "Anyone may join.", .default_value = false}};
const Setting<StringList> kOrigins{{.name = "gateway.origins", .description = "Allowed origins."}};
const Setting<std::string> kPassword{
    {.name = "storage.password", .description = "The database's password.", .secret = true}};
const Setting<fs::path> kData{
    {.name = "data_directory", .description = "Where data lies.", .default_value = "/var/lib/u"}};
const EnumSetting<Colour> kColour{{.name = "log.colour",
                                   .description = "A colour.",
                                   .default_value = Colour::green,
                                   .values = {{"red", Colour::red}, {"green", Colour::green}}}};
const Setting<std::string> kNested{
    {.name = "gateway.tls.certificate", .description = "A file.", .default_value = "c.pem"}};

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "unhidra-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    const SettingBase* const all[] = {&kListen,  &kLifetime, &kBody, &kThreads, &kRatio, &kOpen,
                                      &kOrigins, &kPassword, &kData, &kColour,  &kNested};
    schema_.add(all);
  }
  void TearDown() override { fs::remove_all(directory_); }

  fs::path file(std::string_view name, std::string_view content) {
    const auto path = directory_ / name;
    std::ofstream(path) << content;
    return path;
  }
  Config load(const ConfigSources& sources) {
    auto config = load_config(schema_, sources);
    EXPECT_TRUE(config) << config.error().message();
    return std::move(config).value();
  }
  std::string problems(const ConfigSources& sources) {
    const auto config = load_config(schema_, sources);
    EXPECT_FALSE(config);
    if (config) {
      return "";
    }
    EXPECT_EQ(config.error(), Errc::bad_config);
    return config.error().message();
  }

  fs::path directory_;
  Schema schema_;
};

TEST_F(ConfigTest, without_sources_the_defaults_hold) {
  const auto config = load({});
  EXPECT_EQ(config.get(kListen), (HostPort{"127.0.0.1", 9000}));
  EXPECT_EQ(config.get(kLifetime), 15min);
  EXPECT_EQ(config.get(kColour), Colour::green);
  EXPECT_EQ(config.origin(kListen), Origin::default_value);
}

TEST_F(ConfigTest, every_type_is_read_from_a_file) {
  const auto path = file("u.toml",
                         "data_directory = '/srv/u'\n"
                         "[gateway]\nlisten = '[::1]:0'\nmax_body = '16MiB'\n"
                         "origins = ['https://a', 'https://b']\n"
                         "tls.certificate = 'x.pem'\n"
                         "[auth]\naccess_token_lifetime = '1h30m'\nopen_sign_up = true\n"
                         "[runtime]\nthreads = 4\n[log]\nratio = 0.25\ncolour = 'red'\n");
  const auto config = load({.file = path});
  EXPECT_EQ(config.get(kListen), (HostPort{"::1", 0}));
  EXPECT_EQ(config.get(kBody), mebibytes(16));
  EXPECT_EQ(config.get(kOrigins), (StringList{"https://a", "https://b"}));
  EXPECT_EQ(config.get(kNested), "x.pem");
  EXPECT_EQ(config.get(kLifetime), 90min);
  EXPECT_TRUE(config.get(kOpen));
  EXPECT_EQ(config.get(kThreads), 4);
  EXPECT_DOUBLE_EQ(config.get(kRatio), 0.25);
  EXPECT_EQ(config.get(kColour), Colour::red);
  EXPECT_EQ(config.get(kData), "/srv/u");
  EXPECT_EQ(config.origin(kListen), Origin::file);
}

TEST_F(ConfigTest, flags_beat_environment_beats_file_beats_default) {
  const auto path = file("u.toml",
                         "[runtime]\nthreads = 1\n[auth]\naccess_token_lifetime='2m'\n"
                         "[gateway]\nmax_body = 4096\n");
  const auto config = load({.file = path,
                            .environment = {{"UNHIDRA_RUNTIME_THREADS", "2"},
                                            {"UNHIDRA_AUTH_ACCESS_TOKEN_LIFETIME", "3m"},
                                            {"UNHIDRA_GATEWAY_ORIGINS", "a, b"},
                                            {"UNHIDRA_CONFIG", "ignored"},
                                            {"PATH", "/bin"}},
                            .overrides = {"runtime.threads=3"}});
  EXPECT_EQ(config.get(kThreads), 3);
  EXPECT_EQ(config.origin(kThreads), Origin::flag);
  EXPECT_EQ(config.get(kLifetime), 3min);
  EXPECT_EQ(config.origin(kLifetime), Origin::environment);
  EXPECT_EQ(config.get(kBody).bytes, 4096U);
  EXPECT_EQ(config.get(kOrigins), (StringList{"a", "b"}));
}

TEST_F(ConfigTest, unknown_names_are_refused_with_their_place_and_the_nearest_right_one) {
  const auto path = file("u.toml", "[gateway]\nlisten = ':1'\nlissten = ':2'\n");
  const auto text = problems({.file = path,
                              .environment = {{"UNHIDRA_GATEWAY_LISTN", ":3"}},
                              .overrides = {"auth.open_signup=true", "nonsense"}});
  EXPECT_EQ(text, path.string() +
                      ":3: unknown setting \"gateway.lissten\"; did you mean "
                      "\"gateway.listen\"?\n"
                      "environment: unknown variable \"UNHIDRA_GATEWAY_LISTN\"; did you mean "
                      "\"UNHIDRA_GATEWAY_LISTEN\"?\n"
                      "--set: unknown setting \"auth.open_signup\"; did you mean "
                      "\"auth.open_sign_up\"?\n"
                      "--set: \"nonsense\" is not name=value");
}

TEST_F(ConfigTest, a_wrong_value_is_named_with_what_is_allowed) {
  const auto path = file("u.toml",
                         "[gateway]\nlisten = 9000\nmax_body = '65MiB'\norigins = [1]\n"
                         "[auth]\naccess_token_lifetime = '5s'\nopen_sign_up = 'yes'\n"
                         "[runtime]\nthreads = '4'\n[log]\ncolour = 'blue'\n");
  const auto text = problems({.file = path, .overrides = {"log.ratio=nan", "runtime.threads=-1"}});
  const auto at = [&](int line) { return path.string() + ":" + std::to_string(line) + ": "; };
  for (const auto& expected :
       {at(2) + "gateway.listen: 9000 is not right: expected an address (host:port)",
        at(3) + "gateway.max_body: \"65MiB\" is not right: expected a size of at most 64MiB",
        at(4) + "gateway.origins: the value is not right: expected a list of strings",
        at(6) + "auth.access_token_lifetime: \"5s\" is not right: expected a duration from 1m to "
                "1d",
        at(7) + "auth.open_sign_up: \"yes\" is not right: expected true or false",
        at(9) + "runtime.threads: \"4\" is not right: expected an integer from 0 to 256",
        at(11) + "log.colour: \"blue\" is not right: expected one of \"red\", \"green\"",
        std::string("--set: log.ratio: \"nan\" is not right: expected a number of at most 1.0"),
        std::string("--set: runtime.threads: \"-1\" is not right: expected an integer from 0 to "
                    "256")}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\nin\n" << text;
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 8);
}

TEST_F(ConfigTest, a_syntax_error_names_the_line) {
  const auto path = file("u.toml", "[gateway]\nlisten = \n");
  EXPECT_TRUE(problems({.file = path}).starts_with(path.string() + ":2: "));
  EXPECT_NE(problems({.file = directory_ / "none"}).find("none"), std::string::npos);
}

TEST_F(ConfigTest, a_secret_comes_from_a_file_and_is_never_shown) {
  const auto path = file("password", "hunter2\n");
  const auto config = load({.environment = {{"UNHIDRA_STORAGE_PASSWORD_FILE", path.string()}}});
  EXPECT_EQ(config.get(kPassword), "hunter2");
  EXPECT_EQ(config.print().find("hunter2"), std::string::npos);
  EXPECT_NE(config.print().find("password = \"********\""), std::string::npos);
  // What is no secret has no such variable.
  EXPECT_NE(problems({.environment = {{"UNHIDRA_GATEWAY_LISTEN_FILE", "x"}}}).find("unknown"),
            std::string::npos);
}

TEST_F(ConfigTest, a_secret_is_not_repeated_in_a_complaint) {
  const Setting<std::int64_t> pin{
      {.name = "storage.pin", .description = "A number.", .default_value = 0, .secret = true}};
  schema_.add(pin);
  const auto text = problems({.overrides = {"storage.pin=12x45"}});
  EXPECT_EQ(text.find("12x45"), std::string::npos);
  EXPECT_NE(text.find("storage.pin"), std::string::npos);
}

TEST_F(ConfigTest, what_is_printed_loads_again_to_the_same) {
  const auto config = load(
      {.overrides = {"gateway.listen=:80", "storage.password=a\"b\\\n\x01", "gateway.origins=x,y",
                     "runtime.threads=9", "gateway.tls.certificate=d.pem", "log.ratio=0.5"}});
  const auto again = load({.file = file("p.toml", config.print(Config::Secrets::shown))});
  const auto difference = config.difference(again);
  EXPECT_TRUE(difference.reloadable.empty());
  EXPECT_TRUE(difference.need_restart.empty());
  EXPECT_EQ(again.get(kPassword), "a\"b\\\n\x01");
}

TEST_F(ConfigTest, print_says_where_a_value_came_from) {
  const auto text = load({.environment = {{"UNHIDRA_RUNTIME_THREADS", "2"}}}).print();
  EXPECT_NE(text.find("[runtime]\n# Event loops.\n# Expects an integer from 0 to 256; a change "
                      "needs a restart. From UNHIDRA_RUNTIME_THREADS.\nthreads = 2\n"),
            std::string::npos)
      << text;
}

TEST_F(ConfigTest, a_reload_tells_what_needs_a_restart) {
  const auto before = load({});
  const auto after = load({.overrides = {"auth.access_token_lifetime=5m", "gateway.listen=:1"}});
  const auto difference = before.difference(after);
  EXPECT_EQ(difference.reloadable, StringList{"auth.access_token_lifetime"});
  EXPECT_EQ(difference.need_restart, StringList{"gateway.listen"});
}

TEST(Settings, durations_sizes_and_addresses_are_read_strictly) {
  EXPECT_EQ(parse_duration("1d2h3m4s5ms").value(), 24h + 2h + 3min + 4s + 5ms);
  for (const auto* bad :
       {"", "5", "m", "5 m", "-5m", "5x", "99999999999999999999s", "9223372036854775807d"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
  EXPECT_EQ(to_string(Duration(90'061'001)), "1d1h1m1s1ms");
  EXPECT_EQ(to_string(Duration(0)), "0s");
  EXPECT_EQ(parse_byte_size("3kB").value().bytes, 3000U);
  EXPECT_EQ(parse_byte_size("77").value().bytes, 77U);
  for (const auto* bad : {"", "MiB", "1mib", "1 MiB", "-1", "9999999999TiB"}) {
    EXPECT_FALSE(parse_byte_size(bad)) << bad;
  }
  EXPECT_EQ(to_string(mebibytes(1536)), "1536MiB");
  EXPECT_EQ(parse_host_port(":443").value().host, "");
  EXPECT_EQ(parse_host_port("[::1]:443").value().to_string(), "[::1]:443");
  EXPECT_EQ(parse_host_port("[::1]:443+7").value(), (HostPort{"::1", 443, 7}));
  EXPECT_EQ(parse_host_port("a:443+7").value().to_string(), "a:443+7");
  EXPECT_EQ(parse_host_port("a:65530+5").value().further_ports, 5);
  for (const auto* bad : {"", "9000", "a:", "a:65536", "::1:80", "a b:1", "a:-1", "a:8x", "a:1+",
                          "a:+1", "a:1+x", "a:1+1+1", "a:65530+6", "a:1+99999999999999999999"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

TEST(SchemaDeathTest, a_name_used_twice_or_a_default_out_of_range_is_a_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Setting<bool> one{{.name = "a.b_c", .description = "x"}};
  const Setting<bool> two{{.name = "a_b.c", .description = "the same variable"}};
  EXPECT_DEATH(Schema().add(one).add(two), "config.declared_twice");
  const Setting<std::int64_t> bad{
      {.name = "a.b", .description = "x", .default_value = 0, .minimum = 1}};
  EXPECT_DEATH(Schema().add(bad), "config.bad_default");
}

}  // namespace
}  // namespace unhidra::runtime
