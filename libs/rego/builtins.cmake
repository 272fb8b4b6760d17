# The built-in functions of the policy language; a list of its own, so that the engine's stays short.
set(rego_builtin_sources
  src/builtins/duration.cpp
  src/builtins/family_collections.cpp src/builtins/family_crypto.cpp src/builtins/family_encoding.cpp src/builtins/family_graph.cpp
  src/builtins/family_graphql.cpp src/builtins/family_language.cpp src/builtins/family_misc.cpp src/builtins/family_net.cpp
  src/builtins/family_numbers.cpp src/builtins/family_objects.cpp src/builtins/family_regex.cpp
  src/builtins/family_strings.cpp src/builtins/family_time.cpp src/builtins/family_tokens.cpp
  src/builtins/function.cpp src/builtins/glob.cpp src/builtins/go_format.cpp src/builtins/go_text.cpp
  src/builtins/go_time.cpp src/builtins/graphql_lexer.cpp src/builtins/graphql_parser.cpp
  src/builtins/graphql_query.cpp src/builtins/graphql_schema.cpp src/builtins/ip_network.cpp
  src/builtins/json_patch.cpp src/builtins/json_schema.cpp src/builtins/json_text.cpp
  src/builtins/number_math.cpp src/builtins/regex.cpp src/builtins/text_codec.cpp src/builtins/uri.cpp
  src/builtins/text_template.cpp src/builtins/time_layout.cpp src/builtins/time_parse.cpp
  src/builtins/time_zone.cpp src/builtins/yaml_text.cpp)
set(rego_builtin_vendor
  PkgConfig::re2 PkgConfig::icu_uc PkgConfig::icu_i18n PkgConfig::yaml_cpp Boost::headers)
