#include <utility>

#include "passes/rules/rule_parser.h"

namespace rcc {

// One name, or several in parentheses.
bool RuleParser::parse_names(std::string_view what, std::vector<std::string>& names,
                             std::vector<TextRange>& ranges) {
  const bool is_tuple = accept("(");
  do {
    std::string name;
    TextRange range;
    if (!expect_name(what, name, range)) return false;
    names.push_back(std::move(name));
    ranges.push_back(range);
  } while (is_tuple && accept(","));
  return !is_tuple || expect(")", "after the names of the results");
}

bool RuleParser::parse_let(Rule& rule) {
  take();
  RuleStatement statement;
  statement.kind = RuleStatement::Kind::let;
  if (!parse_names("the name of the result", statement.names, statement.name_ranges)) return false;
  statement.name = statement.names.front();
  statement.range = statement.name_ranges.front();
  const bool is_good = expect("=", "and an expression") && parse_expression(statement.expression) &&
                       expect(";", "after the expression");
  rule.statements.push_back(std::move(statement));
  return is_good;
}

bool RuleParser::parse_where(Rule& rule) {
  take();
  do {
    RuleStatement statement;
    statement.kind = RuleStatement::Kind::where;
    const std::uint32_t begin = peek().range.begin;
    if (!parse_expression(statement.expression)) return false;
    statement.range = range_from(begin);
    statement.has_reason = accept_word("else");
    if (statement.has_reason && !expect_text("the reason, as a text", statement.reason))
      return false;
    rule.statements.push_back(std::move(statement));
  } while (accept(","));
  return expect(";", "after the condition");
}

bool RuleParser::parse_replace(Rule& rule) {
  Replacement replacement;
  replacement.range = take().range;
  if (!expect_name("the name of the result to replace", replacement.target,
                   replacement.target_range))
    return false;
  if (!expect_word("with") || !parse_expression(replacement.with)) return false;
  replacement.range = range_from(replacement.range.begin);
  rule.replacements.push_back(std::move(replacement));
  return expect(";", "after the replacement");
}

bool RuleParser::parse_edge(Rule& rule) {
  EdgeInsertion edge;
  edge.range = take().range;
  if (!expect_word("edge")) return false;
  if (!expect_name("the value that is read", edge.source, edge.source_range)) return false;
  if (!expect("->", "and the node that reads it")) return false;
  if (!expect_name("the node that reads it", edge.target, edge.target_range)) return false;
  if (!expect_word("insert") || !parse_expression(edge.with)) return false;
  edge.range = range_from(edge.range.begin);
  if (accept_word("share")) edge.sharing = EdgeInsertion::Sharing::shared;
  rule.edges.push_back(std::move(edge));
  return expect(";", "or `share` after what is inserted");
}

bool RuleParser::parse_change(Rule& rule) {
  ConstantChange change;
  change.range = take().range;
  if (!expect_name("the constant to change", change.target, change.target_range)) return false;
  if (!expect("=", "and its new contents") || !parse_expression(change.value)) return false;
  change.range = range_from(change.range.begin);
  for (;;) {
    if (accept_word("sparse"))
      change.marks_sparse = true;
    else if (accept_word("shared"))
      change.readers = ConstantChange::Readers::all;
    else
      break;
  }
  rule.changes.push_back(std::move(change));
  return expect(";", "after the new contents");
}

bool RuleParser::parse_post_condition(Rule& rule) {
  take();
  PostCondition post;
  const std::uint32_t begin = peek().range.begin;
  if (!parse_expression(post.condition)) return false;
  post.range = range_from(begin);
  if (accept_word("else") && !expect_text("what is wrong then, as a text", post.message))
    return false;
  rule.post_conditions.push_back(std::move(post));
  return expect(";", "after the condition");
}

}  // namespace rcc
