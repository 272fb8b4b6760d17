#include "unhidra/policy/bundle.h"

#include <fstream>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/signing_key.h"
#include "unhidra/testkit/process.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::policy {
namespace {

BundleFiles example() {
  const auto file = [](std::string_view text) { return to_bytes(text); };
  return {{".manifest", file(R"({"revision": "r7", "roots": ["a", "lists/b"]})")},
          {"a/policy.rego", file("package a\nallow := true\n")},
          {"a/data.json", file(R"({"x": 1})")},
          {"lists/b/data.yaml", file("- 1\n- 2\n")}};
}

std::string jws(const pki::SigningKey& key, std::string_view payload, std::string_view kid = "") {
  const std::string header = R"({"alg":")" + std::string(to_string(key.algorithm())) + "\"" +
                             (kid.empty() ? "" : R"(,"kid":")" + std::string(kid) + "\"") + "}";
  const std::string body = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(payload));
  return body + "." + to_base64url(*key.sign(as_bytes(body)));
}

std::string listed(const BundleFiles& files) {
  std::string out;
  for (const auto& [name, content] : files) {
    out += (out.empty() ? "" : ",") + std::string(R"({"name":")") + name + R"(","hash":")" +
           to_hex(*bundle_file_hash(name, content, "SHA-256")) + R"(","algorithm":"SHA-256"})";
  }
  return R"({"files":[)" + out + R"(],"scope":"read"})";
}

void sign(BundleFiles& files, const std::string& token) {
  files[".signatures.json"] = to_bytes(R"({"signatures":[")" + token + "\"]}");
}

std::string error_of(const Result<Documents>& read) {
  return read ? "none" : std::string(read.error().code().name) + ": " + read.error().message();
}

TEST(Bundle, GivesPoliciesDataAndRevision) {
  const auto read = read_bundle(example(), {});
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->revision, "r7");
  EXPECT_EQ(rego::value_to_json(read->data), R"({"a":{"x":1},"lists":{"b":[1,2]}})");
  ASSERT_EQ(read->modules.size(), 1U);
}

TEST(Bundle, OutsideItsRootsIsRefused) {
  auto files = example();
  files["other/data.json"] = to_bytes("{\"y\": 1}");
  EXPECT_NE(error_of(read_bundle(files, {})).find("outside the roots"), std::string::npos);
  files = example();
  files["a/more.rego"] = to_bytes("package c\np { true }\n");
  EXPECT_NE(error_of(read_bundle(files, {})).find("a/more.rego"), std::string::npos);
  files = example();
  files[".manifest"] = to_bytes("[]");
  EXPECT_NE(error_of(read_bundle(files, {})).find(".manifest"), std::string::npos);
}

// The bundle's files with the version each is compiled in: "a.rego 0", or "a.rego -" for none.
std::string versions_of(const BundleFiles& files) {
  const auto read = read_bundle(files, {});
  if (!read) {
    return error_of(read);
  }
  std::string out;
  for (const auto& module : read->modules) {
    const auto* version = !module.syntax ? "-" : *module.syntax == rego::Syntax::v0 ? "0" : "1";
    out += (out.empty() ? "" : ", ") + module.file + " " + version;
  }
  return out;
}

