#include "syntax/annotation_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "builtins/go_text.h"
#include "builtins/yaml_text.h"
#include "syntax/annotation_parts.h"
#include "syntax/parser.h"

namespace unhidra::rego {
namespace {

using builtins::YamlBooleans;
using builtins::YamlNode;
using NodeKind = YamlNode::Kind;

constexpr auto kBooleans = YamlBooleans::only_true_and_false;
constexpr std::size_t kMostTroubles = 20;

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

bool is_null(const YamlNode& node) {
  return node.kind == NodeKind::scalar && builtins::yaml_scalar(node, kBooleans).is(Kind::null);
}

// "!!str", "!!seq": as the reference names what it found.
std::string tag_of(const YamlNode& node) {
  if (node.kind != NodeKind::scalar) {
    return node.kind == NodeKind::sequence ? "!!seq" : "!!map";
  }
  switch (const Value value = builtins::yaml_scalar(node, kBooleans); value.kind()) {
    case Kind::null:
      return "!!null";
    case Kind::boolean:
      return "!!bool";
    case Kind::number:
      return value.text().find_first_of(".eE") == std::string::npos ? "!!int" : "!!float";
    default:
      return "!!str";
  }
}

class Reader {
 public:
  std::expected<Value, AnnotationProblem> read(std::string_view yaml) {
    const auto tree = builtins::read_yaml(yaml, builtins::kMaxYamlDepth);
    if (!tree) {
      return std::unexpected(unreadable(tree.error()));
    }
    if (is_null(**tree)) {
      return Value::object({});
    }
    unique_keys(**tree);
    if ((*tree)->kind != NodeKind::mapping) {
      mismatch(**tree, "ast.rawAnnotation");
    } else if (troubles_.empty()) {
      members(**tree);
    }
    if (!troubles_.empty()) {
      std::string message = "yaml: unmarshal errors:";
      for (const auto& [line, trouble] : troubles_) {
        message += "\n  line " + std::to_string(line) + ": " + trouble;
      }
      return std::unexpected(AnnotationProblem{std::move(message), troubles_[0].first, true});
    }
    if (!wrong_.empty()) {
      return std::unexpected(AnnotationProblem{.message = std::move(wrong_)});
    }
    return Value::object(std::move(out_));
  }

 private:
  // The reference counts from the begin of what the fault is in, if that is not the first line.
  static AnnotationProblem unreadable(const builtins::YamlFault& fault) {
    const int from = fault.context_line != 0 ? fault.context_line : fault.line;
    const int line = from == 0 ? 0 : from + (fault.is_scan ? 1 : 0);
    return {"yaml: " + (line == 0 ? "" : "line " + std::to_string(line) + ": ") + fault.problem,
            line, true};
  }

  void trouble(int line, std::string what) { troubles_.emplace_back(line, std::move(what)); }

  void mismatch(const YamlNode& node, std::string_view wanted) {
    std::string value;
    if (node.kind == NodeKind::scalar) {
      value = " `" + (node.text.size() > 10 ? node.text.substr(0, 7) + "..." : node.text) + "`";
    }
    trouble(node.line, "cannot unmarshal " + tag_of(node) + value + " into " + std::string(wanted));
  }

  void unique_keys(const YamlNode& node) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const bool is_key = node.kind == NodeKind::mapping && i % 2 == 0;
      const YamlNode& first = *node.items[i];
      for (std::size_t j = i + 2; is_key && j < node.items.size(); j += 2) {
        const YamlNode& second = *node.items[j];
        if (first.kind == NodeKind::scalar && second.kind == NodeKind::scalar &&
            first.text == second.text) {
          trouble(second.line, "mapping key " + builtins::quote(second.text) +
                                   " already defined at line " + std::to_string(first.line));
        }
      }
      if (troubles_.size() < kMostTroubles) {
        unique_keys(first);
      }
    }
  }

