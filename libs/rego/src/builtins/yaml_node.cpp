#include "builtins/yaml_node.h"

#include <map>
#include <optional>
#include <set>
#include <yaml.h>

namespace unhidra::rego::builtins {
namespace {

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

// Events of the first document, composed.
class Composer {
 public:
  Composer(std::string_view text, int max_depth) : max_depth_(max_depth) {
    if (yaml_parser_initialize(&parser_) == 0) {
      throw std::bad_alloc();
    }
    // It takes no null pointer, which an empty view may have.
    const char* const start = text.empty() ? "" : text.data();
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(start),
                                 text.size());
  }
  ~Composer() {
    drop();
    yaml_parser_delete(&parser_);
  }
  Composer(const Composer&) = delete;
  Composer& operator=(const Composer&) = delete;

  std::expected<YamlNodePtr, YamlFault> document() {
    YamlNodePtr out;
    // The stream's begin, then the document's, or the stream's end.
    if (next() && next()) {
      if (event_.type == YAML_STREAM_END_EVENT) {
        auto none = std::make_shared<YamlNode>();
        none->is_plain = true;
        none->line = 1;
        out = std::move(none);
      } else if (next()) {
        out = node(0);
      }
      // Behind it must stand another document, or nothing.
      if (out != nullptr && event_.type != YAML_STREAM_END_EVENT && !next()) {
        out = nullptr;
      }
    }
    if (out == nullptr) {
      return std::unexpected(std::move(*fault_));
    }
    return out;
  }

 private:
  void drop() {
    if (has_event_) {
      yaml_event_delete(&event_);
      has_event_ = false;
    }
  }

  // False: the text is none.
  bool next() {
    drop();
    if (yaml_parser_parse(&parser_, &event_) != 0) {
      has_event_ = true;
      return true;
    }
    fault_ = YamlFault{
        .problem = parser_.problem == nullptr ? "unknown problem parsing YAML content"
                                              : std::string(parser_.problem),
        .line =
            parser_.error == YAML_READER_ERROR ? 0 : static_cast<int>(parser_.problem_mark.line),
        .context_line = static_cast<int>(parser_.context_mark.line),
        .is_scan = parser_.error == YAML_SCANNER_ERROR};
    return false;
  }

  YamlNodePtr refuse(std::string problem) {
    fault_ = YamlFault{.problem = std::move(problem)};
    return nullptr;
  }

  // Of the event that was read. Null: refused.
  YamlNodePtr node(int depth) {
    if (depth > max_depth_) {
      return refuse("exceeded max depth of " + std::to_string(max_depth_));
    }
    auto out = std::make_shared<YamlNode>();
    out->line = static_cast<int>(event_.start_mark.line) + 1;
    switch (event_.type) {
      case YAML_ALIAS_EVENT:
        return alias(text_of(event_.data.alias.anchor));
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event_.data.scalar;
        out->text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
        out->tag = text_of(scalar.tag);
        out->is_plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return named(text_of(scalar.anchor), std::move(out));
      }
      case YAML_SEQUENCE_START_EVENT:
        out->kind = YamlNode::Kind::sequence;
        out->tag = text_of(event_.data.sequence_start.tag);
        return collection(text_of(event_.data.sequence_start.anchor), std::move(out), depth);
      case YAML_MAPPING_START_EVENT:
        out->kind = YamlNode::Kind::mapping;
        out->tag = text_of(event_.data.mapping_start.tag);
        return collection(text_of(event_.data.mapping_start.anchor), std::move(out), depth);
      default:
        return refuse("unknown problem parsing YAML content");
    }
  }

  YamlNodePtr collection(const std::string& anchor, std::shared_ptr<YamlNode> out, int depth) {
    if (!anchor.empty()) {
      open_.insert(anchor);
    }
    while (next()) {
      if (event_.type == YAML_SEQUENCE_END_EVENT || event_.type == YAML_MAPPING_END_EVENT) {
        return named(anchor, std::move(out));
      }
      YamlNodePtr item = node(depth + 1);
      if (item == nullptr) {
        return nullptr;
      }
      out->items.push_back(std::move(item));
    }
    return nullptr;
  }

  YamlNodePtr named(const std::string& anchor, YamlNodePtr node) {
    if (!anchor.empty()) {
      open_.erase(anchor);
      anchors_.insert_or_assign(anchor, node);
    }
    return node;
  }

  YamlNodePtr alias(const std::string& name) {
    if (open_.contains(name)) {
      return refuse("anchor '" + name + "' value contains itself");
    }
    const auto found = anchors_.find(name);
    return found == anchors_.end() ? refuse("unknown anchor '" + name + "' referenced")
                                   : found->second;
  }

  const int max_depth_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool has_event_ = false;
  std::map<std::string, YamlNodePtr> anchors_;
  std::set<std::string> open_;
  std::optional<YamlFault> fault_;
};

}  // namespace

std::expected<YamlNodePtr, YamlFault> read_yaml(std::string_view text, int max_depth) {
  return Composer(text, max_depth).document();
}

}  // namespace unhidra::rego::builtins
