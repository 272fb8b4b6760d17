#include "builtins/json_patch.h"

#include <charconv>

#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::size_t kMaxPath = 512;

std::string unescape_pointer(std::string_view step) {
  // "~1" first: RFC 6901 section 4.
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  const Replacer slash(Pairs{{"~1", "/"}});
  const Replacer tilde(Pairs{{"~0", "~"}});
  return tilde.replace(slash.replace(step, step.size()), step.size());
}

// A position in a list: a number, or its canonical decimal text.
std::optional<std::size_t> index_of(const Value& key) {
  if (!key.is(Kind::string) && !key.is(Kind::number)) {
    return std::nullopt;
  }
  const std::string& text = key.text();
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() ||
      (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  return out;
}

bool is_end_of_list(const Value& key) {
  return key.is(Kind::string) && key.text() == "-";
}

Result<Value> with_child(const Value& parent, const Value& key, Value child) {
  std::vector<Value> elements(parent.elements().begin(), parent.elements().end());
  switch (parent.kind()) {
    case Kind::object: {
      std::vector<Value::Member> members(parent.members().begin(), parent.members().end());
      members.emplace_back(key, std::move(child));
      return Value::object(std::move(members));
    }
    case Kind::array:
      elements[*index_of(key)] = std::move(child);
      return Value::array(std::move(elements));
    default:
      std::erase_if(elements, [&](const Value& v) { return v == key; });
      elements.push_back(std::move(child));
      return Value::set(std::move(elements));
  }
}

Result<Value> inserted(const Value& parent, const Value& key, const Value& value) {
  std::vector<Value> elements(parent.elements().begin(), parent.elements().end());
  switch (parent.kind()) {
    case Kind::object:
      return with_child(parent, key, value);
    case Kind::set:
      // An element is its own key.
      if (!(key == value)) {
        return failed("set key " + to_term(key) + " does not equal value to be inserted " +
                      to_term(value));
      }
      elements.push_back(value);
      return Value::set(std::move(elements));
    case Kind::array: {
      const auto index = is_end_of_list(key) ? std::optional(elements.size()) : index_of(key);
      if (!index || *index > elements.size()) {
        return failed("index out of range");
      }
      elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(*index), value);
      return Value::array(std::move(elements));
    }
    default:
      return failed("expected composite type, found value");
  }
}

Result<Value> removed(const Value& parent, const Value& key) {
  if (child_of(parent, key) == nullptr) {
    return failed("path " + to_term(key) + " does not exist in " +
                  std::string(kind_name(parent.kind())));
  }
  if (parent.is(Kind::object)) {
    std::vector<Value::Member> members(parent.members().begin(), parent.members().end());
    std::erase_if(members, [&](const auto& member) { return member.first == key; });
    return Value::object(std::move(members));
  }
  std::vector<Value> elements(parent.elements().begin(), parent.elements().end());
  if (parent.is(Kind::array)) {
    elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(*index_of(key)));
    return Value::array(std::move(elements));
  }
  std::erase_if(elements, [&](const Value& v) { return v == key; });
  return Value::set(std::move(elements));
}

class Patcher {
 public:
  Patcher(Value document, Environment& environment)
      : document_(std::move(document)), environment_(environment) {}

  Status apply(const Value& operation) {
    if (!operation.is(Kind::object)) {
      return failed(
          "must be an array of JSON-Patch objects, but at least one element is not an "
          "object");
    }
    UNHIDRA_TRY(const Value op, attribute(operation, "op"));
    UNHIDRA_TRY(const Value path_value, attribute(operation, "path"));
    UNHIDRA_TRY(const Path path, read_path(path_value));
    const std::string name = op.is(Kind::string) ? op.text() : "";
    if (name == "add" || name == "replace" || name == "test") {
      UNHIDRA_TRY(const Value value, attribute(operation, "value"));
      return name == "add"       ? add(path, value)
             : name == "replace" ? replace(path, value)
                                 : test(path, value);
    }
    if (name == "remove") {
      return remove(path);
    }
    if (name == "move" || name == "copy") {
      UNHIDRA_TRY(const Value from_value, attribute(operation, "from"));
      UNHIDRA_TRY(const Path from, read_path(from_value));
      UNHIDRA_TRY(const Value value, at(from));
      if (name == "move") {
        UNHIDRA_TRY_VOID(remove(from));
      }
      return add(path, value);
    }
    return failed("unrecognized op '" + name + "'");
  }

  Value take() { return std::move(document_); }

 private:
  static Result<Value> attribute(const Value& operation, std::string_view name) {
    const Value* found = operation.find(name);
    if (found == nullptr) {
      return failed("missing '" + std::string(name) + "' attribute");
    }
    return *found;
  }

