// The lines of nodes.
#include <fmt/format.h>

#include <algorithm>

#include "ir/op_check.h"
#include "ir/parse_graph.h"
#include "ir/shape_inference.h"

namespace rcc {

namespace {

constexpr std::string_view kOpaquePrefix = "onnx.";

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest_name(word, candidates);
  return near.empty() ? std::string() : fmt::format("did you mean `{}`?", near);
}

}  // namespace

const OpInfo* GraphParser::unknown_operator(const Token& token) {
  std::vector<std::string_view> names;
  for (const OpInfo& row : options_.ops->rows()) names.push_back(row.name);
  std::string help = did_you_mean(token.text, names);
  const OpInfo* onnx = options_.ops->find_onnx("", token.text);
  if (onnx != nullptr) help = fmt::format("write `{}`", onnx->name);
  if (help.empty()) help = "an operator that rcc does not know is written onnx.Name";
  errors_.report(token, fmt::format("unknown operator `{}`", token.text), std::move(help));
  return nullptr;
}

// onnx.Type, onnx.domain.Type or onnx."domain"."Type".
const OpInfo* GraphParser::parse_opaque(const Token& token) {
  std::string_view rest = token.text.substr(kOpaquePrefix.size());
  if (!rest.empty()) {
    const std::size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos) return &graph_->opaque_op("", rest);
    return &graph_->opaque_op(rest.substr(0, dot), rest.substr(dot + 1));
  }
  const std::optional<std::string> domain = values_.string();
  if (!domain || !values_.expect(".")) return nullptr;
  const std::optional<std::string> type = values_.string();
  return type ? &graph_->opaque_op(*domain, *type) : nullptr;
}

const OpInfo* GraphParser::parse_operator() {
  const Token token = lexer_.peek();
  if (token.kind != TokenKind::identifier) {
    errors_.report_expected("an operator");
    return nullptr;
  }
  lexer_.take();
  if (token.text.starts_with(kOpaquePrefix)) return parse_opaque(token);
  const OpInfo* op = options_.ops->find(token.text);
  return op != nullptr ? op : unknown_operator(token);
}

bool GraphParser::parse_operands(std::vector<Value*>& operands) {
  if (!values_.expect("(")) return false;
  // Goes on after a name that is not defined, so that one line shows all of them.
  bool is_good = true;
  while (!lexer_.take_if(")")) {
    if (!operands.empty() && !lexer_.take_if(",")) return errors_.report_expected("`,` or `)`");
    const Token token = lexer_.peek();
    if (token.is("none")) {
      lexer_.take();
      operands.push_back(nullptr);
      continue;
    }
    if (token.kind != TokenKind::value_name && token.kind != TokenKind::constant_name)
      return errors_.report_expected("an operand like %x or @w");
    lexer_.take();
    operands.push_back(use(token));
    is_good = is_good && operands.back() != nullptr;
  }
  return is_good;
}

bool GraphParser::parse_attribute(const OpInfo& op, std::vector<NamedAttribute>& attributes) {
  const Token token = lexer_.peek();
  std::string name(token.text);
  if (token.kind == TokenKind::string) {
    std::optional<std::string> text = values_.string();
    if (!text) return false;
    name = std::move(*text);
  } else if (token.kind == TokenKind::identifier) {
    lexer_.take();
  } else {
    return errors_.report_expected("the name of an attribute");
  }
  const AttributeInfo* info = op.find_attribute(name);
  if (info == nullptr && !op.is_opaque()) {
    std::vector<std::string_view> names;
    for (const AttributeInfo& row : op.attributes) names.push_back(row.name);
    return errors_.report(token, fmt::format("{} has no attribute `{}`", op.name, name),
                          did_you_mean(name, names));
  }
  const std::string_view kept = info != nullptr ? info->name : graph_->intern(name);
  for (const NamedAttribute& other : attributes)
    if (other.name == kept) return errors_.report(token, fmt::format("`{}` is given twice", name));
  if (!values_.expect("=")) return false;
  std::optional<AttributeValue> value =
      values_.attribute(info != nullptr ? info->type : AttributeType::none);
  if (!value) return false;
  attributes.push_back({kept, std::move(*value)});
  return true;
}

bool GraphParser::parse_attributes(const OpInfo& op, std::vector<NamedAttribute>& attributes) {
  if (!lexer_.take_if("{")) return true;
  while (!lexer_.take_if("}")) {
    if (!attributes.empty() && !lexer_.take_if(",")) return errors_.report_expected("`,` or `}`");
    if (!parse_attribute(op, attributes)) return false;
  }
  return true;
}

bool GraphParser::parse_result_types() {
  stated_.clear();
  if (!lexer_.take_if(":")) return true;
  do {
    StatedResult& result = stated_.emplace_back();
    result.at = lexer_.peek();
    std::optional<Type> type = values_.type(graph_->symbols());
    if (!type || !values_.range(result.range)) return false;
    result.type = std::move(*type);
  } while (lexer_.take_if(","));
  return true;
}

