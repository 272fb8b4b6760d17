#pragma once
// Metadata: comments in YAML that begin with METADATA and belong to what follows them.

#include <span>
#include <vector>

#include "syntax/ast.h"
#include "syntax/lexer.h"

namespace unhidra::rego {

// At the beginning of a comment.
struct AnnotationFault {
  std::uint32_t row = 0;
  std::size_t begin = 0;  // bytes
  std::string message;
};

struct ReadAnnotation {
  Annotation annotation;
  std::size_t begin = 0;  // of its comment, in bytes
};

// Every block of comments that is one; what cannot be read is a fault.
std::vector<ReadAnnotation> read_annotations(std::span<const Comment> comments,
                                             std::vector<AnnotationFault>& faults);
// Each to the package or rule behind it, of which it must be able to say something. `imports`: the
// rows of all imports.
void attach_annotations(std::vector<ReadAnnotation> annotations,
                        std::span<const std::uint32_t> imports, Module& module,
                        std::vector<AnnotationFault>& faults);

}  // namespace unhidra::rego
