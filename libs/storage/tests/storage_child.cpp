// A process to be killed: storage_child write URL FIRST_ID  |  storage_child migrate URL COUNT
//
// write: three threads insert rows and, once the database has acknowledged one, print "ack ID".
// migrate: opens the database with COUNT migrations of the test, prints "migrated".

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "unhidra/storage/database.h"

#include "many_migrations.h"

namespace unhidra::storage {
namespace {

void say(const std::string& line) {
  // One write: a line is printed whole or not at all.
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) {
    std::_Exit(3);
  }
}

int write_forever(Database& db, std::int64_t first_id) {
  std::atomic<std::int64_t> next = first_id;
  const auto writer = [&] {
    for (;;) {
      const auto id = next++;
      const auto status = db.write_sync([id](Transaction& tx) -> Status {
        UNHIDRA_TRY_VOID(tx.execute("INSERT INTO items (id, value) VALUES ($1, $2)", id,
                                    "value " + std::to_string(id)));
        return {};
      });
      if (!status) {
        say("error " + status.error().message() + "\n");
        std::_Exit(4);
      }
      say("ack " + std::to_string(id) + "\n");
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back(writer);
  }
  return 0;
}

int run(const std::string& mode, const std::string& url, std::int64_t number) {
  Settings settings;
  settings.url = url;
  const auto migrations =
      mode == "migrate" ? many_migrations(static_cast<int>(number)) : many_migrations(1);
  settings.migrations = migrations;
  auto db = Database::open(settings);
  if (!db) {
    say("error " + db.error().message() + "\n");
    return 2;
  }
  if (mode == "migrate") {
    say("migrated\n");
    return 0;
  }
  return write_forever(**db, number);
}

}  // namespace
}  // namespace unhidra::storage

int main(int argc, char** argv) {
  if (argc != 4) {
    return 1;
  }
  return unhidra::storage::run(argv[1], argv[2], std::atoll(argv[3]));
}
