#pragma once
// What the members of an annotation say, beyond their types.

#include <expected>
#include <optional>
#include <string>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

using AnnotationPart = std::expected<Value, std::string>;  // or why it says nothing

// {name, email}, from an object or "Ann <ann@example.org>".
AnnotationPart annotated_author(const Value& written);
// {ref, description}, from an object or an address.
AnnotationPart annotated_resource(const Value& written);
// {path, schema or definition}.
AnnotationPart annotated_schema(const std::string& place, const Value& written);
// The parts of a reference, variables by their names. Nothing: it is none.
std::optional<Value> annotated_path(const std::string& written);
// A value as the reference puts it into its messages.
std::string annotated_text(const Value& value);

}  // namespace unhidra::rego
