// The store in a bucket, against a server that checks every signature.
#include "unhidra/objects/s3_store.h"

#include <cstdlib>
#include <sstream>
#include <unistd.h>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "unhidra/testkit/process.h"

namespace unhidra::objects {
namespace {

using namespace std::chrono_literals;
using storage::Errc;
using storage::kObjectPart;

Uuid name_of(std::uint8_t number) {
  Uuid out{};
  out.back() = number;
  return out;
}

Bytes content_of(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<Byte>(i * 7 + i / 1000);
  }
  return out;
}

class S3StoreTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::getenv("UNHIDRA_TEST_S3") != nullptr) {
      return;
    }
    auto process = testkit::Process::start({.arguments = {"/usr/bin/python3", UNHIDRA_FAKE_S3}});
    ASSERT_TRUE(process) << process.error().message();
    server_ = std::make_unique<testkit::Process>(std::move(*process));
    const auto line = server_->wait_for_line("port ", std::chrono::seconds(30));
    ASSERT_TRUE(line) << server_->output();
    port_ = line->substr(5);
  }
  static void TearDownTestSuite() { server_.reset(); }

  // The server of our own; or, in UNHIDRA_TEST_S3, "endpoint bucket region access-key secret-key".
  static S3Settings settings() {
    std::istringstream given(std::getenv("UNHIDRA_TEST_S3") != nullptr
                                 ? std::getenv("UNHIDRA_TEST_S3")
                                 : "http://127.0.0.1:" + port_ +
                                       " unhidra-files eu-test-1 AKTEST SKTEST");
    S3Settings out;
    out.prefix = "org/";
    out.credentials.service = "s3";
    given >> out.endpoint >> out.bucket >> out.credentials.region >> out.credentials.access_key >>
        out.credentials.secret_key;
    return out;
  }
  static std::unique_ptr<storage::ObjectStore> open(S3Settings with) {
    auto store = open_s3_store(crypto::native_provider(), std::move(with));
    EXPECT_TRUE(store) << store.error().message();
    return std::move(*store);
  }

  static std::unique_ptr<testkit::Process> server_;
  static std::string port_;
};
std::unique_ptr<testkit::Process> S3StoreTest::server_;
std::string S3StoreTest::port_;

TEST_F(S3StoreTest, AnObjectInSeveralPartsComesBack) {
  const auto store = open(settings());
  const auto name = name_of(1);
  const auto content = content_of(3 * kObjectPart + 12'345);  // more parts than a page of the list
  const auto upload = store->begin(name);
  ASSERT_TRUE(upload) << upload.error().message();
  EXPECT_EQ(store->put_part(name, *upload, 1, Bytes(10)).error(), Errc::bad_object);
  ASSERT_TRUE(store->put_part(name, *upload, 0, Bytes(kObjectPart)));
  for (std::size_t at = 0; at < content.size(); at += kObjectPart) {
    if (at == 2 * kObjectPart) {
      EXPECT_EQ(store->complete(name, *upload, content.size()).error(), Errc::bad_object);
    }
    const auto rest = ByteView(content).subspan(at);
    const auto stored =
        store->put_part(name, *upload, at, rest.first(std::min(rest.size(), kObjectPart)));
    ASSERT_TRUE(stored) << stored.error().message();
  }
  EXPECT_EQ(store->size(name).error(), Errc::no_such_object);
  EXPECT_EQ(store->complete(name, *upload, content.size() - 1).error(), Errc::bad_object);
  const auto completed = store->complete(name, *upload, content.size());
  ASSERT_TRUE(completed) << completed.error().message();
  EXPECT_TRUE(store->complete(name, *upload, content.size()));  // asked again
  EXPECT_EQ(store->complete(name, *upload, 1).error(), Errc::bad_object);
  EXPECT_EQ(*store->size(name), content.size());
  EXPECT_EQ(*store->read(name, kObjectPart - 2, 4),
            to_bytes(ByteView(content).subspan(kObjectPart - 2, 4)));
  EXPECT_EQ(*store->read(name, content.size() - 3, 100),
            to_bytes(ByteView(content).subspan(content.size() - 3)));
  EXPECT_TRUE(store->read(name, content.size(), 100)->empty());
  EXPECT_TRUE(store->read(name, ~std::uint64_t{0}, 100)->empty());
  EXPECT_TRUE(store->remove(name));
  EXPECT_TRUE(store->remove(name));
  EXPECT_EQ(store->read(name, 0, 1).error(), Errc::no_such_object);
}

TEST_F(S3StoreTest, AnAbandonedUploadIsGone) {
  const auto store = open(settings());
  const auto upload = *store->begin(name_of(2));
  ASSERT_TRUE(store->put_part(name_of(2), upload, 0, Bytes(10)));
  EXPECT_TRUE(store->abandon(name_of(2), upload));
  EXPECT_TRUE(store->abandon(name_of(2), upload));
  EXPECT_EQ(store->put_part(name_of(2), upload, 0, Bytes(10)).error(), Errc::no_such_object);
  EXPECT_EQ(store->complete(name_of(2), upload, 10).error(), Errc::no_such_object);
}

TEST_F(S3StoreTest, AWrongKeyIsToldWithoutShowingIt) {
  auto with = settings();
  with.credentials.secret_key = "not-the-secret";
  const auto begun = open(with)->begin(name_of(3));
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error(), Errc::unavailable);
  EXPECT_NE(begun.error().message().find("403 SignatureDoesNotMatch"), std::string::npos)
      << begun.error().message();
  EXPECT_EQ(begun.error().message().find("not-the-secret"), std::string::npos);
}