TEST(Bundle, FilesAreOfTheVersionThatTheManifestSays) {
  const auto with = [](std::string_view manifest) {
    return versions_of({{".manifest", to_bytes(manifest)},
                        {"a/old.rego", to_bytes("package a\np { true }\n")},
                        {"a/new.rego", to_bytes("package a\nq if true\n")}});
  };
  EXPECT_EQ(with("{}"), "a/new.rego -, a/old.rego -");
  EXPECT_EQ(with(R"({"rego_version": null, "file_rego_versions": null})"),
            "a/new.rego -, a/old.rego -");
  EXPECT_EQ(with(R"({"rego_version": 0})"), "a/new.rego 0, a/old.rego 0");
  EXPECT_EQ(with(R"({"rego_version": 1})"), "a/new.rego 1, a/old.rego 1");
  // A file's own version precedes the bundle's.
  EXPECT_EQ(with(R"({"rego_version": 0, "file_rego_versions": {"/a/new.rego": 1}})"),
            "a/new.rego 1, a/old.rego 0");
  EXPECT_EQ(with(R"({"file_rego_versions": {"*/old.rego": 0}})"), "a/new.rego -, a/old.rego 0");
  EXPECT_EQ(with(R"({"rego_version": 1, "file_rego_versions": {"*.rego": 0}})"),
            "a/new.rego 0, a/old.rego 0");
  // Of two patterns the first in the order of their texts.
  EXPECT_EQ(with(R"({"file_rego_versions": {"/a/{old,new}.rego": 1, "/a/*": 0}})"),
            "a/new.rego 0, a/old.rego 0");
  EXPECT_EQ(with(R"({"file_rego_versions": {"/b/*": 0}})"), "a/new.rego -, a/old.rego -");
}

TEST(Bundle, AVersionThatIsNoneIsRefused) {
  for (const auto* manifest :
       {R"({"rego_version": 2})", R"({"rego_version": "0"})", R"({"rego_version": 0.5})",
        R"({"file_rego_versions": {"/a.rego": -1}})", R"({"file_rego_versions": [0]})",
        R"({"file_rego_versions": {"/[a": 0}})"}) {
    auto files = example();
    files[".manifest"] = to_bytes(manifest);
    EXPECT_NE(error_of(read_bundle(files, {})).find(".manifest: "), std::string::npos) << manifest;
  }
}

// Old and new files are compiled together, whatever the compiler is told of files that say nothing.
TEST(Bundle, OfBothVersionsIsCompiledAndDecides) {
  const BundleFiles files{
      {".manifest", to_bytes(R"({"rego_version": 0, "file_rego_versions": {"/new/*": 1}})")},
      {"old/p.rego", to_bytes("package old\np[x] { x := input.xs[_] }\n")},
      {"new/p.rego", to_bytes("package new\nallow if 1 in data.old.p\n")}};
  const auto read = read_bundle(files, {});
  ASSERT_TRUE(read) << read.error().message();
  for (const auto told : {rego::Syntax::v0, rego::Syntax::v1}) {
    const auto compiled = rego::PolicySet::compile(read->modules, told);
    ASSERT_TRUE(compiled) << compiled.error().message();
    rego::Evaluation evaluation;
    evaluation.input = rego::value_from_json(R"({"xs": [3, 1]})").value();
    const auto query = compiled->prepare("data.new.allow = answer").value();
    EXPECT_EQ(query.evaluate(evaluation).value().size(), 1U);
  }
  // Without what the manifest says they are not.
  auto plain = read->modules;
  for (auto& module : plain) {
    module.syntax.reset();
  }
  EXPECT_FALSE(rego::PolicySet::compile(plain));
  EXPECT_FALSE(rego::PolicySet::compile(plain, rego::Syntax::v0));
  // And another version of a file is another policy.
  auto other = *read;
  other.modules = plain;
  EXPECT_NE(revision_of(*read), revision_of(other));
}

TEST(Bundle, SignatureIsVerified) {
  const auto key = pki::SigningKey::generate(pki::SignatureAlgorithm::es256, "k1");
  const auto other = pki::SigningKey::generate(pki::SignatureAlgorithm::es256, "k1");
  ASSERT_TRUE(key && other);
  const BundleTrust trust{.keys = {key->public_key()}, .scope = "read"};
  auto files = example();
  EXPECT_NE(error_of(read_bundle(files, trust)).find("there is none"), std::string::npos);
  const std::string payload = listed(files);
  for (const auto* kid : {"", "k1"}) {
    sign(files, jws(*key, payload, kid));
    EXPECT_EQ(error_of(read_bundle(files, trust)), "none");
  }
  sign(files, jws(*key, payload, "k2"));
  EXPECT_NE(error_of(read_bundle(files, trust)).find("no trusted key"), std::string::npos);
  sign(files, jws(*other, payload));
  EXPECT_NE(error_of(read_bundle(files, trust)).find("does not verify"), std::string::npos);
  sign(files, jws(*key, payload));
  EXPECT_NE(error_of(read_bundle(files, {.keys = trust.keys, .scope = "write"})).find("scope"),
            std::string::npos);
}

TEST(Bundle, OfOtherFilesThanWereSignedIsRefused) {
  const auto key = pki::SigningKey::generate(pki::SignatureAlgorithm::eddsa);
  ASSERT_TRUE(key);
  const BundleTrust trust{.keys = {key->public_key()}, .scope = {}};
  const auto signed_files = [&] {
    auto files = example();
    sign(files, jws(*key, listed(files)));
    return files;
  };
  auto files = signed_files();
  files["a/data.json"] = to_bytes(R"({ "x" : 1 })");  // another layout is the same data
  EXPECT_EQ(error_of(read_bundle(files, trust)), "none");
  files["a/data.json"] = to_bytes(R"({"x": 2})");
  EXPECT_NE(error_of(read_bundle(files, trust)).find("a/data.json is another"), std::string::npos);
  files = signed_files();
  files["a/new.rego"] = to_bytes("package a\n");
  EXPECT_NE(error_of(read_bundle(files, trust)).find("is not listed"), std::string::npos);
  files = signed_files();
  files.erase("a/policy.rego");
  EXPECT_NE(error_of(read_bundle(files, trust)).find("is missing"), std::string::npos);
  files = signed_files();
  files[".signatures.json"] = to_bytes(R"({"signatures":["e30.e30."]})");
  EXPECT_NE(error_of(read_bundle(files, trust)).find("bad_signature"), std::string::npos);
}

class ArchiveTest : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::filesystem::path pack(std::vector<std::string> options) {
    std::vector<std::string> arguments{"tar", "-C", (folder_ / "b").string(), "-czf",
                                       (folder_ / "b.tar.gz").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const auto done = testkit::Process::run({.arguments = arguments});
    EXPECT_TRUE(done && done->status == 0);
    return folder_ / "b.tar.gz";
  }
  testkit::TempDir folder_;
};

TEST_F(ArchiveTest, AndFolderAreTheSame) {
  for (const auto& [name, content] : example()) {
    write("b/" + name, as_text(content));
  }
  for (const auto& path : {pack({"."}), folder_ / "b"}) {
    const auto read = load_bundle(path, {});
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->revision, "r7");
    EXPECT_EQ(read->modules.size(), 1U);
  }
}

TEST_F(ArchiveTest, LinksAndTooMuchAreRefused) {
  write("b/data.json", "{}");
  std::filesystem::create_symlink("/etc/passwd", folder_ / "b/a.rego");
  EXPECT_NE(error_of(load_bundle(pack({"."}), {})).find("no file"), std::string::npos);
  std::filesystem::remove(folder_ / "b/a.rego");
  write("b/data.json", "{\"x\": \"" + std::string(3 << 20, ' ') + "\"}");
  EXPECT_NE(error_of(load_bundle(pack({"."}), {}, {.max_bytes = 1 << 20})).find("too large"),
            std::string::npos);
  EXPECT_NE(error_of(load_bundle(pack({"--transform=s,^\\./,../,", "."}), {})).find("outside"),
            std::string::npos);
}

TEST_F(ArchiveTest, WhatIsNoArchiveIsRefused) {
  write("x.tar.gz", "this is no archive");
  EXPECT_NE(error_of(load_bundle(folder_ / "x.tar.gz", {})).find("bad_bundle"), std::string::npos);
  write("b/data.json", std::string(100'000, 'x'));
  const auto whole = pack({"."});
  std::filesystem::resize_file(whole, std::filesystem::file_size(whole) / 2);
  EXPECT_NE(error_of(load_bundle(whole, {})).find("bad_bundle"), std::string::npos);
  EXPECT_NE(error_of(load_bundle(folder_ / "nothing", {})).find("bad_file"), std::string::npos);
}

}  // namespace
}  // namespace unhidra::policy
