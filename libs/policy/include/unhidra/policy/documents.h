#pragma once
// Policies and data as they lie in files. Blocking: call it at start-up or on a worker.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/policy/errc.h"
#include "unhidra/rego/engine.h"

namespace unhidra::policy {

// What an engine is loaded with.
struct Documents {
  std::vector<rego::ModuleSource> modules;
  rego::Value data = rego::Value::object({});
  std::string revision;  // of a bundle; empty: none is known
};

inline constexpr std::size_t kMaxPolicyFile = 64 << 20;  // bytes

// Each path is a file (.rego, .json, .yaml, .yml) or a folder of them; in a folder, JSON and YAML
// stand in data under the names of the folders that they lie in, as with the Open Policy Agent.
// "a.b:path" puts what the path holds under data.a.b. Files are read in the order of their names;
// hidden ones, and names that match a pattern of `ignored` (fnmatch(3)), are left out.
Result<Documents> load_paths(std::span<const std::string> paths,
                             std::span<const std::string> ignored = {});

// Only the modules of the same paths; other files are not looked at.
Result<std::vector<rego::ModuleSource>> load_modules(std::span<const std::string> paths,
                                                     std::span<const std::string> ignored = {});

// What the documents are called: their own revision, or "sha256:" and the first half of the digest
// of their content.
std::string revision_of(const Documents& documents);

// Changes when a file does, or the files of a folder: names, sizes and times. Reads no content.
std::string file_stamp(const std::filesystem::path& path);

// JSON or, by the name's end, YAML.
Result<rego::Value> load_document(const std::filesystem::path& file);
Result<rego::Value> parse_document(std::string_view name, std::string_view text);

// `value` under these keys.
rego::Value nest(std::span<const std::string> keys, rego::Value value);
// Objects are joined; anything else that stands in both, unless equal, is Errc::conflict.
Result<rego::Value> merge(const rego::Value& a, const rego::Value& b);

}  // namespace unhidra::policy
