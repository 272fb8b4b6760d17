#pragma once
// `unhidra policy` as a person uses it: the real binary on files of a folder.

#include <fstream>

#include <gtest/gtest.h>

#include "unhidra/rego/engine.h"
#include "unhidra/testkit/process.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::server {

using testkit::Process;

inline constexpr auto kExample = R"(package example

default allow := false

allow if {
	input.user in data.admins
	input.path[0] == "api"
}

names contains n if some n in data.admins
)";

class PolicyLine : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Process::Finished run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {UNHIDRA_BINARY, "policy"});
    auto finished = Process::run({.arguments = std::move(arguments),
                                  .working_directory = folder_.path().string(),
                                  .separate_stderr = true});
    EXPECT_TRUE(finished);
    return finished ? *finished : Process::Finished{.status = -1};
  }
  void write_example() {
    write("p/example.rego", kExample);
    write("p/data.yaml", "admins: [ann, bob]\n");
    write("input.json", R"({"user": "ann", "path": ["api", "x"]})");
  }
  static std::string json(const std::string& text) {
    const auto value = rego::value_from_json(text);
    return value ? rego::value_to_json(*value) : "no JSON: " + text;
  }

  testkit::TempDir folder_;
};

}  // namespace unhidra::server
