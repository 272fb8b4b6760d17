#include "toml_file.h"

#include <toml++/toml.h>

#include "unhidra/base/bytes.h"
#include "unhidra/runtime/errc.h"
#include "unhidra/runtime/files.h"

namespace unhidra::runtime {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

TomlEntry::Value value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    return text->get();
  }
  if (const auto* flag = node.as_boolean()) {
    return flag->get();
  }
  if (const auto* integer = node.as_integer()) {
    return integer->get();
  }
  if (const auto* real = node.as_floating_point()) {
    return real->get();
  }
  if (const auto* array = node.as_array()) {
    std::vector<std::string> out;
    for (const auto& item : *array) {
      const auto* text = item.as_string();
      if (text == nullptr) {
        return TomlEntry::Unsupported{};
      }
      out.push_back(text->get());
    }
    return out;
  }
  return TomlEntry::Unsupported{};
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<TomlEntry>& out) {
  for (const auto& [key, node] : table) {
    const auto name = prefix + std::string(key.str());
    if (const auto* inner = node.as_table()) {
      flatten(*inner, name + ".", out);
    } else {
      out.push_back({name, value_of(node), key.source().begin.line});
    }
  }
}

}  // namespace

Result<std::vector<TomlEntry>> read_toml_file(const std::filesystem::path& path) {
  UNHIDRA_TRY(const auto content, read_file(path, kMaxFile));
  try {
    const auto table = toml::parse(as_text(content), path.string());
    std::vector<TomlEntry> out;
    flatten(table, "", out);
    return out;
  } catch (const toml::parse_error& e) {
    return fail(Errc::bad_config, path.string() + ":" + std::to_string(e.source().begin.line) +
                                      ": " + std::string(e.description()));
  }
}

}  // namespace unhidra::runtime
