#pragma once
// The YAML of a metadata comment: which members there are, and of which types.

#include <expected>
#include <string>
#include <string_view>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

struct AnnotationProblem {
  std::string message;  // the reference's
  int line = 0;         // as `message` tells it; 0: it tells none
  bool is_yaml =
      false;  // the text is no YAML, or of other types; otherwise it says something wrong
};

// An object with what was said of `scope` (a string), `title`, `description`, `organizations`,
// `entrypoint` (true), `authors` ({name, email}), `related_resources` ({ref, description}),
// `schemas` ({path, schema or definition}; paths are lists), `custom` and `compile`. Members of
// other names are left out.
std::expected<Value, AnnotationProblem> read_annotation(std::string_view yaml);

}  // namespace unhidra::rego
