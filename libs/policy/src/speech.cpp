#include "unhidra/policy/speech.h"

#include <algorithm>

namespace unhidra::policy {
namespace {

// Whether `path` is `prefix` or lies in it.
bool lies_in(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || path[prefix.size()] == '.' || path[prefix.size()] == '[');
}

// What stands at data.a.b in the data; what is no object on the way has said all it can.
bool is_in(const rego::Value& data, std::string_view path) {
  const rego::Value* at = &data;
  path.remove_prefix(std::min(path.find('.'), path.size()));  // "data"
  while (!path.empty() && at->is(rego::Kind::object)) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('.'), path.size());
    at = at->find(path.substr(0, end));
    if (at == nullptr) {
      return false;
    }
    path.remove_prefix(end);
  }
  return true;
}

}  // namespace

bool speaks_of(std::span<const rego::RuleInfo> rules, const rego::Value& data,
               std::string_view query) {
  const auto package = query.substr(0, query.rfind('.'));
  return is_in(data, package) || std::ranges::any_of(rules, [&](const rego::RuleInfo& rule) {
           return lies_in(rule.path, package) || lies_in(package, rule.path);
         });
}

}  // namespace unhidra::policy