  void members(const YamlNode& node) {
    // In the order in which the reference looks at what they say.
    using Read = void (Reader::*)(std::string_view, const YamlNode&);
    static constexpr std::array<std::pair<std::string_view, Read>, 10> kMembers{
        {{"scope", &Reader::string},
         {"title", &Reader::string},
         {"description", &Reader::string},
         {"entrypoint", &Reader::flag},
         {"organizations", &Reader::strings},
         {"related_resources", &Reader::related_resources},
         {"schemas", &Reader::schemas},
         {"authors", &Reader::authors},
         {"custom", &Reader::mapping},
         {"compile", &Reader::compile}}};
    for (const auto& [name, read] : kMembers) {
      for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
        if (node.items[i]->text == name && !is_null(*node.items[i + 1])) {
          (this->*read)(name, *node.items[i + 1]);
        }
      }
    }
    std::ranges::stable_sort(troubles_, {}, &std::pair<int, std::string>::first);
  }

  void say(std::string_view name, Value value) { out_.emplace_back(text(name), std::move(value)); }
  // The first that is wrong is told.
  void refuse(std::string message) {
    if (wrong_.empty()) {
      wrong_ = std::move(message);
    }
  }

  void string(std::string_view name, const YamlNode& node) {
    if (node.kind != NodeKind::scalar) {
      mismatch(node, "string");
    } else if (!node.text.empty()) {
      say(name, text(node.text));
    }
  }

  void flag(std::string_view name, const YamlNode& node) {
    using Words = std::initializer_list<std::string_view>;
    const auto is_one_of = [&](Words words) {
      return node.kind == NodeKind::scalar &&
             std::ranges::find(words, std::string_view(node.text)) != words.end();
    };
    const bool is_plain = node.kind == NodeKind::scalar && node.is_plain;
    if (is_one_of({"y", "Y", "yes", "on"}) || (is_plain && is_one_of({"true", "True", "TRUE"}))) {
      say(name, Value::boolean(true));
    } else if (!is_one_of({"n", "N", "no", "off"}) &&
               !(is_plain && is_one_of({"false", "False", "FALSE"}))) {
      mismatch(node, "bool");
    }
  }

  // False: it is no list, which has been told.
  bool is_list(const YamlNode& node, std::string_view wanted) {
    if (node.kind != NodeKind::sequence) {
      mismatch(node, wanted);
    }
    return node.kind == NodeKind::sequence;
  }

  void strings(std::string_view name, const YamlNode& node) {
    if (!is_list(node, "[]string")) {
      return;
    }
    std::vector<Value> all;
    for (const auto& item : node.items) {
      if (item->kind == NodeKind::scalar) {
        all.push_back(text(is_null(*item) ? std::string_view() : item->text));
      } else {
        mismatch(*item, "string");
      }
    }
    if (!all.empty()) {
      say(name, Value::array(std::move(all)));
    }
  }

  // Whether all keys are text; `path`: the keys above.
  bool has_text_keys(const YamlNode& node, const std::string& path) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      std::string below = path;
      if (node.kind == NodeKind::mapping) {
        const YamlNode& key = *node.items[i++];
        if (key.kind != NodeKind::scalar ||
            !builtins::yaml_scalar(key, kBooleans).is(Kind::string)) {
          refuse("invalid map key type(s): " + path);
          return false;
        }
        below += (path.empty() ? "" : "/") + key.text;
      }
      if (!has_text_keys(*node.items[i], below)) {
        return false;
      }
    }
    return true;
  }

  // Any value. Nothing: it cannot be one, which has been told.
  std::optional<Value> any(const YamlNode& node) {
    builtins::Environment environment;
    auto value = builtins::value_of_yaml(node, environment, kBooleans);
    if (!value) {
      refuse(value.error().message());
      return std::nullopt;
    }
    return std::move(*value);
  }

  // Lists of what one function reads.
  void each(std::string_view name, const YamlNode& node, std::string_view what,
            AnnotationPart (*read_one)(const Value&)) {
    if (!is_list(node, "[]interface {}")) {
      return;
    }
    std::vector<Value> all;
    for (const auto& item : node.items) {
      const auto written = has_text_keys(*item, "") ? any(*item) : std::nullopt;
      if (!written) {
        return;
      }
      auto said = read_one(*written);
      if (!said) {
        return refuse("invalid " + std::string(what) + " definition " + annotated_text(*written) +
                      ": " + said.error());
      }
      all.push_back(std::move(*said));
    }
    if (!all.empty()) {
      say(name, Value::array(std::move(all)));
    }
  }
  void authors(std::string_view name, const YamlNode& node) {
    each(name, node, "author", annotated_author);
  }
  void related_resources(std::string_view name, const YamlNode& node) {
    each(name, node, "related-resource", annotated_resource);
  }

  void schemas(std::string_view name, const YamlNode& node) {
    if (!is_list(node, "[]map[string]interface {}")) {
      return;
    }
    std::vector<Value> all;
    for (const auto& item : node.items) {
      if (item->kind != NodeKind::mapping) {
        mismatch(*item, "map[string]interface {}");
        continue;
      }
      const auto written = any(*item);
      for (const auto& [place, what] :
           written ? written->members() : std::span<const Value::Member>()) {
        auto said = annotated_schema(place.text(), what);
        if (!said) {
          return refuse(said.error());
        }
        all.push_back(std::move(*said));
      }
    }
    if (!all.empty()) {
      say(name, Value::array(std::move(all)));
    }
  }

  void mapping(std::string_view name, const YamlNode& node) {
    if (node.kind != NodeKind::mapping) {
      return mismatch(node, "map[string]interface {}");
    }
    for (std::size_t i = 1; i < node.items.size(); i += 2) {
      if (!has_text_keys(*node.items[i], "")) {
        return;
      }
    }
    const auto value = any(node);
    if (value && value->size() != 0) {
      say(name, *value);
    }
  }

  // References that its filters leave unknown, and the rule that masks what they answer.
  void compile(std::string_view name, const YamlNode& node) {
    const std::size_t before = out_.size();
    mapping(name, node);
    if (out_.size() == before) {
      return;
    }
    const Value said = out_.back().second;
    if (const Value* unknowns = said.find("unknowns")) {
      for (const Value& one : unknowns->elements()) {
        if (one.is(Kind::string) && !annotated_path(one.text())) {
          refuse("invalid unknowns element " + builtins::quote(one.text()));
        }
      }
    }
    const Value* mask = said.find("mask_rule");
    if (mask != nullptr && mask->is(Kind::string) && !parse_query(mask->text())) {
      refuse("invalid mask_rule annotation " + builtins::quote(mask->text()));
    }
  }

  std::vector<Value::Member> out_;
  std::vector<std::pair<int, std::string>> troubles_;
  std::string wrong_;
};

}  // namespace

std::expected<Value, AnnotationProblem> read_annotation(std::string_view yaml) {
  return Reader().read(yaml);
}

}  // namespace unhidra::rego
