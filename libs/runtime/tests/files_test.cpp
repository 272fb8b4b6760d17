#include "unhidra/runtime/files.h"

#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace unhidra::runtime {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "unhidra-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  static mode_t mode_of(const fs::path& path) {
    struct stat info = {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  fs::path directory_;
};

TEST_F(Files, written_content_is_read_back_and_private) {
  const auto path = directory_ / "key";
  ASSERT_TRUE(write_file_atomically(path, as_bytes("secret")));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(as_text(read_file(path, 100).value()), "secret");
  EXPECT_EQ(as_text(read_secret_file(path, 100).value().expose()), "secret");
}

TEST_F(Files, replaces_content_and_takes_the_mode_that_is_asked_for) {
  const auto path = directory_ / "certificate";
  ASSERT_TRUE(write_file_atomically(path, as_bytes("old")));
  ASSERT_TRUE(write_file_atomically(path, as_bytes("new"), 0644));
  EXPECT_EQ(mode_of(path), 0644U);
  EXPECT_EQ(as_text(read_file(path, 100).value()), "new");
}

TEST_F(Files, leaves_nothing_behind_when_it_fails) {
  const auto path = directory_ / "taken";
  fs::create_directory(path);
  std::ofstream(path / "inside") << "x";  // a directory that is not empty cannot be replaced
  const auto status = write_file_atomically(path, as_bytes("x"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error(), Errc::file_failed);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(Files, replaces_a_symbolic_link_and_not_what_it_points_to) {
  const auto victim = directory_ / "victim";
  ASSERT_TRUE(write_file_atomically(victim, as_bytes("victim")));
  const auto link = directory_ / "link";
  fs::create_symlink(victim, link);
  ASSERT_TRUE(write_file_atomically(link, as_bytes("new")));
  EXPECT_EQ(as_text(read_file(victim, 100).value()), "victim");
  EXPECT_FALSE(fs::is_symlink(link));
}

TEST_F(Files, refuses_a_file_over_the_limit_and_takes_one_at_it) {
  const auto path = directory_ / "big";
  ASSERT_TRUE(write_file_atomically(path, Bytes(1000, 1)));
  EXPECT_EQ(read_file(path, 1000).value().size(), 1000U);
  EXPECT_EQ(read_file(path, 999).error(), Errc::file_too_large);
  EXPECT_EQ(read_secret_file(path, 999).error(), Errc::file_too_large);
  // Its size is not known beforehand.
  EXPECT_EQ(read_file("/proc/self/status", 10).error(), Errc::file_too_large);
}

TEST_F(Files, does_not_hang_on_a_pipe) {
  const auto path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_file(path, 10).error(), Errc::file_failed);
}

TEST_F(Files, says_which_file_is_missing) {
  const auto result = read_file(directory_ / "none", 10);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message().find("none: No such file"), std::string::npos);
}

TEST_F(Files, private_directories_are_made_with_their_parents) {
  const auto path = directory_ / "a" / "b";
  ASSERT_TRUE(make_private_directory(path));
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_EQ(mode_of(directory_ / "a"), 0700U);
  ASSERT_TRUE(make_private_directory(path));
}

TEST_F(Files, an_open_directory_is_restricted) {
  const auto path = directory_ / "open";
  fs::create_directory(path);
  fs::permissions(path, fs::perms::all);
  ASSERT_TRUE(make_private_directory(path));
  EXPECT_EQ(mode_of(path), 0700U);
}

}  // namespace
}  // namespace unhidra::runtime
