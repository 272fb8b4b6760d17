// Slack's mark-up and names, and exports that mean harm.

#include "import/slack.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "unhidra/testkit/temp_dir.h"

#include "errc.h"

namespace unhidra::cli::slack {
namespace {

namespace fs = std::filesystem;

Directory directory() {
  Directory out;
  out.users["U1"] = {.id = "U1", .handle = "anna", .name = "Anna A", .email = ""};
  out.channels.push_back({.id = "C1", .name = "news", .folder = "news"});
  return out;
}

TEST(SlackText, BecomesMarkdown) {
  const auto known = directory();
  const std::vector<std::pair<std::string, std::string>> cases{
      {"plain", "plain"},
      {"a &amp; b &lt;c&gt; &amp;lt;", "a & b <c> &lt;"},
      {"*bold* and ~gone~ and _so_", "**bold** and ~~gone~~ and _so_"},
      {"2*3*4 a*b* * c *", "2*3*4 a*b* * c *"},
      {"*two\nlines*", "*two\nlines*"},
      {"*<@U1>*!", "**@Anna A**!"},
      {"<@U1> <@U1|x> <@U7|Zoe> <@U8>", "@Anna A @Anna A @Zoe @Somebody"},
      {"<#C1> <#C9|old> <#C8>", "#news #old #C8"},
      {"<!here> <!channel> <!subteam^S1|@crew> <!date^1^{date}|May>", "@here @channel @crew May"},
      {"<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"},
      {"<https://a.example|here>", "[here](https://a.example)"},
      {"<mailto:a@b.example|a@b.example>", "a@b.example"},
      {"`*x* &lt; <https://a.example|here>` *y*", "`*x* < here` **y**"},
      {"```\n*x* :tada:\n``` :tada:", "```\n*x* :tada:\n``` 🎉"},
      {"`open *b*", "`open **b**"},
      {":tada: :no-such: 10:30:15 ::", "🎉 :no-such: 10:30:15 ::"},
      {":wave::skin-tone-3:", "👋\U0001F3FC"},
      {"< <> <", "< <> <"},
      {"", ""},
  };
  for (const auto& [slack, markdown] : cases) {
    EXPECT_EQ(to_markdown(slack, known), markdown) << slack;
  }
}

TEST(SlackText, DeepNestingEnds) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += i % 2 == 0 ? "*" : "~";
  }
  EXPECT_FALSE(to_markdown(text + "x" + text, directory()).empty());
}

TEST(SlackEmoji, KeepNamesThatAreNotKnown) {
  EXPECT_EQ(emoji_of("+1"), "👍");
  EXPECT_EQ(emoji_of("+1::skin-tone-6"), "👍\U0001F3FF");
  EXPECT_EQ(emoji_of("our-logo"), ":our-logo:");
  EXPECT_EQ(emoji_of("+1::skin-tone-9"), "👍");
}

class SlackExport : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    fs::create_directories((dir_.path() / path).parent_path());
    std::ofstream(dir_.path() / path) << text;
  }
  Result<ExportSource> open(ExportSource::Bounds bounds = {}) {
    return ExportSource::open(dir_.path().string(), bounds);
  }
  testkit::TempDir dir_;
};

TEST_F(SlackExport, IsBounded) {
  put("channels.json", "[]");
  put("news/2020-01-01.json", std::string(1000, ' ') + "[]");
  EXPECT_EQ(open({.files = 1}).error(), Errc::bad_export);
  const auto source = open({.text = 500});
  ASSERT_TRUE(source);
  EXPECT_EQ(source->texts("news/", ".json").error(), Errc::bad_export);
  EXPECT_TRUE(source->texts("channels.json", ""));
}

TEST_F(SlackExport, LeadsNowhereElse) {
  put("channels.json", "[]");
  testkit::TempDir other;
  std::ofstream(other.path() / "secret.json") << "[]";
  fs::create_symlink(other.path() / "secret.json", dir_.path() / "users.json");
  const auto source = open();
  ASSERT_TRUE(source);
  EXPECT_FALSE(source->files().contains("users.json"));
  EXPECT_EQ(source->extract("../secret.json", (dir_.path() / "x").string()).error(),
            Errc::not_found);
}

TEST_F(SlackExport, HoldsMessagesInOrderAndOnce) {
  put("channels.json", R"([{"id":"C1","name":"news"}, {"name":"nameless"}, 7])");
  put("news/b.json", R"([{"ts":"5.000002","text":"second"},{"ts":"4.9","text":"first"}])");
  put("news/a.json", R"([{"ts":"5.000002","text":"again"},{"ts":"5.00001","text":"third"}])");
  put("news/attachments/x.json", R"([{"ts":"6.0","text":"no message"}])");
  const auto source = open();
  ASSERT_TRUE(source);
  const auto found = read_directory(*source);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->channels.size(), 1U);
  const auto messages = read_messages(*source, *found, found->channels[0]);
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 3U);
  EXPECT_EQ((*messages)[0].text, "first");
  EXPECT_EQ((*messages)[1].ts, "5.000002");
  EXPECT_EQ((*messages)[2].text, "third");
}

TEST_F(SlackExport, WrongTimesAndTypesAreLeftOut) {
  put("channels.json", R"([{"id":"C1","name":"news"}])");
  put("news/a.json",
      R"([{"ts":"-1.0","text":"x"},{"ts":"99999999999999999999","text":"x"},{"ts":"","text":"x"},)"
      R"({"ts":5,"text":"x"},{"ts":"5.0","text":["x"]},{"ts":"6.0","text":"x","files":7,"reactions":{}},)"
      R"({"ts":"7.0","text":"y","reactions":[{"name":"a b","users":["U1"]},{"users":["U1"]},{"name":"x","users":7}]}])");
  const auto source = open();
  ASSERT_TRUE(source);
  const auto found = read_directory(*source);
  ASSERT_TRUE(found);
  const auto messages = read_messages(*source, *found, found->channels[0]);
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 2U);
  EXPECT_TRUE((*messages)[1].origin.reactions.empty());
}

TEST_F(SlackExport, DeepJsonIsRefused) {
  put("channels.json", std::string(100'000, '['));
  const auto source = open();
  ASSERT_TRUE(source);
  EXPECT_EQ(read_directory(*source).error(), Errc::bad_export);
}

}  // namespace
}  // namespace unhidra::cli::slack
