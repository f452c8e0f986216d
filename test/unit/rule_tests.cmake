# Tests of the rule language, its engine and the check of rules, one a line.
target_sources(rcc_unit_tests PRIVATE
  matcher_test.cpp
  node_sampler_test.cpp
  rewriter_edges_test.cpp
  rewriter_test.cpp
  rule_errors_test.cpp
  rule_functions_test.cpp
  rule_order_test.cpp
  rule_pass_test.cpp
  rule_synthesis_test.cpp
  rule_test.cpp
  rule_testing.cpp
  rule_tree_test.cpp
  rule_validation_test.cpp
  site_comparison_test.cpp
  tensor_expression_test.cpp
  why_not_test.cpp
)
