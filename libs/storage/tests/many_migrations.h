#pragma once
// A schema in many steps. Step 1 makes `items`; each later one makes a table, fills it with 200
// rows and adds itself to `steps`, which shows whether it ran whole and once.

#include <deque>
#include <string>
#include <vector>

#include "unhidra/storage/migration.h"

namespace unhidra::storage {

inline std::vector<Migration> many_migrations(int count) {
  static std::deque<std::string> texts;
  std::vector<Migration> out;
  for (int i = 1; i <= count; ++i) {
    const auto number = std::to_string(i);
    const auto& name = texts.emplace_back("step_" + number);
    std::string sql =
        i == 1 ? "CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"
                 "CREATE TABLE steps (number BIGINT NOT NULL);"
               : "CREATE TABLE table_" + number + " (id BIGINT NOT NULL PRIMARY KEY, text TEXT);";
    for (int row = 0; i > 1 && row < 200; ++row) {
      sql += "INSERT INTO table_" + number + " VALUES (" + std::to_string(row) + ", 'x');";
    }
    sql += "INSERT INTO steps VALUES (" + number + ");";
    out.push_back(
        {i, name, texts.emplace_back(std::move(sql)), texts.emplace_back("sum" + number)});
  }
  return out;
}

}  // namespace unhidra::storage
