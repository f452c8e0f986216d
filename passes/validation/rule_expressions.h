#pragma once

#include "passes/rules/rule.h"

namespace rcc {

// Calls `visit` with an expression and all that it is made of.
template <typename Visit>
void for_each_part(const Expression& expression, const Visit& visit) {
  visit(expression);
  for (const Expression& child : expression.children) for_each_part(child, visit);
  for (const BuildAttribute& attribute : expression.attributes)
    for (const Expression& value : attribute.value) for_each_part(value, visit);
}

// With every expression that a rule evaluates.
template <typename Visit>
void for_each_expression(const Rule& rule, const Visit& visit) {
  for (const RuleStatement& statement : rule.statements) for_each_part(statement.expression, visit);
  for (const NodeDefinition& definition : rule.definitions) for_each_part(definition.node, visit);
  for (const Replacement& replacement : rule.replacements) for_each_part(replacement.with, visit);
  for (const EdgeInsertion& edge : rule.edges) for_each_part(edge.with, visit);
  for (const ConstantChange& change : rule.changes) for_each_part(change.value, visit);
  for (const PostCondition& after : rule.post_conditions) for_each_part(after.condition, visit);
}

}  // namespace rcc
