#include "files_fixture.h"

namespace unhidra::files::test {
namespace {

constexpr const char* kFiles = "SELECT COUNT(*) FROM files";
constexpr const char* kBytes = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM file_usage";

TEST(Collector, ForgetsUploadsThatNobodyEnds) {
  World world;
  const auto content = some_bytes(kPart + 1);
  const auto file = world.begin(content.size()).text("file_id");
  ASSERT_EQ(world.put(file, 0, ByteView(content).first(kPart)).status, 200);
  world.begin(100);  // without any part
  EXPECT_TRUE(world.collect());
  EXPECT_EQ(world.count(kFiles), 2);
  world.clock.advance(std::chrono::hours(24) + std::chrono::seconds(1));
  EXPECT_TRUE(world.collect());
  EXPECT_EQ(world.count(kFiles), 0);
  EXPECT_EQ(world.count(kBytes), 0);
  EXPECT_EQ(world.objects(), 0U);
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM audit_log WHERE event_type = 'file.collected'"), 2);
  EXPECT_EQ(world.put(file, kPart, ByteView(content).subspan(kPart)).status, 404);
}

TEST(Collector, ForgetsFilesThatNoMessageCarries) {
  World world;
  const auto sent = world.upload(some_bytes(100));
  const auto unsent = world.upload(some_bytes(200));
  world.attach(sent, 1);
  world.clock.advance(std::chrono::hours(73));
  EXPECT_TRUE(world.collect());
  EXPECT_EQ(world.download(sent).status, 200);
  EXPECT_EQ(world.download(unsent).status, 404);
  EXPECT_EQ(world.objects(), 1U);
}

TEST(Collector, FollowsMessagesAndConversations) {
  World world;
  const auto first = world.upload(some_bytes(100));
  const auto second = world.upload(some_bytes(200));
  world.attach(first, 1);
  world.attach(second, 2);
  world.execute("DELETE FROM messages WHERE seq = 1");
  EXPECT_TRUE(world.collect());  // looks at all, and
  EXPECT_TRUE(world.collect());  // begins anew
  EXPECT_EQ(world.download(first).status, 404);
  EXPECT_EQ(world.download(second).status, 200);
  EXPECT_EQ(world.objects(), 1U);
  world.execute("DELETE FROM conversations");
  EXPECT_TRUE(world.collect());
  EXPECT_TRUE(world.collect());
  EXPECT_EQ(world.count(kFiles), 0);
  EXPECT_EQ(world.objects(), 0U);
}

TEST(Collector, TriesAgainWhenTheStoreFails) {
  World world;
  const auto file = world.upload(some_bytes(100));
  world.store.failure = storage::Errc::unavailable;
  EXPECT_EQ(world.call("DELETE", "/v1/files/" + file, "alice").status, 204);
  EXPECT_EQ(world.download(file).status, 404) << "deleted for everybody at once";
  EXPECT_FALSE(world.collect());
  EXPECT_EQ(world.count(kFiles), 1);
  EXPECT_EQ(world.count(kBytes), 200) << "the bytes are there still";
  world.store.failure.reset();
  EXPECT_TRUE(world.collect());
  EXPECT_EQ(world.count(kFiles), 0);
  EXPECT_EQ(world.count(kBytes), 0);
  EXPECT_EQ(world.objects(), 0U);
}

}  // namespace
}  // namespace unhidra::files::test
