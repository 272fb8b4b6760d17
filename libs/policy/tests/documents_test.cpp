#include "unhidra/policy/documents.h"

#include <fstream>

#include <gtest/gtest.h>

#include "unhidra/testkit/temp_dir.h"

namespace unhidra::policy {
namespace {

class DocumentsTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  Result<Documents> load(std::vector<std::string> names, std::vector<std::string> ignored = {}) {
    for (auto& name : names) {
      const auto colon = name.find(':');
      name = colon == std::string::npos
                 ? (folder_ / name).string()
                 : name.substr(0, colon + 1) + (folder_ / name.substr(colon + 1)).string();
    }
    return load_paths(names, ignored);
  }
  std::string error_of(const Result<Documents>& loaded) {
    return loaded ? "no error" : loaded.error().message();
  }

  testkit::TempDir folder_;
};

TEST_F(DocumentsTest, OfAFolderStandInDataUnderItsFolders) {
  write("p/a.rego", "package a");
  write("p/a/data.json", R"({"x": 1})");
  write("p/a/more.yaml", "y: [1, two]");
  write("p/.hidden/data.json", "{");
  write("p/notes.txt", "not read");
  const auto loaded = load({"p"});
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(rego::value_to_json(loaded->data), R"({"a":{"x":1,"y":[1,"two"]}})");
  ASSERT_EQ(loaded->modules.size(), 1U);
  EXPECT_TRUE(loaded->modules[0].file.ends_with("p/a.rego"));
}

TEST_F(DocumentsTest, MayBePutUnderAPathAndBeLeftOut) {
  write("d.json", R"({"x": 1})");
  write("p/b_test.rego", "package b");
  const auto loaded = load({"u.v:d.json", "p"}, {"*_test.rego"});
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(rego::value_to_json(loaded->data), R"({"u":{"v":{"x":1}}})");
  EXPECT_TRUE(loaded->modules.empty());
}

TEST_F(DocumentsTest, WithAFaultNameTheirFile) {
  write("bad.json", "{\"a\": }");
  write("list.json", "[1]");
  write("bad.yaml", "a: [");
  write("one.json", R"({"a": {"b": 1}})");
  write("two.json", R"({"a": {"b": 2}})");
  EXPECT_NE(error_of(load({"bad.json"})).find("bad.json"), std::string::npos);
  EXPECT_NE(error_of(load({"bad.yaml"})).find("bad.yaml"), std::string::npos);
  EXPECT_NE(error_of(load({"list.json"})).find("must be an object"), std::string::npos);
  EXPECT_NE(error_of(load({"nothing.json"})).find("no such file"), std::string::npos);
  write("notes.txt", "");
  EXPECT_NE(error_of(load({"notes.txt"})).find("not a .rego"), std::string::npos);
  const auto clash = load({"one.json", "two.json"});
  ASSERT_FALSE(clash);
  EXPECT_EQ(clash.error(), Errc::conflict);
  EXPECT_NE(clash.error().message().find("\"a\": \"b\""), std::string::npos)
      << clash.error().message();
}

}  // namespace
}  // namespace unhidra::policy
