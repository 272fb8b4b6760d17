#include "unhidra/base/text.h"

#include "files_fixture.h"

namespace unhidra::files::test {
namespace {

TEST(Downloads, SendTheRangeThatWasAskedFor) {
  World world;
  const auto content = some_bytes(kPart + 5000);
  const auto file = world.upload(content);
  const auto some = world.download(
      file, "bob", "bytes=" + std::to_string(kPart - 10) + "-" + std::to_string(kPart + 9));
  EXPECT_EQ(some.status, 206);
  EXPECT_EQ(some.header("Content-Range"), "bytes " + std::to_string(kPart - 10) + "-" +
                                              std::to_string(kPart + 9) + "/" +
                                              std::to_string(content.size()));
  EXPECT_EQ(some.bytes, to_bytes(ByteView(content).subspan(kPart - 10, 20)));
  EXPECT_EQ(world.download(file, "bob", "bytes=-7").bytes, to_bytes(ByteView(content).last(7)));
  const auto outside = world.download(file, "bob", "bytes=" + std::to_string(content.size()) + "-");
  EXPECT_EQ(outside.status, 416);
  EXPECT_EQ(outside.header("Content-Range"), "bytes */" + std::to_string(content.size()));
  EXPECT_EQ(world.download(file, "bob", "bytes=0-1,3-4").status, 200);
}

TEST(Downloads, AreNothingThatABrowserWouldShow) {
  World world;
  const auto answer = world.download(world.upload(some_bytes(100)));
  EXPECT_EQ(answer.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(answer.header("Content-Disposition"), "attachment");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(answer.header("Content-Security-Policy").starts_with("sandbox;"));
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
}

// Not as something that passes: clients would ask again for minutes.
TEST(Downloads, SayWhenTheStoreHasLostSomethingOfTheFile) {
  World world;
  const auto content = some_bytes(2 * kPart);
  const auto file = world.upload(content);
  world.store.cut_to = 2 * kPart - 1;
  for (const auto* range : {"", "bytes=0-99", "bytes=-1"}) {
    const auto cut = world.download(file, "bob", range);
    EXPECT_EQ(cut.status, 422) << range;
    EXPECT_EQ(cut.code(), "files.damaged") << range;
  }
  world.store.cut_to.reset();
  EXPECT_EQ(world.download(file, "bob").bytes, content);
  std::filesystem::remove_all(world.directory.path() / "objects" / "objects");
  EXPECT_EQ(world.download(file, "bob").code(), "files.damaged");
}

TEST(Downloads, AreForTheMembersOfTheConversation) {
  World world;
  const auto file = world.upload(some_bytes(100));
  const auto none = wire::FileId::make(world.clock, world.random).to_string();
  for (const auto* who : {"carol", "mallory"}) {
    const auto foreign = world.download(file, who);
    const auto missing = world.download(none, who);
    EXPECT_EQ(foreign.status, 404) << who;
    EXPECT_EQ(foreign.code(), missing.code());
    EXPECT_EQ(foreign.text("detail"), missing.text("detail"));
    EXPECT_EQ(world.call("POST", "/v1/files/" + file + "/links", who).status, 404);
  }
  const auto unfinished = world.begin(100).text("file_id");
  EXPECT_EQ(world.download(unfinished, "bob").status, 404);
  EXPECT_EQ(world.download(unfinished, "alice").status, 404);
  EXPECT_EQ(world.download(file, "").status, 401);
  // Who leaves reads no more, whoever uploaded it.
  world.execute("UPDATE conversation_members SET left_at = 1, left_seq = 1");
  EXPECT_EQ(world.download(file, "bob").status, 404);
  EXPECT_EQ(world.download(file, "alice").status, 404);
}

TEST(Downloads, AreCutOffWhenTheReaderIsPutOut) {
  World world;
  const auto content = some_bytes(2 * kPart);
  const auto file = world.upload(content);
  int reads = 0;
  world.store.on_read = [&] {
    world.clock.advance(std::chrono::seconds(1));
    if (++reads == 5) {
      world.execute("UPDATE conversation_members SET left_at = 1, left_seq = 1");
    }
  };
  const auto answer = world.download(file, "bob");
  EXPECT_EQ(answer.status, -1) << "cut off";
  EXPECT_LT(answer.bytes.size(), content.size());
}

TEST(Links, ServeWithoutATokenForAWhile) {
  World world;
  const auto content = some_bytes(5000);
  const auto file = world.upload(content);
  const auto link = world.call("POST", "/v1/files/" + file + "/links", "bob");
  ASSERT_EQ(link.status, 201);
  const auto path = link.text("path");
  EXPECT_EQ(world.call("GET", path, "").bytes, content);
  EXPECT_EQ(world.call("GET", path, "", std::nullopt, {{"Range", "bytes=1-3"}}).bytes,
            to_bytes(ByteView(content).subspan(1, 3)));
  // A changed one is none, wherever it was changed.
  for (std::size_t at = 15; at < path.size(); at += 7) {
    auto forged = path;
    forged[at] = forged[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(world.call("GET", forged, "").status, 404) << at;
  }
  EXPECT_EQ(world.call("GET", "/v1/file-links/x", "").status, 404);
  EXPECT_EQ(world.call("GET", "/v1/file-links/" + std::string(500, 'A'), "").status, 404);
  world.clock.advance(std::chrono::minutes(5));
  EXPECT_EQ(world.call("GET", path, "").status, 404);
}

TEST(Links, EndWithTheSessionAndTheMembership) {
  World world;
  const auto file = world.upload(some_bytes(5000));
  const auto link = [&] {
    return world.call("POST", "/v1/files/" + file + "/links", "bob").text("path");
  };
  const auto first = link();
  EXPECT_EQ(world.call("GET", first, "").status, 200);
  world.execute("UPDATE sessions SET revoked_at = 1");
  EXPECT_EQ(world.call("GET", first, "").status, 404);
  world.execute("UPDATE sessions SET revoked_at = NULL");
  world.execute("UPDATE users SET disabled = 1");
  EXPECT_EQ(world.call("GET", first, "").status, 404);
  world.execute("UPDATE users SET disabled = 0");
  world.execute("UPDATE conversation_members SET left_at = 1");
  EXPECT_EQ(world.call("GET", first, "").status, 404);
  world.execute("UPDATE conversation_members SET left_at = NULL");
  EXPECT_EQ(world.call("DELETE", "/v1/files/" + file, "alice").status, 204);
  EXPECT_EQ(world.call("GET", first, "").status, 404);
}

}  // namespace
}  // namespace unhidra::files::test