TEST_F(S3StoreTest, WhatItNeverTakesIsToldBeforeItIsNeeded) {
  EXPECT_TRUE(open(settings())->check(10s));
  auto with = settings();
  with.credentials.secret_key = "not-the-secret";
  EXPECT_EQ(open(with)->check(10s).error(), Errc::bad_settings);
  with = settings();
  with.credentials.access_key = "NOBODY";
  EXPECT_EQ(open(with)->check(10s).error(), Errc::bad_settings);
  with = settings();
  with.bucket = "not-there";
  const auto nowhere = open(with);
  const auto told = nowhere->check(10s);
  EXPECT_EQ(told.error(), Errc::bad_settings);
  EXPECT_NE(told.error().message().find("no bucket not-there"), std::string::npos);
  EXPECT_EQ(nowhere->read(name_of(5), 0, 1).error(), Errc::unavailable)
      << "whether the object is there is not known";
  EXPECT_FALSE(nowhere->remove(name_of(5)));
}

TEST_F(S3StoreTest, AServerThatIsNotThereIsUnavailable) {
  auto with = settings();
  with.endpoint = "http://127.0.0.1:" + std::to_string(testkit::free_port());
  EXPECT_EQ(open(with)->size(name_of(4)).error(), Errc::unavailable);
  EXPECT_EQ(open(with)->check(10s).error(), Errc::unavailable);
}

// A store that takes the connection and says nothing: the server's start waits for it so long.
TEST_F(S3StoreTest, ALookAtTheStoreEndsInItsTime) {
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* const address = reinterpret_cast<sockaddr*>(&at);
  ASSERT_EQ(::bind(silent, address, size), 0);
  ASSERT_EQ(::listen(silent, 1), 0);
  ASSERT_EQ(::getsockname(silent, address, &size), 0);
  auto with = settings();
  with.endpoint = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(open(with)->check(200ms).error(), Errc::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  ::close(silent);
}

TEST_F(S3StoreTest, SettingsThatMakeNoSenseAreRefused) {
  const auto refuses = [](auto change) {
    auto with = settings();
    change(with);
    const auto store = open_s3_store(crypto::native_provider(), with);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error(), Errc::bad_settings);
  };
  refuses([](auto& s) { s.endpoint = "ftp://host"; });
  refuses([](auto& s) { s.endpoint = "https://"; });
  refuses([](auto& s) { s.endpoint = "https://user@host"; });
  refuses([](auto& s) { s.endpoint = "https://host/path"; });
  refuses([](auto& s) { s.bucket = "../x"; });
  refuses([](auto& s) { s.bucket = "ab"; });
  refuses([](auto& s) { s.prefix = "a?b"; });
  refuses([](auto& s) { s.credentials.secret_key.clear(); });
}

}  // namespace
}  // namespace unhidra::objects
