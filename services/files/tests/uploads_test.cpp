#include "files_fixture.h"

namespace unhidra::files::test {
namespace {

TEST(Uploads, GoesUpInPartsAndComesDownWhole) {
  World world;
  const auto content = some_bytes(2 * kPart + 1000);
  const auto file = world.upload(content);
  const auto told = world.call("GET", "/v1/files/" + file, "bob");
  EXPECT_EQ(told.number("size"), content.size());
  EXPECT_TRUE(told.body.at("complete").as_bool());
  EXPECT_EQ(world.download(file, "bob").bytes, content);
}

TEST(Uploads, GoOnWhereTheyBrokeOff) {
  World world;
  const auto content = some_bytes(2 * kPart + 5);
  const auto file = world.begin(content.size()).text("file_id");
  const ByteView all(content);
  ASSERT_EQ(world.put(file, 0, all.first(kPart)).status, 200);
  // The answer was lost: the same part comes again, and is taken once.
  EXPECT_EQ(world.put(file, 0, all.first(kPart)).number("received"), kPart);
  auto other = to_bytes(all.first(kPart));
  other[7] ^= 1;
  EXPECT_EQ(world.put(file, 0, other).code(), "files.part_differs");
  EXPECT_EQ(world.put(file, 2 * kPart, all.subspan(2 * kPart)).code(), "files.wrong_offset");
  EXPECT_EQ(world.call("GET", "/v1/files/" + file, "alice").number("received"), kPart);
  EXPECT_EQ(world.complete(file, content).code(), "files.incomplete");
  ASSERT_EQ(world.put(file, kPart, all.subspan(kPart, kPart)).status, 200);
  ASSERT_EQ(world.put(file, 2 * kPart, all.subspan(2 * kPart)).status, 200);
  EXPECT_EQ(world.put(file, 2 * kPart, all.subspan(2 * kPart)).status, 200);
  EXPECT_EQ(world.complete(file, some_bytes(9)).code(), "files.bad_digest");
  EXPECT_EQ(world.complete(file, content).status, 200);
  EXPECT_EQ(world.complete(file, content).status, 200) << "asked again";
  EXPECT_EQ(world.put(file, 2 * kPart, all.subspan(2 * kPart)).status, 200);
  EXPECT_EQ(world.put(file, 0, all.first(kPart)).code(), "files.wrong_offset");
  EXPECT_EQ(world.download(file).bytes, content);
}

TEST(Uploads, TakeNoPartThatCannotBe) {
  World world;
  const auto file = world.begin(kPart + 10).text("file_id");
  const auto part = some_bytes(kPart);
  const ByteView all(part);
  for (const auto& [offset, size] : {std::pair<std::uint64_t, std::size_t>{0, kPart - 1},
                                     {1, kPart},
                                     {0, 0},
                                     {kPart, 11},
                                     {2 * kPart, 1},
                                     {~std::uint64_t{0}, 1},
                                     {kPart, 9}}) {
    EXPECT_EQ(world.put(file, offset, all.first(size)).status, 400) << offset << " " << size;
  }
  for (const auto* query : {"", "?offset=", "?offset=-1", "?offset=0x0", "?offset=1e3",
                            "?offset=99999999999999999999"}) {
    EXPECT_EQ(world
                  .call("PUT", "/v1/files/" + file + "/content" + query, "alice",
                        boost::json::value(boost::json::string(as_text(all))))
                  .status,
              400)
        << query;
  }
  EXPECT_EQ(world.call("GET", "/v1/files/" + file, "alice").number("received"), 0U);
}

TEST(Uploads, AreTheUploadersAlone) {
  World world;
  const auto content = some_bytes(100);
  const auto file = world.begin(100).text("file_id");
  for (const auto* who : {"bob", "carol", "mallory"}) {
    EXPECT_EQ(world.put(file, 0, content, who).status, 404) << who;
    EXPECT_EQ(world.complete(file, content, who).status, 404) << who;
    EXPECT_EQ(world.call("GET", "/v1/files/" + file, who).status, 404) << who;
    EXPECT_EQ(world.call("DELETE", "/v1/files/" + file, who).status, 404) << who;
  }
  EXPECT_EQ(world.begin(100, "carol").code(), "files.not_found") << "not in the conversation";
  EXPECT_EQ(world.begin(100, "mallory").code(), "files.not_found") << "not in the organisation";
  EXPECT_EQ(world.begin(100, "").status, 401);
}

TEST(Uploads, BeginTheSameFileOnce) {
  World world;
  const auto id = wire::FileId::make(world.clock, world.random).to_string();
  const auto ask = [&](std::uint64_t size, std::string_view who) {
    return world.call(
        "POST", "/v1/files", who,
        boost::json::object{
            {"conversation_id", world.chat.to_string()}, {"size", size}, {"file_id", id}});
  };
  EXPECT_EQ(ask(100, "alice").status, 201);
  EXPECT_EQ(ask(100, "alice").text("file_id"), id);
  EXPECT_EQ(ask(101, "alice").code(), "files.exists");
  EXPECT_EQ(ask(100, "bob").code(), "files.exists");
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM files"), 1);
}

TEST(Uploads, StayInTheQuotas) {
  World world;  // 4 parts a file, 6 a user, 9 an organisation
  EXPECT_EQ(world.begin(0).status, 400);
  const auto large = world.begin(4 * kPart + 1);
  EXPECT_EQ(large.code(), "files.too_large");
  EXPECT_EQ(large.status, 413);
  const auto first = world.begin(4 * kPart).text("file_id");
  const auto over = world.begin(2 * kPart + 1);
  EXPECT_EQ(over.code(), "files.quota_exceeded");
  EXPECT_NE(over.text("detail").find(std::to_string(6 * kPart)), std::string::npos);
  EXPECT_EQ(world.begin(2 * kPart).status, 201);
  EXPECT_EQ(world.begin(3 * kPart + 1, "bob").code(), "files.quota_exceeded");
  EXPECT_EQ(world.begin(3 * kPart, "bob").status, 201);
  const auto usage = world.call("GET", "/v1/file-usage", "alice");
  EXPECT_EQ(usage.number("used"), 6 * kPart);
  EXPECT_EQ(usage.number("organization_used"), 9 * kPart);
  // What is deleted comes back.
  EXPECT_EQ(world.call("DELETE", "/v1/files/" + first, "alice").status, 204);
  EXPECT_EQ(world.call("GET", "/v1/file-usage", "alice").number("used"), 2 * kPart);
  EXPECT_EQ(world.begin(4 * kPart).status, 201);
}

TEST(Uploads, SayWhenTheStoreFailsAndLoseNothing) {
  World world;
  const auto content = some_bytes(kPart + 100);
  const ByteView all(content);
  const auto file = world.begin(content.size()).text("file_id");
  ASSERT_EQ(world.put(file, 0, all.first(kPart)).status, 200);
  world.store.failure = storage::Errc::disk_full;
  const auto full = world.put(file, kPart, all.subspan(kPart));
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.code(), "files.store_full");
  world.store.failure = storage::Errc::unavailable;
  EXPECT_EQ(world.put(file, kPart, all.subspan(kPart)).code(), "files.store_unavailable");
  world.store.failure.reset();
  EXPECT_EQ(world.call("GET", "/v1/files/" + file, "alice").number("received"), kPart);
  ASSERT_EQ(world.put(file, kPart, all.subspan(kPart)).status, 200);
  world.store.failure = storage::Errc::unavailable;
  EXPECT_EQ(world.complete(file, content).code(), "files.store_unavailable");
  world.store.failure.reset();
  EXPECT_EQ(world.complete(file, content).status, 200);
  world.store.failure = storage::Errc::unavailable;
  EXPECT_EQ(world.download(file).code(), "files.store_unavailable");
  world.store.failure.reset();
  EXPECT_EQ(world.download(file).bytes, content);
}

TEST(Uploads, AreAudited) {
  World world;
  const auto file = world.upload(some_bytes(100));
  EXPECT_EQ(world.call("DELETE", "/v1/files/" + file, "alice").status, 204);
  for (const auto* type : {"file.begun", "file.part_stored", "file.uploaded", "file.deleted"}) {
    EXPECT_EQ(world.count("SELECT COUNT(*) FROM audit_log WHERE outcome = 'success' AND event_type "
                          "= '" +
                          std::string(type) + "'"),
              1)
        << type;
  }
  EXPECT_EQ(world.call("DELETE", "/v1/files/" + file, "bob").status, 404);
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM audit_log WHERE outcome = 'failure' AND event_type = "
                        "'file.deleted'"),
            1);
}

TEST(Uploads, TheSameCompletionMayComeWhileTheFirstIsUnderWay) {
  World world;
  const auto content = some_bytes(1000);
  const auto file = world.begin(content.size()).text("file_id");
  ASSERT_EQ(world.put(file, 0, content).status, 200);
  world.store.on_complete = [&] {
    world.execute("UPDATE files SET completed_at = touched_at");  // the other one
  };
  EXPECT_EQ(world.complete(file, content).status, 200);
  EXPECT_EQ(world.download(file).bytes, content);
}

}  // namespace
}  // namespace unhidra::files::test
