#pragma once
// The families of built-in functions; function.cpp joins them.

#include "builtins/function.h"

namespace unhidra::rego::builtins {

std::span<const Builtin> number_family();
std::span<const Builtin> collection_family();
std::span<const Builtin> graph_family();
std::span<const Builtin> object_family();
std::span<const Builtin> string_family();
std::span<const Builtin> regex_family();
std::span<const Builtin> encoding_family();
std::span<const Builtin> time_family();
std::span<const Builtin> net_family();
std::span<const Builtin> crypto_family();
std::span<const Builtin> token_family();
std::span<const Builtin> graphql_family();
std::span<const Builtin> language_family();
std::span<const Builtin> schema_family();
std::span<const Builtin> semver_family();
std::span<const Builtin> trace_family();
std::span<const Builtin> units_family();
std::span<const Builtin> uuid_family();
std::span<const Builtin> testing_family();

}  // namespace unhidra::rego::builtins
