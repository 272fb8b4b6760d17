#pragma once
// A files role on a fresh database and directory, asked through the very REST face that the server
// uses. UNHIDRA_TEST_DATABASE=postgres: on a real PostgreSQL.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "unhidra/access/rest_face.h"
#include "unhidra/crypto/random.h"
#include "unhidra/files/errc.h"
#include "unhidra/files/files_role.h"
#include "unhidra/messaging/rate_limiter.h"
#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/temp_dir.h"
#include "unhidra/wire/conversations.h"

namespace unhidra::files::test {

inline constexpr std::size_t kPart = storage::kObjectPart;

struct Answer {
  int status = 0;
  boost::json::value body;
  net::Headers headers;
  Bytes bytes;  // of content
  std::string text(std::string_view member) const;
  std::uint64_t number(std::string_view member) const;
  std::string code() const { return text("code"); }
  std::string header(std::string_view name) const {
    return std::string(headers.get(name).value_or(""));
  }
};

// The real store, which fails on demand.
class FailingStore final : public storage::ObjectStore {
 public:
  explicit FailingStore(std::unique_ptr<storage::ObjectStore> real) : real_(std::move(real)) {}
  std::optional<storage::Errc> failure;
  std::function<void()> on_read;
  std::optional<std::uint64_t> cut_to;  // bytes that are left of each object
  std::function<void()> on_complete;    // when the object is whole

  Result<std::string> begin(const Uuid& name) override;
  Status put_part(const Uuid& name, std::string_view upload, std::uint64_t offset,
                  ByteView part) override;
  Status complete(const Uuid& name, std::string_view upload, std::uint64_t size) override;
  Status abandon(const Uuid& name, std::string_view upload) override;
  Result<std::uint64_t> size(const Uuid& name) override;
  Result<Bytes> read(const Uuid& name, std::uint64_t offset, std::size_t length) override;
  Status remove(const Uuid& name) override;

 private:
  std::unique_ptr<storage::ObjectStore> real_;
};

class World : private access::TokenVerifier {
 public:
  explicit World(FilesSettings settings = small_settings());
  ~World() override;
  static FilesSettings small_settings();

  // People are named by their tokens; alice, bob and carol are of one organisation, mallory is of
  // another. alice and bob are in `chat`, mallory in `elsewhere`.
  Answer call(std::string_view method, std::string path, std::string_view who,
              std::optional<boost::json::value> body = std::nullopt, net::Headers headers = {});
  Answer put(std::string_view file, std::uint64_t offset, ByteView part,
             std::string_view who = "alice");
  Answer begin(std::uint64_t size, std::string_view who = "alice");
  Answer complete(std::string_view file, ByteView content, std::string_view who = "alice");
  // A complete file of alice in `chat`.
  std::string upload(ByteView content, std::string_view who = "alice");
  Answer download(std::string_view file, std::string_view who = "alice", std::string range = {});
  Status collect();
  void execute(std::string_view sql);
  std::int64_t count(std::string_view sql);
  // As the chat role does when a message carries the file.
  void attach(std::string_view file, std::uint64_t seq);
  // Files in the directory of the object store.
  std::size_t objects() const;

  testkit::TempDir directory;
  testkit::FakeClock clock;
  crypto::SystemRandom random;
  runtime::IoThreads io{2};
  runtime::Metrics metrics;
  std::unique_ptr<storage::Database> database;
  FailingStore store;
  pki::KeySealer sealer;
  ConversationId chat;
  ConversationId elsewhere;

 private:
  struct Face;
  Task<Result<access::Principal>> verify(std::string token) override;
  void add_people();

  FilesRole role_;
  std::map<std::string, access::Principal, std::less<>> people_;
  std::unique_ptr<Face> face_;
};

Bytes some_bytes(std::size_t size, std::uint8_t seed = 1);

}  // namespace unhidra::files::test