bool GraphParser::parse_strings(std::vector<std::string_view>& texts) {
  const Token keyword = lexer_.take();
  if (!values_.expect("(")) return false;
  do {
    const Token token = lexer_.peek();
    if (token.kind == TokenKind::string && token.text.find('\\') == std::string_view::npos) {
      // The source stays until the node has its own copy.
      texts.push_back(token.text.substr(1, token.text.size() - 2));
      lexer_.take();
      continue;
    }
    const std::optional<std::string> text = values_.string();
    if (!text) return false;
    texts.push_back(graph_->intern(*text));
  } while (lexer_.take_if(","));
  if (texts.size() > Provenance::kMaxEntries)
    return errors_.report(keyword, fmt::format("more than {} names", Provenance::kMaxEntries));
  return values_.expect(")");
}

bool GraphParser::parse_provenance(Provenance& provenance) {
  if (lexer_.peek().is("loc") && !parse_strings(provenance.sources)) return false;
  if (lexer_.peek().is("by") && !parse_strings(provenance.rules)) return false;
  if (!lexer_.take_if("dropped")) return true;
  if (!values_.expect("(")) return false;
  const Token token = lexer_.peek();
  const std::optional<std::int64_t> count = values_.integer();
  if (!count || !values_.expect(")")) return false;
  if (*count < 0 || *count > UINT32_MAX)
    return errors_.report(token, fmt::format("{} is not a count", *count));
  provenance.dropped = static_cast<std::uint32_t>(*count);
  return true;
}

bool GraphParser::parse_result_names(std::vector<Graph::NodeSpec::Result>& results) {
  results.resize(results_.size());
  // Of a node without results: the one that add_node would make is absent.
  if (results.empty()) results.emplace_back().is_absent = true;
  std::size_t present = 0;
  for (std::size_t i = 0; i < results_.size(); ++i) {
    Graph::NodeSpec::Result& result = results[i];
    const Token& token = results_[i];
    result.is_absent = token.kind == TokenKind::identifier;
    if (result.is_absent) continue;
    if (token.kind == TokenKind::constant_name)
      return errors_.report(token, "the name of a result begins with %");
    const std::optional<std::string_view> name = new_name(token);
    if (!name) return false;
    result.name = *name;
    if (present < stated_.size()) result.type = stated_[present].type;
    ++present;
  }
  if (stated_.size() <= present) return true;
  return errors_.report(stated_[present].at,
                        fmt::format("{} types for {} results", stated_.size(), present));
}

bool GraphParser::parse_node() {
  const Token at = lexer_.peek();
  Graph::NodeSpec spec;
  spec.op = parse_operator();
  if (spec.op == nullptr || !parse_operands(spec.operands) ||
      !parse_attributes(*spec.op, spec.attributes) || !parse_result_types() ||
      !parse_provenance(spec.provenance) || !parse_result_names(spec.results))
    return false;
  if (const AttributeInfo* missing = missing_attribute(*spec.op, spec.attributes))
    return errors_.report(at,
                          fmt::format("{} needs the attribute {}", spec.op->name, missing->name));
  const std::string problem = operand_problem(*spec.op, spec.operands);
  if (!problem.empty()) return errors_.report(at, problem);
  Node& node = graph_->add_node(std::move(spec));
  for (std::size_t i = 0; i < node.result_count() && results_.size() > 1; ++i)
    if (node.result(i) != nullptr && node.result(i)->name() != definition_name(results_[i]))
      return errors_.report(results_[i],
                            fmt::format("a second value named {}", results_[i].text));
  return check_results(node, at);
}

bool GraphParser::check_results(Node& node, const Token& at) {
  const std::string problem = result_problem(node);
  if (!problem.empty()) return errors_.report(at, problem);

  std::size_t present = 0;
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    if (node.result(i) == nullptr) continue;
    if (present < stated_.size() && stated_[present].range)
      node.result(i)->set_range(stated_[present].range);
    ++present;
  }
  // All is stated, and stays as stated; it only has to be possible.
  if (stated_.size() == present) return check_stated_types(node, at);
  Result<void> inferred = infer_types(*graph_, node);
  return inferred || errors_.report(at, std::move(inferred).error());
}

bool GraphParser::check_stated_types(Node& node, const Token& at) {
  if (node.op().infer == nullptr) return true;
  Result<std::vector<Type>> inferred = infer_checked_node(*graph_, node);
  if (!inferred) return errors_.report(at, std::move(inferred).error());
  auto stated = stated_.begin();
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    if (node.result(i) == nullptr) continue;
    const StatedResult& result = *stated++;
    if (i >= inferred->size() || is_compatible(result.type, (*inferred)[i])) continue;
    return errors_.report(result.at,
                          fmt::format("the type of {} is {}, not {}", node.result(i)->name(),
                                      to_text((*inferred)[i], graph_->symbols()),
                                      to_text(result.type, graph_->symbols())),
                          "types may be left out where they can be inferred");
  }
  return true;
}

}  // namespace rcc
