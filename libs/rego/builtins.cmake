# The built-in functions of the policy language; a list of its own, so that the engine's stays short.
set(rego_builtin_sources
  src/builtins/duration.cpp
  src/builtins/family_collections.cpp src/builtins/family_crypto.cpp src/builtins/family_encoding.cpp src/builtins/family_graph.cpp
  src/builtins/family_graphql.cpp src/builtins/family_language.cpp src/builtins/family_schema.cpp src/builtins/family_semver.cpp src/builtins/family_net.cpp
  src/builtins/family_numbers.cpp src/builtins/family_objects.cpp src/builtins/family_regex.cpp
  src/builtins/family_strings.cpp src/builtins/family_testing.cpp src/builtins/family_time.cpp src/builtins/family_tokens.cpp src/builtins/family_trace.cpp src/builtins/family_units.cpp src/builtins/family_uuid.cpp
  src/builtins/function.cpp src/builtins/glob.cpp src/builtins/go_format.cpp src/builtins/go_operand.cpp src/builtins/go_text.cpp
  src/builtins/go_time.cpp src/builtins/graphql_lexer.cpp src/builtins/graphql_query_parser.cpp src/builtins/graphql_reader.cpp src/builtins/graphql_schema_parser.cpp src/builtins/graphql_tree.cpp src/builtins/graphql_values.cpp
  src/builtins/graphql_query.cpp src/builtins/graphql_schema.cpp src/builtins/ip_network.cpp
  src/builtins/json_patch.cpp src/builtins/json_print.cpp src/builtins/json_schema.cpp src/builtins/json_text.cpp src/builtins/jwt.cpp
  src/builtins/number_fold.cpp src/builtins/number_math.cpp src/builtins/number_parts.cpp src/builtins/regex.cpp src/builtins/schema_check.cpp src/builtins/schema_parts.cpp src/builtins/template_pieces.cpp src/builtins/template_value.cpp src/builtins/text_codec.cpp src/builtins/uri.cpp
  src/builtins/text_template.cpp src/builtins/time_layout.cpp src/builtins/time_parse.cpp src/builtins/time_scan.cpp
  src/builtins/time_zone.cpp src/builtins/yaml_node.cpp src/builtins/yaml_text.cpp)
set(rego_builtin_vendor
  PkgConfig::re2 PkgConfig::icu_uc PkgConfig::icu_i18n PkgConfig::yaml Boost::headers)
