// The real program against a server in this process: every command, in both forms of output.

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unhidra/testkit/temp_dir.h"

#include "app.h"
#include "fake_house.h"

namespace unhidra::cli::testing {
namespace {

namespace json = boost::json;

struct Ran {
  int code = 0;
  std::string out;
  std::string err;

  std::vector<json::object> objects() const {
    std::vector<json::object> all;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      all.push_back(json::parse(line).as_object());
    }
    return all;
  }
  json::object last() const {
    const auto all = objects();
    return all.empty() ? json::object() : all.back();
  }
};

class CommandsTest : public ::testing::Test {
 protected:
  FakeHouse house;
  testkit::TempDir folder;
  std::string passphrase = "a passphrase";
  std::string passphrase_memory = "1MiB";

  void SetUp() override {
    std::ofstream(folder / "ca.pem") << house.authority_pem();
    std::ofstream(folder / "password") << "correct horse\n";
  }
  Ran run_as(const std::string& profile, const std::vector<std::string>& arguments,
             const std::string& input = {}) {
    std::vector<std::string> all{"unhidra-cli", "--profile", folder / profile, "--server",
                                 house.url(),   "--ca",      folder / "ca.pem"};
    return run_plain(all, arguments, input);
  }
  Ran run_plain(std::vector<std::string> all, const std::vector<std::string>& arguments,
                const std::string& input = {}) {
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<const char*> argv;
    for (const auto& one : all) {
      argv.push_back(one.c_str());
    }
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Surroundings around;
    around.in = &in;
    around.out = &out;
    around.err = &err;
    around.variable = [this](const char* name) {
      return name == std::string_view("UNHIDRA_PASSPHRASE")          ? passphrase
             : name == std::string_view("UNHIDRA_PASSPHRASE_MEMORY") ? passphrase_memory
             : name == std::string_view("HOME")                      ? folder.path().string()
                                                                     : std::string();
    };
    const int code = run(static_cast<int>(argv.size()), argv.data(), around);
    return {code, out.str(), err.str()};
  }
  void sign_up(const std::string& profile, const std::string& name) {
    const auto ran =
        run_as(profile, {"register", "-u", name, "--password-file", folder / "password"});
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  void log_in(const std::string& profile, const std::string& name) {
    const auto ran = run_as(profile, {"login", "-u", name, "--password-file", folder / "password",
                                      "--device-name", profile});
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
};

TEST_F(CommandsTest, TwoPeopleTalkAndReadTheirHistory) {
  sign_up("ann", "ann");
  sign_up("bob", "bob");
  EXPECT_EQ(run_as("ann", {"send", "bob", "Hello Bob"}).code, 0);
  const auto sent = run_as("ann", {"--json", "send", "bob"}, "from standard input\n").last();
  EXPECT_EQ(sent.at("type").as_string(), "message");
  EXPECT_EQ(sent.at("state").as_string(), "sent");
  EXPECT_EQ(sent.at("text").as_string(), "from standard input");
  const auto heard = run_as("bob", {"--json", "listen", "--count", "2", "--timeout", "20"});
  ASSERT_EQ(heard.code, 0) << heard.err;
  ASSERT_EQ(heard.objects().size(), 2U) << heard.out;
  EXPECT_EQ(heard.objects()[0].at("text").as_string(), "Hello Bob");
  EXPECT_EQ(heard.objects()[0].at("from").as_string(), "ann");
  EXPECT_EQ(heard.objects()[0].at("direction").as_string(), "in");
  EXPECT_EQ(run_as("bob", {"send", "ann", "Hello Ann"}).code, 0);
  const auto again = run_as("bob", {"--json", "listen", "--count", "1", "--timeout", "1"});
  EXPECT_EQ(again.code, 4) << "nothing is shown twice";
  const auto history = run_as("bob", {"--json", "history", "ann"});
  ASSERT_EQ(history.objects().size(), 3U) << history.out;
  EXPECT_EQ(history.objects()[2].at("direction").as_string(), "out");
  const auto plain = run_as("ann", {"history", "bob"});
  EXPECT_NE(plain.out.find("me: Hello Bob"), std::string::npos) << plain.out;
  EXPECT_NE(plain.out.find("-- "), std::string::npos) << "a line for the day";
}

TEST_F(CommandsTest, AGroupIsMadeTalkedInAndChanged) {
  for (const auto* name : {"ann", "bob", "cleo", "dora"}) {
    sign_up(name, name);
  }
  const auto made = run_as("ann", {"--json", "group", "create", "the team", "bob", "cleo"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.last().at("type").as_string(), "group");
  EXPECT_EQ(made.last().at("members").as_array().size(), 3U);
  EXPECT_EQ(run_as("ann", {"send", "#the team", "hello all"}).code, 0);
  for (const auto* profile : {"bob", "cleo"}) {
    const auto heard = run_as(profile, {"--json", "listen", "--count", "1", "--timeout", "20"});
    ASSERT_EQ(heard.code, 0) << heard.err;
    EXPECT_EQ(heard.last().at("text").as_string(), "hello all");
    EXPECT_EQ(heard.last().at("group").as_string(), "the team");
    EXPECT_EQ(heard.last().at("from").as_string(), "ann");
    EXPECT_EQ(heard.last().at("direction").as_string(), "in");
  }
  const auto added = run_as("bob", {"--json", "group", "add", "the team", "dora"});
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(added.last().at("members").as_array().size(), 4U);
  EXPECT_EQ(run_as("bob", {"group", "rename", "the team", "the crew"}).code, 0);
  EXPECT_EQ(run_as("bob", {"send", "#the crew", "welcome"}).code, 0);
  const auto heard = run_as("dora", {"listen", "--count", "1", "--timeout", "20"});
  EXPECT_NE(heard.out.find("bob in the crew: welcome"), std::string::npos) << heard.out;
  const auto removed = run_as("ann", {"--json", "group", "remove", "the crew", "cleo"});
  EXPECT_EQ(run_as("ann", {"group", "remove", "the team", "cleo"}).code, 6)
      << "it is called something else now";
  ASSERT_EQ(removed.code, 0) << removed.err;
  EXPECT_EQ(removed.last().at("members").as_array().size(), 3U);
  const auto told = run_as("cleo", {"--json", "listen", "--timeout", "3"});
  EXPECT_NE(told.out.find("group_left"), std::string::npos) << told.out;
  EXPECT_EQ(run_as("cleo", {"send", "#the crew", "hello?"}).code, 1);
  EXPECT_EQ(run_as("dora", {"group", "leave", "the crew"}).code, 0);
  EXPECT_EQ(run_as("ann", {"listen", "--timeout", "3"}).code, 0);
  const auto members = run_as("ann", {"group", "members", "the crew"});
  EXPECT_EQ(members.out.find("dora"), std::string::npos) << members.out;
  EXPECT_NE(members.out.find("bob, 1 device"), std::string::npos) << members.out;
  EXPECT_EQ(run_as("ann", {"group", "add", "no such group", "bob"}).code, 6);
  std::map<std::string, int> lines;
  for (const auto& line : run_as("ann", {"--json", "history", "#the crew"}).objects()) {
    const auto* kind = line.if_contains("kind");
    ++lines[std::string((kind != nullptr ? *kind : line.at("type")).as_string())];
  }
  EXPECT_EQ(lines, (std::map<std::string, int>{
                       {"message", 2}, {"added", 2}, {"renamed", 1}, {"removed", 1}, {"left", 1}}));
}

TEST_F(CommandsTest, ANewDeviceIsApprovedAndGetsWhatFollows) {
  sign_up("laptop", "ann");
  sign_up("bob", "bob");
  log_in("phone", "ann");
  EXPECT_EQ(run_as("phone", {"--json", "status"}).last().at("membership").as_string(), "pending");
  const auto devices = run_as("laptop", {"--json", "devices"});
  std::string pending;
  for (const auto& device : devices.objects()) {
    if (device.at("type").as_string() == "device" && device.at("state").as_string() == "pending") {
      pending = device.at("device_id").as_string();
      EXPECT_EQ(device.at("name").as_string(), "phone");
    }
  }
  ASSERT_FALSE(pending.empty()) << devices.out;
  const auto approved = run_as("laptop", {"--json", "devices", "approve", pending});
  ASSERT_EQ(approved.code, 0) << approved.err;
  EXPECT_EQ(approved.last().at("type").as_string(), "device_approved");
  EXPECT_EQ(run_as("bob", {"send", "ann", "to both"}).code, 0);
  for (const auto* profile : {"laptop", "phone"}) {
    const auto heard = run_as(profile, {"listen", "--count", "1", "--timeout", "20"});
    EXPECT_NE(heard.out.find("bob: to both"), std::string::npos) << heard.err;
  }
  EXPECT_TRUE(run_as("phone", {"--json", "status"}).last().at("may_approve").as_bool());
  EXPECT_EQ(run_as("phone", {"send", "bob", "from the phone"}).code, 0);
  EXPECT_NE(
      run_as("laptop", {"listen", "--count", "1", "--timeout", "20"}).out.find("from the phone"),
      std::string::npos);
  EXPECT_EQ(run_as("laptop", {"devices", "revoke", pending, "--yes"}).code, 0);
  EXPECT_EQ(run_as("laptop", {"devices", "approve", "0000"}).code, 6);
}

TEST_F(CommandsTest, BothSeeTheSameSafetyNumber) {
  sign_up("ann", "ann");
  sign_up("bob", "bob");
  const auto one = run_as("ann", {"--json", "verify", "bob"});
  const auto two = run_as("bob", {"--json", "verify", "ann"});
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.last().at("safety_number"), two.last().at("safety_number"));
  EXPECT_EQ(one.last().at("trust").as_string(), "first_use");
  const auto marked = run_as("ann", {"--json", "verify", "bob", "--mark-verified"});
  EXPECT_EQ(marked.last().at("trust").as_string(), "verified");
  EXPECT_EQ(run_as("ann", {"verify", "nobody"}).code, 6);
}

TEST_F(CommandsTest, AChangedIdentityStopsSendingWithItsOwnExitCode) {
  sign_up("ann", "ann");
  sign_up("bob", "bob");
  ASSERT_EQ(run_as("ann", {"send", "bob", "one"}).code, 0);
  house.with_chat([](auto& chat) {
    for (auto& [id, device] : chat.all_devices()) {
      if (chat.user(device.user).name == "bob") {
        chat.user(device.user).list.clear();
        chat.user(device.user).members.clear();
      }
    }
  });
  log_in("bob2", "bob");
  const auto refused = run_as("ann", {"--json", "verify", "bob"});
  EXPECT_EQ(refused.objects().front().at("type").as_string(), "identity_changed");
  EXPECT_EQ(run_as("ann", {"send", "bob", "two"}).code, 5);
  EXPECT_EQ(run_as("ann", {"verify", "bob", "--accept"}).code, 0);
  EXPECT_EQ(run_as("ann", {"send", "bob", "three"}).code, 0);
  EXPECT_NE(run_as("bob2", {"listen", "--count", "1", "--timeout", "20"}).out.find("three"),
            std::string::npos);
}

TEST_F(CommandsTest, ExportHoldsEverythingAndTheProfileNothingReadable) {
  sign_up("ann", "ann");
  sign_up("bob", "bob");
  ASSERT_EQ(run_as("ann", {"send", "bob", "the vault code is 4711"}).code, 0);
  const std::string file = folder / "all.json";
  EXPECT_EQ(run_as("ann", {"export", "--output", file}).code, 0);
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto document = json::parse(run_as("ann", {"export"}).out).as_object();
  EXPECT_EQ(document.at("version").as_int64(), 1);
  const auto& conversation = document.at("conversations").as_array().at(0).as_object();
  EXPECT_EQ(conversation.at("peer").as_string(), "bob");
  EXPECT_EQ(conversation.at("messages").as_array().at(0).as_object().at("text").as_string(),
            "the vault code is 4711");
  for (const auto& entry : std::filesystem::directory_iterator(folder / "ann")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    EXPECT_EQ(bytes.find("vault code"), std::string::npos) << entry.path();
  }
}

TEST_F(CommandsTest, AnUnknownServerIsNotTrustedUntilItIsPinned) {
  const std::string profile = folder / "ann";
  const std::vector<std::string> bare{"unhidra-cli", "--profile", profile, "--server", house.url()};
  const std::vector<std::string> sign_up_arguments{"register", "-u", "ann", "--password-file",
                                                   folder / "password"};
  const auto refused = run_plain(bare, sign_up_arguments);
  EXPECT_EQ(refused.code, 5);
  EXPECT_NE(refused.err.find(house.fingerprint()), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--trust-fingerprint"), std::string::npos);
  auto pinned = bare;
  pinned.insert(pinned.end(), {"--trust-fingerprint", house.fingerprint()});
  EXPECT_EQ(run_plain(pinned, sign_up_arguments).code, 0);
  EXPECT_EQ(run_plain({"unhidra-cli", "--profile", profile}, {"devices"}).code, 0)
      << "the profile remembers the pin";
  auto other = bare;
  other.insert(other.end(), {"--trust-fingerprint", std::string(64, 'a')});
  EXPECT_EQ(run_plain(other, {"devices"}).code, 5);
}

TEST_F(CommandsTest, WrongPasswordsAndPassphrasesAndNamesAreTold) {
  sign_up("ann", "ann");
  std::ofstream(folder / "wrong") << "not it\n";
  EXPECT_EQ(run_as("x", {"login", "-u", "ann", "--password-file", folder / "wrong"}).code, 3);
  const auto taken =
      run_as("y", {"--json", "register", "-u", "ann", "--password-file", folder / "password"});
  EXPECT_EQ(taken.code, 1);
  EXPECT_NE(taken.last().at("message").as_string().find("taken"), std::string::npos);
  EXPECT_EQ(run_as("ann", {"login", "-u", "bob", "--password-file", folder / "password"}).code, 1)
      << "the profile is another account's";
  EXPECT_EQ(run_as("ann", {"send", "nobody", "hello"}).code, 6);
  EXPECT_EQ(run_as("ann", {"history", "nobody"}).code, 6);
  passphrase = "another one";
  const auto closed = run_as("ann", {"--json", "status"});
  EXPECT_EQ(closed.code, 3);
  EXPECT_EQ(closed.last().at("code").as_string(), "cli.wrong_passphrase");
}

TEST_F(CommandsTest, ShortLivedTokensAreRefreshedAndAnEndedSessionIsTold) {
  house.set_token_lifetime(std::chrono::seconds(30));
  sign_up("ann", "ann");
  sign_up("bob", "bob");
  EXPECT_EQ(run_as("ann", {"send", "bob", "hello"}).code, 0);
  EXPECT_GE(house.refreshes(), 1U);
  house.revoke_refresh_tokens();
  const auto ended = run_as("ann", {"--json", "send", "bob", "hello again"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.last().at("code").as_string(), "cli.session_ended");
}

TEST_F(CommandsTest, WithoutAServerMessagesWaitInTheStore) {
  sign_up("ann", "ann");
  sign_up("bob", "bob");
  ASSERT_EQ(run_as("ann", {"send", "bob", "one"}).code, 0);
  const auto offline =
      run_plain({"unhidra-cli", "--profile", folder / "ann", "--gateway", "wss://127.0.0.1:1"},
                {"--json", "send", "bob", "two"});
  EXPECT_EQ(offline.code, 4) << offline.err;
  EXPECT_EQ(run_as("ann", {"--json", "status"}).last().at("waiting_messages").as_int64(), 1);
  EXPECT_EQ(run_as("ann", {"send", "bob", "three"}).code, 0);
  const auto heard = run_as("bob", {"--json", "listen", "--count", "3", "--timeout", "20"});
  ASSERT_EQ(heard.objects().size(), 3U) << heard.out;
  EXPECT_EQ(heard.objects()[1].at("text").as_string(), "two");
}

// The KiB of memory that the vault of a profile asks for: they follow its magic and its kind.
std::uint32_t memory_of(const std::string& vault) {
  std::ifstream file(vault, std::ios::binary);
  const std::string all(std::istreambuf_iterator<char>(file), {});
  const auto fields = as_bytes(all).subspan(std::string_view("unhidra vault 1\n").size() + 1);
  return ByteReader(fields).u32();
}

TEST_F(CommandsTest, ANewProfileSaysWhatATryOfItsPassphraseCosts) {
  const auto in = [this](const std::string& profile, std::vector<std::string> more) {
    more.insert(more.begin(), {"register", "-u", profile, "--password-file", folder / "password"});
    return run_as(profile, more);
  };
  for (const auto* bad : {"512KiB", "257MiB", "-1", "much", "0"}) {
    const auto refused = in("ann", {"--passphrase-memory", bad});
    EXPECT_EQ(refused.code, 2) << bad;
    EXPECT_NE(refused.err.find("1MiB to 256MiB"), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "ann/vault"));
  }
  ASSERT_EQ(in("ann", {}).code, 0);
  EXPECT_EQ(memory_of(folder / "ann/vault"), 1024U) << "as the variable says";
  ASSERT_EQ(in("bob", {"--passphrase-memory", "2MiB"}).code, 0);
  EXPECT_EQ(memory_of(folder / "bob/vault"), 2048U) << "the option says more than the variable";
  passphrase_memory.clear();
  ASSERT_EQ(in("carla", {}).code, 0);
  EXPECT_EQ(memory_of(folder / "carla/vault"), 48U * 1024U);
  passphrase_memory = "4MiB";
  EXPECT_EQ(run_as("carla", {"status"}).code, 0) << "a profile opens at the cost it was made with";
}

TEST_F(CommandsTest, LoggingOutDeletesKeysAndHistory) {
  sign_up("ann", "ann");
  EXPECT_EQ(run_as("ann", {"logout"}).code, 2) << "not without --yes";
  EXPECT_EQ(run_as("ann", {"logout", "--yes"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "ann/store.db"));
  EXPECT_FALSE(std::filesystem::exists(folder / "ann/vault"));
  EXPECT_EQ(run_as("ann", {"status"}).code, 3);
  log_in("ann", "ann");
}

}  // namespace
}  // namespace unhidra::cli::testing
