#include "unhidra/policy/documents.h"

#include <algorithm>
#include <fnmatch.h>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/runtime/files.h"

namespace unhidra::policy {
namespace {

namespace fs = std::filesystem;
using rego::Kind;
using rego::Value;

constexpr int kMaxFolderDepth = 64;
constexpr std::size_t kMaxStampedFiles = 100'000;

bool is_data_file(const fs::path& path) {
  const auto end = path.extension();
  return end == ".json" || end == ".yaml" || end == ".yml";
}

class Loader {
 public:
  Loader(std::span<const std::string> ignored, bool modules_alone)
      : ignored_(ignored), modules_alone_(modules_alone) {}

  Status add(const fs::path& path, std::vector<std::string> keys, bool named, int depth = 0) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (error || status.type() == fs::file_type::not_found) {
      return fail(Errc::bad_file, printable(path.string()) + ": no such file or folder");
    }
    if (status.type() != fs::file_type::directory) {
      return add_file(path, keys, named);
    }
    if (depth > kMaxFolderDepth) {
      return fail(Errc::bad_file, printable(path.string()) + ": folders are nested too deeply");
    }
    std::vector<fs::path> entries;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      if (!is_left_out(entry->path())) {
        entries.push_back(entry->path());
      }
    }
    if (error) {
      return fail(Errc::bad_file, printable(path.string()) + ": " + error.message());
    }
    std::ranges::sort(entries);
    for (const auto& entry : entries) {
      auto inner = keys;
      if (fs::is_directory(entry, error)) {
        inner.push_back(entry.filename().string());
      }
      UNHIDRA_TRY_VOID(add(entry, std::move(inner), false, depth + 1));
    }
    return {};
  }

  Documents take() { return std::move(out_); }

 private:
  bool is_left_out(const fs::path& path) const {
    const std::string name = path.filename().string();
    return name.starts_with('.') || std::ranges::any_of(ignored_, [&](const std::string& pattern) {
             return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
           });
  }

  Status add_file(const fs::path& path, const std::vector<std::string>& keys, bool named) {
    if (path.extension() == ".rego") {
      auto bytes = runtime::read_file(path, kMaxPolicyFile);
      if (!bytes) {
        return fail(Errc::bad_file, bytes.error().message());
      }
      out_.modules.push_back({path.string(), std::string(as_text(*bytes))});
      return {};
    }
    if (modules_alone_ || !is_data_file(path)) {
      return named ? Status(fail(Errc::bad_file,
                                 printable(path.string()) +
                                     (modules_alone_ ? ": not a .rego file"
                                                     : ": not a .rego, .json, .yaml or .yml file")))
                   : Status();
    }
    UNHIDRA_TRY(auto value, load_document(path));
    if (keys.empty() && !value.is(Kind::object)) {
      return fail(Errc::bad_file, printable(path.string()) + ": data must be an object");
    }
    auto merged = merge(out_.data, nest(keys, std::move(value)));
    if (!merged) {
      return fail(std::move(merged).error().in(printable(path.string())));
    }
    out_.data = std::move(*merged);
    return {};
  }

  std::span<const std::string> ignored_;
  bool modules_alone_;
  Documents out_;
};

std::vector<std::string> split_keys(std::string_view dotted) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= dotted.size();) {
    const auto end = std::min(dotted.find('.', at), dotted.size());
    out.emplace_back(dotted.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

Value nest(std::span<const std::string> keys, Value value) {
  for (std::size_t i = keys.size(); i > 0; --i) {
    value = Value::object({{Value::string(keys[i - 1]), std::move(value)}});
  }
  return value;
}

Result<Value> merge(const Value& a, const Value& b) {
  if (!a.is(Kind::object) || !b.is(Kind::object)) {
    return a == b ? Result<Value>(a)
                  : fail(Errc::conflict, "two files give one place in data different values");
  }
  std::vector<Value::Member> members(a.members().begin(), a.members().end());
  for (const auto& [key, value] : b.members()) {
    const Value* known = a.find(key);
    if (known == nullptr) {
      members.emplace_back(key, value);
      continue;
    }
    auto joined = merge(*known, value);
    if (!joined) {
      return fail(std::move(joined).error().in(rego::to_term(key)));
    }
    members.emplace_back(key, std::move(*joined));
  }
  return Value::object(std::move(members));
}

Result<Value> parse_document(std::string_view name, std::string_view text) {
  const auto end = fs::path(name).extension();
  auto out =
      end == ".yaml" || end == ".yml" ? rego::value_from_yaml(text) : rego::value_from_json(text);
  if (!out) {
    return fail(Errc::bad_file, printable(name) + ": " + printable(out.error().message()));
  }
  return out;
}

Result<Value> load_document(const fs::path& file) {
  auto bytes = runtime::read_file(file, kMaxPolicyFile);
  if (!bytes) {
    return fail(Errc::bad_file, bytes.error().message());
  }
  return parse_document(file.string(), as_text(*bytes));
}

Result<Documents> load_paths(std::span<const std::string> paths,
                             std::span<const std::string> ignored) {
  Loader loader(ignored, false);
  for (const auto& path : paths) {
    // "a.b:path", unless that is a file's own name.
    const auto colon = path.find(':');
    std::error_code error;
    if (colon != std::string::npos && colon > 0 && !fs::exists(path, error)) {
      UNHIDRA_TRY_VOID(loader.add(path.substr(colon + 1), split_keys(path.substr(0, colon)), true));
    } else {
      UNHIDRA_TRY_VOID(loader.add(path, {}, true));
    }
  }
  return loader.take();
}

Result<std::vector<rego::ModuleSource>> load_modules(std::span<const std::string> paths,
                                                     std::span<const std::string> ignored) {
  Loader loader(ignored, true);
  for (const auto& path : paths) {
    UNHIDRA_TRY_VOID(loader.add(path, {}, true));
  }
  return loader.take().modules;
}

std::string revision_of(const Documents& documents) {
  if (!documents.revision.empty()) {
    return documents.revision;
  }
  std::string all;
  const auto add = [&all](std::string_view part) {
    all.append(std::to_string(part.size())).append(":").append(part);
  };
  for (const auto& module : documents.modules) {
    add(module.file);
    add(module.text);
    if (module.syntax) {
      add(*module.syntax == rego::Syntax::v0 ? "v0" : "v1");
    }
  }
  add(rego::value_to_json(documents.data));
  const auto digest = crypto::native_provider().sha256(as_bytes(all));
  return "sha256:" + to_hex(ByteView(digest).first(digest.size() / 2));
}

std::string file_stamp(const fs::path& path) {
  std::error_code error;
  std::string out;
  const auto add = [&](const fs::path& file) {
    const auto time = fs::last_write_time(file, error).time_since_epoch().count();
    const auto size = fs::is_regular_file(file, error) ? fs::file_size(file, error) : 0;
    out.append(file.string()).append("\n");
    out.append(std::to_string(time)).append(" ").append(std::to_string(size)).append("\n");
  };
  add(path);
  if (!fs::is_directory(path, error)) {
    return out;
  }
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator entry(path, error), end;
       !error && entry != end && files.size() < kMaxStampedFiles; entry.increment(error)) {
    files.push_back(entry->path());
  }
  std::ranges::sort(files);
  std::ranges::for_each(files, add);
  return out;
}

}  // namespace unhidra::policy
