// The store in a folder: parts in any order, whole or not at all, full disks, lost power.
#include "directory_store.h"

#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unhidra/base/text.h"
#include "unhidra/testkit/temp_dir.h"

#include "faulty_disk.h"

namespace unhidra::storage {
namespace {

Uuid name_of(std::uint8_t number) {
  Uuid out{};
  out.back() = number;
  return out;
}

Bytes content_of(std::size_t size, std::uint8_t seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<Byte>(i * 7 + seed);
  }
  return out;
}

// The bytes of an upload under way, as they lie in the folder.
Bytes held(const std::filesystem::path& root, const Uuid& name, std::size_t length) {
  std::ifstream file(root / "uploads" / to_hex(name), std::ios::binary);
  std::string out(length, '\0');
  file.read(out.data(), static_cast<std::streamsize>(length));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return to_bytes(out);
}

class DirectoryStoreTest : public testing::Test {
 protected:
  std::unique_ptr<ObjectStore> open() {
    auto store = open_directory_store(folder_ / "files");
    EXPECT_TRUE(store) << store.error().message();
    return std::move(*store);
  }
  testkit::TempDir folder_;
};

TEST_F(DirectoryStoreTest, AnObjectIsReadableWhenItIsComplete) {
  const auto store = open();
  const auto name = name_of(1);
  const auto content = content_of(100'000, 1);
  const auto upload = store->begin(name);
  ASSERT_TRUE(upload);
  // Parts in any order, and one of them twice.
  ASSERT_TRUE(store->put_part(name, *upload, 60'000, ByteView(content).subspan(60'000)));
  ASSERT_TRUE(store->put_part(name, *upload, 0, Bytes(60'000)));
  ASSERT_TRUE(store->put_part(name, *upload, 0, ByteView(content).first(60'000)));
  EXPECT_EQ(store->read(name, 0, 1).error(), Errc::no_such_object);
  EXPECT_EQ(store->size(name).error(), Errc::no_such_object);
  EXPECT_EQ(held(folder_ / "files", name, 200'000), content);
  EXPECT_EQ(store->complete(name, *upload, 99'999).error(), Errc::bad_object);
  ASSERT_TRUE(store->complete(name, *upload, content.size()));
  ASSERT_TRUE(store->complete(name, *upload, content.size()));  // asked again
  EXPECT_EQ(store->complete(name, *upload, 1).error(), Errc::bad_object);
  EXPECT_EQ(*store->size(name), content.size());
  EXPECT_EQ(*store->read(name, 0, 200'000), content);
  EXPECT_EQ(*store->read(name, 50'000, 3), to_bytes(ByteView(content).subspan(50'000, 3)));
  EXPECT_TRUE(store->read(name, 100'000, 3)->empty());
  EXPECT_TRUE(store->read(name, ~std::uint64_t{0}, 3)->empty());
  EXPECT_EQ(store->put_part(name, *upload, 0, content).error(), Errc::no_such_object);
  EXPECT_EQ(store->begin(name).error(), Errc::bad_object);
  EXPECT_EQ(*open()->read(name, 0, 200'000), content);
}

TEST_F(DirectoryStoreTest, RemovedAndAbandonedObjectsLeaveNothing) {
  const auto store = open();
  const auto content = content_of(10, 1);
  for (const auto number : {std::uint8_t{1}, std::uint8_t{2}}) {
    ASSERT_TRUE(store->begin(name_of(number)));
    ASSERT_TRUE(store->put_part(name_of(number), "", 0, content));
  }
  ASSERT_TRUE(store->complete(name_of(1), "", content.size()));
  for (int again = 0; again < 2; ++again) {
    EXPECT_TRUE(store->remove(name_of(1)));
    EXPECT_TRUE(store->abandon(name_of(2), ""));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
    EXPECT_FALSE(entry.is_regular_file()) << entry.path();
  }
}

TEST_F(DirectoryStoreTest, FilesAreForThisUserAloneAndLinksAreNotFollowed) {
  const auto store = open();
  ASSERT_TRUE(store->begin(name_of(1)));
  ASSERT_TRUE(store->put_part(name_of(1), "", 0, content_of(10, 1)));
  ASSERT_TRUE(store->complete(name_of(1), "", 10));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
    const auto mode = entry.status().permissions() & std::filesystem::perms::all;
    EXPECT_EQ((mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)),
              std::filesystem::perms::none)
        << entry.path();
  }
  std::ofstream(folder_ / "secret") << "secret";
  std::filesystem::create_symlink(folder_ / "secret",
                                  folder_ / "files" / "uploads" / to_hex(name_of(2)));
  EXPECT_FALSE(store->begin(name_of(2)));
  EXPECT_FALSE(store->put_part(name_of(2), "", 0, content_of(10, 1)));
}

TEST_F(DirectoryStoreTest, AFullDiskFailsOnePartWhichCanBePutAgain) {
  FaultyDisk disk(1);
  const auto store = *DirectoryStore::open(folder_ / "files", disk);
  const auto content = content_of(1'000, 1);
  ASSERT_TRUE(store->begin(name_of(1)));
  disk.fail_writes(Errc::disk_full);
  EXPECT_EQ(store->put_part(name_of(1), "", 0, content).error(), Errc::disk_full);
  disk.fail_writes(std::nullopt);
  EXPECT_TRUE(store->put_part(name_of(1), "", 0, content));
  EXPECT_TRUE(store->complete(name_of(1), "", 1'000));
  EXPECT_EQ(*store->read(name_of(1), 0, 2'000), content);
}

TEST_F(DirectoryStoreTest, AFailedSyncIsAFailedPart) {
  FaultyDisk disk(1);
  const auto store = *DirectoryStore::open(folder_ / "files", disk);
  const auto content = content_of(5'000, 1);
  ASSERT_TRUE(store->begin(name_of(1)));
  disk.fail_next_sync();
  EXPECT_FALSE(store->put_part(name_of(1), "", 0, content));
  EXPECT_TRUE(store->put_part(name_of(1), "", 0, content));
  disk.forget();
  EXPECT_EQ(held(folder_ / "files", name_of(1), 5'000), content);
}

// The power goes after every possible number of calls: what was answered is there, and an object is
// there as a whole or not at all.
TEST_F(DirectoryStoreTest, ALossOfPowerAtAnyCallLosesNothingThatWasAnswered) {
  const auto content = content_of(20'000, 3);
  for (int calls = 0; calls < 40; ++calls) {
    const auto root = folder_ / ("run" + std::to_string(calls));
    FaultyDisk disk(static_cast<std::uint64_t>(calls) + 1);
    const auto store = *DirectoryStore::open(root, disk);
    disk.lose_power_after(calls);
    std::size_t answered = 0;
    bool completed = false;
    if (store->begin(name_of(9))) {
      for (std::size_t at = 0; at < content.size(); at += 5'000) {
        if (!store->put_part(name_of(9), "", at, ByteView(content).subspan(at, 5'000))) {
          break;
        }
        answered = at + 5'000;
      }
      completed = answered == content.size() && store->complete(name_of(9), "", content.size());
    }
    disk.forget();
    const auto after = open_directory_store(root);
    ASSERT_TRUE(after);
    const auto object = (*after)->read(name_of(9), 0, content.size());
    if (completed) {
      ASSERT_TRUE(object) << calls;
    }
    if (object) {
      EXPECT_EQ(*object, content) << calls;
    } else if (answered > 0) {
      EXPECT_EQ(held(root, name_of(9), answered), to_bytes(ByteView(content).first(answered)))
          << calls;
    }
  }
}

}  // namespace
}  // namespace unhidra::storage
