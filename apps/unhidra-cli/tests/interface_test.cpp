// Command line, output and the line editor.

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "unhidra/testkit/temp_dir.h"

#include "app.h"
#include "errc.h"
#include "json_text.h"
#include "line_editor.h"

namespace unhidra::cli {
namespace {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

Ran run_cli(std::vector<const char*> arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), "unhidra-cli");
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Surroundings around;
  around.in = &in;
  around.out = &out;
  around.err = &err;
  around.variable = [](const char*) { return std::string(); };
  const int code = run(static_cast<int>(arguments.size()), arguments.data(), around);
  return {code, out.str(), err.str()};
}

TEST(CommandLine, TellsWrongUsageWithItsOwnExitCode) {
  for (const auto& arguments :
       std::vector<std::vector<const char*>>{{},
                                             {"frobnicate"},
                                             {"send"},
                                             {"register"},
                                             {"listen", "--count", "many"},
                                             {"completion", "tcsh"},
                                             {"devices", "approve"},
                                             {"device"},
                                             {"device", "show"},
                                             {"device", "rename", "lamp"},
                                             {"device", "twin", "lamp", "--if-version", "x"},
                                             {"--no-such-flag", "status"}}) {
    const auto ran = run_cli(arguments);
    EXPECT_EQ(ran.code, 2);
    EXPECT_FALSE(ran.err.empty());
    EXPECT_TRUE(ran.out.empty()) << ran.out;
  }
}

TEST(CommandLine, HelpAndCompletionNeedNoProfile) {
  EXPECT_EQ(run_cli({"--help"}).code, 0);
  EXPECT_NE(run_cli({"--help"}).out.find("Exit codes"), std::string::npos);
  EXPECT_NE(run_cli({"--version"}).out.find("unhidra-cli"), std::string::npos);
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto ran = run_cli({"completion", shell});
    EXPECT_EQ(ran.code, 0);
    for (const auto* what : {"' register'", "' device group rotate'", "' group history'",
                             "if-version", "trust-fingerprint"}) {
      EXPECT_NE(ran.out.find(what), std::string::npos) << shell << " " << what;
    }
  }
}

// What bash offers for the last word.
std::vector<std::string> offered_by_bash(const std::vector<std::string>& words) {
  const testkit::TempDir dir;
  const auto script = (dir.path() / "completion.bash").string();
  std::ofstream(script) << run_cli({"completion", "bash"}).out;
  std::string command = "bash -c 'source " + script + "; COMP_WORDS=(unhidra-cli";
  for (const auto& word : words) {
    command += " \"" + word + "\"";
  }
  command += "); COMP_CWORD=" + std::to_string(words.size()) +
             "; _unhidra_cli; printf \"%s\\n\" \"${COMPREPLY[@]}\"'";
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  std::string said;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    said.append(buffer.data(), got);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  std::vector<std::string> out;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    out.push_back(line);
  }
  return out;
}

TEST(CommandLine, BashCompletesWhatItHas) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(offered_by_bash({"gro"}), Words{"group"});
  EXPECT_EQ(offered_by_bash({"group", "h"}), Words{"history"});
  EXPECT_EQ(offered_by_bash({"--server", "group", "devices", "history", "re"}), Words{"receive"})
      << "an option's value is passed over where a command stands behind it";
  EXPECT_EQ(offered_by_bash({"completion", "f"}), Words{"fish"});
  EXPECT_EQ(offered_by_bash({"listen", "--cou"}), Words{"--count"});
  EXPECT_EQ(offered_by_bash({"listen", "--trust"}), Words{"--trust-fingerprint"});
  EXPECT_EQ(offered_by_bash({"listen", "--count", ""}), Words{""}) << "a number is not guessed";
  EXPECT_EQ(offered_by_bash({"--ca", "/etc/host"}).front().substr(0, 9), "/etc/host");
}

TEST(CommandLine, TheTwoDeviceCommandsAreTold) {
  const char* approve[] = {"unhidra-cli", "devices", "approve", "0199", "--yes"};
  const auto one = parse_command_line(5, approve);
  ASSERT_TRUE(one.options);
  EXPECT_EQ(one.options->command, Command::devices_approve);
  EXPECT_EQ(one.options->device, "0199");
  EXPECT_TRUE(one.options->yes);
  const char* list[] = {"unhidra-cli", "--json", "devices"};
  const auto two = parse_command_line(3, list);
  ASSERT_TRUE(two.options);
  EXPECT_EQ(two.options->command, Command::devices_list);
  EXPECT_TRUE(two.options->json);
  const char* after[] = {"unhidra-cli", "listen", "--count", "2", "--profile", "p"};
  const auto three = parse_command_line(6, after);
  ASSERT_TRUE(three.options);
  EXPECT_EQ(three.options->profile, "p");
  EXPECT_EQ(three.options->count, 2U);
}

TEST(CommandLine, TheCommandsForIotDevicesAreTold) {
  const char* add[] = {"unhidra-cli", "device",  "add",     "lamp",    "--type",  "light",
                       "--group",     "kitchen", "--group", "floor-1", "--label", "a=b"};
  const auto one = parse_command_line(12, add);
  ASSERT_TRUE(one.options) << one.text;
  EXPECT_EQ(one.options->command, Command::iot);
  EXPECT_EQ(one.options->iot.action, IotAction::add);
  EXPECT_EQ(one.options->iot.name, "lamp");
  EXPECT_EQ(one.options->iot.groups, (std::vector<std::string>{"kitchen", "floor-1"}));
  EXPECT_EQ(one.options->iot.labels, (std::vector<std::string>{"a=b"}));
  const char* label[] = {"unhidra-cli", "device", "label", "lamp", "a=b", "c=d", "--remove", "e"};
  const auto two = parse_command_line(8, label);
  ASSERT_TRUE(two.options) << two.text;
  EXPECT_EQ(two.options->iot.action, IotAction::label);
  EXPECT_EQ(two.options->iot.labels, (std::vector<std::string>{"a=b", "c=d"}));
  EXPECT_EQ(two.options->iot.removed, (std::vector<std::string>{"e"}));
}