  Result<Value> at(const Path& path) const {
    Value here = document_;
    for (const Value& key : path) {
      const Value* next = child_of(here, key);
      if (next == nullptr) {
        return failed("path does not exist");
      }
      here = Value(*next);
    }
    return here;
  }

  // Rebuilds what lies on the way to the parent of the path's last key.
  template <class Change>
  Status edit(const Path& path, Change change) {
    std::vector<Value> way = {document_};
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      const Value* next = child_of(way.back(), path[i]);
      if (next == nullptr) {
        return failed("path does not exist");
      }
      way.push_back(Value(*next));
    }
    for (const Value& step : way) {
      UNHIDRA_TRY_VOID(environment_.charge((step.size() + 1) * sizeof(Value::Member)));
    }
    UNHIDRA_TRY(Value changed, change(way.back(), path.back()));
    for (std::size_t i = way.size() - 1; i-- > 0;) {
      UNHIDRA_TRY(changed, with_child(way[i], path[i], std::move(changed)));
    }
    document_ = std::move(changed);
    return {};
  }

  Status add(const Path& path, const Value& value) {
    if (path.empty()) {
      document_ = value;
      return {};
    }
    return edit(
        path, [&](const Value& parent, const Value& key) { return inserted(parent, key, value); });
  }

  Status remove(const Path& path) {
    if (path.empty()) {
      document_ = Value();
      return {};
    }
    return edit(path, [](const Value& parent, const Value& key) { return removed(parent, key); });
  }

  Status replace(const Path& path, const Value& value) {
    if (!path.empty()) {
      UNHIDRA_TRY_VOID(remove(path));
    }
    return add(path, value);
  }

  Status test(const Path& path, const Value& value) {
    UNHIDRA_TRY(const Value found, at(path));
    if (!(found == value)) {
      return failed("value from EditTree != patch value.\n\nExpected: " + to_term(value) +
                    "\n\nFound: " + to_term(found));
    }
    return {};
  }

  Value document_;
  Environment& environment_;
};

}  // namespace

Result<Path> read_path(const Value& path) {
  Path out;
  if (path.is(Kind::array)) {
    out.assign(path.elements().begin(), path.elements().end());
  } else if (path.is(Kind::string)) {
    if (!path.text().empty()) {
      for (const std::string_view step : split(trim_left(path.text(), "/"), "/")) {
        out.push_back(Value::string(unescape_pointer(step)));
      }
    }
  } else {
    return operand_error(2,
                         "must be one of {set, array} containing string paths or array of path "
                         "segments but got " +
                             std::string(kind_name(path.kind())));
  }
  if (out.size() > kMaxPath) {
    return fail(CallErrc::exhausted, "the path is too long");
  }
  return out;
}

Result<std::vector<Path>> read_paths(const Value& operand) {
  if (!operand.is(Kind::array) && !operand.is(Kind::set)) {
    return wrong_kind(2, operand, {"set", "array"});
  }
  std::vector<Path> out;
  for (const Value& element : operand.elements()) {
    UNHIDRA_TRY(Path path, read_path(element));
    out.push_back(std::move(path));
  }
  return out;
}

namespace {

// `tree` with the path from its `i`-th step on.
Value with_path(const Value* tree, const Path& path, std::size_t i) {
  if (i == path.size() || (tree != nullptr && !tree->is(Kind::object))) {
    return {};  // null: everything below
  }
  std::vector<Value::Member> members;
  if (tree != nullptr) {
    members.assign(tree->members().begin(), tree->members().end());
  }
  members.emplace_back(path[i],
                       with_path(tree != nullptr ? tree->find(path[i]) : nullptr, path, i + 1));
  return Value::object(std::move(members));
}

}  // namespace

Value tree_of_paths(const std::vector<Path>& paths) {
  Value tree = Value::object({});
  for (const Path& path : paths) {
    if (!path.empty()) {
      tree = with_path(&tree, path, 0);
    }
  }
  return tree;
}

const Value* child_of(const Value& parent, const Value& key) {
  switch (parent.kind()) {
    case Kind::object:
      return parent.find(key);
    case Kind::array: {
      const auto index = index_of(key);
      return index && *index < parent.size() ? &parent.elements()[*index] : nullptr;
    }
    case Kind::set:
      for (const Value& element : parent.elements()) {
        if (element == key) {
          return &element;
        }
      }
      return nullptr;
    default:
      return nullptr;
  }
}

Result<Value> apply_patch(const Value& document, const Value& operations,
                          Environment& environment) {
  Patcher patcher(document, environment);
  for (const Value& operation : operations.elements()) {
    UNHIDRA_TRY_VOID(patcher.apply(operation));
  }
  return patcher.take();
}

}  // namespace unhidra::rego::builtins
