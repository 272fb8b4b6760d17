# The language: syntax, compiler, evaluator.
set(rego_engine_sources
  src/engine/comprehension_planner.cpp src/engine/conditions.cpp src/engine/conflicts.cpp src/engine/data_index.cpp src/engine/dependencies.cpp src/engine/engine.cpp src/engine/evaluation.cpp src/engine/evaluator.cpp src/engine/evaluator_calls.cpp src/engine/evaluator_documents.cpp
  src/engine/evaluator_terms.cpp src/engine/expr_planner.cpp src/engine/folder.cpp src/engine/glob_path.cpp src/engine/loaded.cpp src/engine/machine.cpp src/engine/machine_calls.cpp src/engine/machine_collections.cpp src/engine/machine_documents.cpp
  src/engine/negation.cpp src/engine/order.cpp src/engine/planner.cpp src/engine/policy.cpp src/engine/probe.cpp
  src/engine/recursion.cpp src/engine/ref_planner.cpp src/engine/resolver.cpp src/engine/resolver_calls.cpp src/engine/resolver_metadata.cpp src/engine/resolver_names.cpp
  src/engine/resolver_with.cpp src/engine/rule_index.cpp src/engine/rule_planner.cpp src/engine/rule_requirements.cpp src/engine/search_planner.cpp src/engine/strict.cpp
  src/engine/term_planner.cpp src/engine/tracing.cpp src/engine/unsafe_place.cpp src/engine/unsafe_variables.cpp src/engine/workspace.cpp src/syntax/annotation_parts.cpp src/syntax/annotation_reader.cpp src/syntax/annotations.cpp
  src/partial/copies.cpp src/partial/partial.cpp src/partial/partial_evaluator.cpp src/partial/partial_negation.cpp src/partial/partial_refs.cpp
  src/partial/partial_rules.cpp src/partial/partial_support.cpp src/partial/partial_terms.cpp src/partial/partial_unknown.cpp src/partial/partial_with.cpp
  src/partial/residual.cpp src/partial/residual_text.cpp src/partial/unknowns.cpp
  src/syntax/format.cpp src/syntax/layout.cpp src/syntax/lexer.cpp src/syntax/module_json.cpp src/syntax/parser.cpp src/syntax/parser_bare_rules.cpp src/syntax/parser_bodies.cpp src/syntax/parser_logic.cpp
  src/syntax/parser_composites.cpp src/syntax/parser_module.cpp src/syntax/parser_heads.cpp src/syntax/parser_rules.cpp src/syntax/parser_terms.cpp src/syntax/problems.cpp src/syntax/term_text.cpp
  src/types/builtin_types.cpp src/types/capabilities.cpp src/types/checker_terms.cpp src/types/checker_unify.cpp src/types/readers.cpp src/types/schema_type.cpp src/types/type.cpp src/types/type_checker.cpp src/values/comparison.cpp src/values/value.cpp)