TEST(CommandLine, AnEmptyProfileSaysWhatToDo) {
  const testkit::TempDir folder;
  const std::string profile = folder / "p";
  const auto ran = run_cli({"--profile", profile.c_str(), "status"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("register"), std::string::npos);
  const auto in_json = run_cli({"--profile", profile.c_str(), "--json", "history", "bob"});
  const auto object = boost::json::parse(in_json.out).as_object();
  EXPECT_EQ(object.at("type").as_string(), "error");
  EXPECT_EQ(object.at("code").as_string(), "cli.not_logged_in");
  EXPECT_EQ(object.at("exit_code").as_int64(), 3);
}

TEST(CommandLine, ServerAndTrustAreChecked) {
  const testkit::TempDir folder;
  const std::string profile = folder / "p";
  EXPECT_EQ(run_cli({"--profile", profile.c_str(), "register", "-u", "ann"}).code, 2);
  EXPECT_EQ(run_cli({"--profile", profile.c_str(), "--server", "http://x", "status"}).code, 2);
  EXPECT_EQ(run_cli({"--profile", profile.c_str(), "--trust-fingerprint", "abc", "status"}).code,
            2);
  EXPECT_EQ(run_cli({"--profile", profile.c_str(), "--ca", "/no/such/file", "status"}).code, 2);
  // No passphrase and no terminal: told before anything is asked of the server.
  const auto ran = run_cli({"--profile", profile.c_str(), "--server", "https://127.0.0.1:1",
                            "register", "-u", "ann", "--password-file", "-"},
                           "secret\n");
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("UNHIDRA_PASSPHRASE"), std::string::npos);
}

TEST(Endpoints, AreTakenApart) {
  const auto plain = parse_endpoint("https://chat.example.org:9300");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "chat.example.org");
  EXPECT_EQ(plain->port, 9300);
  EXPECT_EQ(parse_endpoint("https://h")->port, 9200);
  EXPECT_EQ(parse_endpoint("wss://h/v1/ws")->port, 9000);
  EXPECT_EQ(parse_endpoint("wss://[::1]:9000/v1/ws")->host, "::1");
  EXPECT_EQ(parse_endpoint("wss://[::1]:9000/v1/ws")->target, "/v1/ws");
  for (const auto* bad : {"", "h:1", "http://h", "ftp://h", "https://", "https://h:0",
                          "https://h:65536", "https://h:x", "https://a@h"}) {
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
  }
}

TEST(ExitCodes, FollowTheDocumentation) {
  const auto code = [](auto errc) { return static_cast<int>(exit_code_of(Error(errc, ""))); };
  EXPECT_EQ(code(Errc::usage), 2);
  EXPECT_EQ(code(Errc::session_ended), 3);
  EXPECT_EQ(code(Errc::refused), 3);
  EXPECT_EQ(code(Errc::unreachable), 4);
  EXPECT_EQ(code(Errc::timed_out), 4);
  EXPECT_EQ(code(Errc::untrusted_server), 5);
  EXPECT_EQ(code(Errc::identity_changed), 5);
  EXPECT_EQ(code(Errc::not_found), 6);
  EXPECT_EQ(code(Errc::failed), 1);
}

TEST(JsonText, WritesNumbersAsPeopleDo) {
  const auto shown = [](const char* text) { return readable(boost::json::parse(text)); };
  EXPECT_EQ(shown(R"({"temperature":1.98E1,"mode":"he\"at","on":true,"lost":0,"never":null})"),
            R"({"temperature":19.8,"mode":"he\"at","on":true,"lost":0,"never":null})");
  EXPECT_EQ(shown("[1e300,-0.5,[],{},[{}],100000.0]"), "[1e+300,-0.5,[],{},[{}],100000]");
}

TEST(LineEditor, TakesLinesAndEdits) {
  LineEditor editor("> ");
  auto typed = editor.feed("hello wrold");
  EXPECT_TRUE(typed.lines.empty());
  editor.feed("\x17world\r");
  EXPECT_EQ(editor.text(), "");
  EXPECT_EQ(editor.feed("gr\xc3\xbc\xc3\x9f").lines.size(), 0U);
  editor.feed("\x7f\x7f");
  EXPECT_EQ(editor.text(), "gr");
  editor.feed("\x1b[A\x1b[1;5C\x1bOP");
  EXPECT_EQ(editor.text(), "gr") << "arrow keys are no text";
  editor.feed("\xc3");
  editor.feed("\xbc");
  EXPECT_EQ(editor.text(), "gr\xc3\xbc") << "a character may come in two reads";
  EXPECT_FALSE(editor.feed("\x04").end) << "Ctrl-D ends an empty line only";
  editor.feed("\x15");
  EXPECT_TRUE(editor.feed("\x04").end);
  EXPECT_TRUE(editor.feed("x\x03").end);
}

TEST(LineEditor, StaysOnOneRow) {
  LineEditor editor("> ");
  editor.feed(std::string(500, 'x') + "end");
  const auto drawn = editor.redraw(40);
  EXPECT_EQ(drawn.find('\n'), std::string::npos);
  EXPECT_LE(drawn.size(), LineEditor::erase().size() + 39);
  EXPECT_TRUE(drawn.ends_with("end"));
  EXPECT_LE(editor.redraw(5).size(), LineEditor::erase().size() + 4);
}

}  // namespace
}  // namespace unhidra::cli
