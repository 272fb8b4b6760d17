#pragma once
// A YAML text as a tree that still knows its lines, and whether a scalar was quoted: what it means
// depends on who asks (yaml_text.h, annotations).

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unhidra::rego::builtins {

struct YamlNode;
// Shared: an alias is the node that it names.
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlNode {
  enum class Kind : std::uint8_t { scalar, sequence, mapping };

  Kind kind = Kind::scalar;
  bool is_plain = false;           // a scalar that is neither quoted nor a block
  std::string text;                // of a scalar
  std::string tag;                 // as written; empty: none
  int line = 0;                    // from 1
  std::vector<YamlNodePtr> items;  // of a sequence; of a mapping keys and values in turn
};

// Why a text is none.
struct YamlFault {
  std::string problem;   // "did not find expected key"
  int line = 0;          // where it shows, from 0
  int context_line = 0;  // where what it is in began, from 0
  bool is_scan = false;  // a token is wrong, not what it stands in
};

// The first document; an empty text is a plain scalar without characters. What is nested more
// deeply than `max_depth` is a fault.
std::expected<YamlNodePtr, YamlFault> read_yaml(std::string_view text, int max_depth);

}  // namespace unhidra::rego::builtins
