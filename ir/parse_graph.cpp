#include "ir/parse_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/quote.h"

namespace rcc {

GraphParser::GraphParser(std::string_view text, std::string_view file, const ParseOptions& options)
    : lexer_(text, file, Lexer::Comments::slashes),
      errors_(lexer_),
      values_(lexer_, errors_, options.base),
      options_(options) {}

Result<std::vector<Graph>> GraphParser::parse() {
  while (lexer_.peek().kind != TokenKind::end && !errors_.is_full()) {
    const bool is_graph = lexer_.peek().is("graph");
    if (!is_graph) errors_.report_expected("`graph`");
    if (is_graph && parse_graph()) continue;
    // The next line that begins like a graph.
    do {
      lexer_.take();
      lexer_.skip_line();
    } while (lexer_.peek().kind != TokenKind::end && !lexer_.peek().is("graph"));
  }
  if (!errors_.diagnostics().empty()) return fail(std::move(errors_).take());
  return std::move(graphs_);
}

bool GraphParser::parse_graph() {
  lexer_.take();
  const Token name_token = lexer_.peek();
  if (name_token.kind != TokenKind::constant_name)
    return errors_.report_expected("the graph's name",
                                   "a graph begins like graph @name(%x: f32[N,3])");
  lexer_.take();
  const std::optional<std::string> name = values_.text_of(name_token);
  if (!name) return false;
  if (!graph_names_.emplace(*name, name_token).second)
    return errors_.report(name_token, fmt::format("a second graph named @{}", *name));
  Graph& graph = graphs_.emplace_back(*name, options_.ops);
  graph_ = &graph;
  has_return_ = false;
  poisoned_.clear();
  undefined_.clear();
  if (!parse_inputs() || !values_.expect("{")) return false;
  parse_body();
  return true;
}

bool GraphParser::parse_inputs() {
  if (!values_.expect("(")) return false;
  while (!lexer_.take_if(")")) {
    if (!graph_->inputs().empty() && !lexer_.take_if(","))
      return errors_.report_expected("`,` or `)`");
    const Token token = lexer_.peek();
    if (token.kind != TokenKind::value_name) return errors_.report_expected("an input like %x");
    lexer_.take();
    const std::optional<std::string_view> name = new_name(token);
    if (!name || !values_.expect(":")) return false;
    std::optional<Type> type = values_.type(graph_->symbols());
    std::optional<Range> range;
    if (!type || !values_.range(range)) return false;
    Value& input = graph_->add_input(*name, std::move(*type));
    if (range) input.set_range(range);
  }
  return true;
}

void GraphParser::end_statement(const Token& begin, bool is_good) {
  if (is_good) return;
  if (lexer_.peek().text.data() == begin.text.data()) lexer_.take();
  lexer_.skip_line();
}

void GraphParser::parse_body() {
  while (!errors_.is_full()) {
    const Token token = lexer_.peek();
    if (token.kind == TokenKind::end) {
      errors_.report_expected("`}`", fmt::format("graph @{} has no end", graph_->name()));
      return;
    }
    if (lexer_.take_if("}")) {
      if (!has_return_)
        errors_.report(token, fmt::format("graph @{} has no return", graph_->name()));
      return;
    }
    if (has_return_) {
      errors_.report_expected("`}`", "the return is the last line of a graph");
      // So that one message is enough.
      has_return_ = false;
    }
    if (token.is("return"))
      end_statement(token, parse_return());
    else if (token.is("model"))
      end_statement(token, parse_model());
    else
      end_statement(token, parse_definition());
  }
}

// --- names ------------------------------------------------------------------------------------

std::optional<std::string_view> GraphParser::new_name(const Token& token) {
  std::string_view name = token.text.substr(1);
  // Plain names, which are almost all, need no copy.
  if (!is_plain_name(name) || name.size() > ValueParser::kMostNameBytes) {
    const std::optional<std::string> text = values_.text_of(token);
    if (!text) return std::nullopt;
    name = graph_->intern(*text);
  }
  if (name.empty()) {
    errors_.report(token, "empty name");
    return std::nullopt;
  }
  if (graph_->find_value(name) != nullptr) {
    errors_.report(token, fmt::format("a second value named {}", token.text),
                   "names of inputs, constants and results are distinct");
    return std::nullopt;
  }
  note_definition(name, token);
  return name;
}

void GraphParser::note_definition(std::string_view name, const Token& token) {
  if (undefined_.empty()) return;
  const auto used = undefined_.find(name);
  if (used == undefined_.end()) return;
  Diagnostic& diagnostic = errors_.diagnostics()[used->second];
  diagnostic.message = fmt::format("{} is used before its definition", token.text);
  diagnostic.help = fmt::format("it is defined on line {}", token.line);
  undefined_.erase(used);
}

Value* GraphParser::undefined(const Token& token, const std::string& name) {
  if (poisoned_.find(name) != poisoned_.end()) return nullptr;
  // A graph may have a million names, a message should not take a second.
  constexpr std::uint32_t kMostCandidates = 20000;
  std::vector<std::string_view> candidates;
  const std::uint32_t count = std::min(graph_->value_id_limit(), kMostCandidates);
  for (std::uint32_t i = 0; i < count; ++i)
    if (const Value* value = graph_->value(ValueId{i})) candidates.push_back(value->name());
  const std::string_view near = nearest_name(name, candidates);
  std::string help;
  if (!near.empty()) {
    help = fmt::format("did you mean {}", graph_->find_value(near)->is_constant() ? '@' : '%');
    append_name(help, near);
    help += '?';
  }
  undefined_.emplace(name, errors_.diagnostics().size());
  errors_.report(token, fmt::format("{} is not defined", token.text), std::move(help));
  poisoned_.insert(name);
  return nullptr;
}

Value* GraphParser::use(const Token& token) {
  // Plain names, which are almost all, need no copy.
  Value* value = nullptr;
  if (token.text.size() > 1 && token.text[1] != '"')
    value = graph_->find_value(token.text.substr(1));
  if (value == nullptr) {
    const std::optional<std::string> name = values_.text_of(token);
    if (!name) return nullptr;
    value = graph_->find_value(*name);
    if (value == nullptr) return undefined(token, *name);
  }
  if (value->is_constant() == (token.kind == TokenKind::constant_name)) return value;
  errors_.report(token,
                 fmt::format("{} is {}", token.text.substr(1),
                             value->is_constant() ? "a constant" : "not a constant"),
                 fmt::format("write {}{}", value->is_constant() ? '@' : '%', token.text.substr(1)));
  return nullptr;
}

// --- statements -------------------------------------------------------------------------------

std::string GraphParser::definition_name(const Token& token) {
  const std::string_view plain = token.text.substr(1);
  return plain.starts_with('"') ? unquote(plain).text : std::string(plain);
}

bool GraphParser::parse_definition() {
  results_.clear();
  while (lexer_.peek().kind == TokenKind::value_name || lexer_.peek().is("none") ||
         lexer_.peek().kind == TokenKind::constant_name) {
    results_.push_back(lexer_.take());
    if (!lexer_.take_if(",")) break;
  }
  bool is_good = results_.empty() || values_.expect("=");
  if (is_good && lexer_.peek().is("const"))
    is_good = results_.size() == 1 ? parse_constant(results_.front())
                                   : errors_.report_expected("an operator");
  else if (is_good)
    is_good = parse_node();
  if (is_good) return true;
  for (const Token& token : results_) {
    if (token.kind == TokenKind::identifier) continue;
    std::string name = definition_name(token);
    note_definition(name, token);
    if (graph_->find_value(name) == nullptr) poisoned_.insert(std::move(name));
  }
  return false;
}

bool GraphParser::parse_constant(const Token& token) {
  lexer_.take();
  if (token.kind != TokenKind::constant_name)
    return errors_.report(token, "the name of a constant begins with @",
                          fmt::format("write @{}", token.text.substr(1)));
  const std::optional<std::string_view> name = new_name(token);
  if (!name) return false;
  const Token at = lexer_.peek();
  const std::optional<Type> type = values_.type(graph_->symbols());
  std::optional<Range> range;
  if (!type || !values_.range(range)) return false;
  const bool is_sparse = lexer_.take_if("sparse");
  std::optional<Tensor> tensor = values_.payload(*type, at);
  if (!tensor || !parse_stats()) return false;
  Value& constant = graph_->add_constant(*name, std::move(*tensor), is_sparse);
  if (range) constant.set_range(range);
  return true;
}

// Statistics are for readers; they follow from the payload.
bool GraphParser::parse_stats() {
  if (!lexer_.take_if("{")) return true;
  while (!lexer_.take_if("}")) {
    if (lexer_.peek().kind != TokenKind::identifier) return errors_.report_expected("`}`");
    lexer_.take();
    if (!values_.expect("=") || !values_.attribute(AttributeType::none)) return false;
    if (!lexer_.peek().is("}") && !values_.expect(",")) return false;
  }
  return true;
}

bool GraphParser::parse_return() {
  lexer_.take();
  has_return_ = true;
  if (lexer_.peek().is("}")) return true;
  do {
    const Token token = lexer_.peek();
    if (token.kind != TokenKind::value_name && token.kind != TokenKind::constant_name)
      return errors_.report_expected("an output like %y");
    lexer_.take();
    Value* value = use(token);
    if (value == nullptr) return false;
    std::string alias;
    if (lexer_.take_if("as")) {
      const std::optional<std::string> name = values_.string();
      if (!name) return false;
      alias = *name;
    }
    graph_->add_output(*value, alias);
  } while (lexer_.take_if(","));
  return true;
}

// --- model information ------------------------------------------------------------------------

bool GraphParser::parse_model() {
  lexer_.take();
  if (!values_.expect("{")) return false;
  while (!lexer_.take_if("}")) {
    if (errors_.is_full()) return true;
    if (lexer_.peek().kind != TokenKind::identifier) return errors_.report_expected("`}`");
    if (parse_model_entry(lexer_.take())) continue;
    const std::uint32_t line = lexer_.last_line();
    while (lexer_.peek().line == line && !lexer_.peek().is("}") &&
           lexer_.peek().kind != TokenKind::end)
      lexer_.take();
  }
  return true;
}

bool GraphParser::parse_model_text(std::string& text) {
  if (!values_.expect("=")) return false;
  std::optional<std::string> value = values_.string();
  if (value) text = std::move(*value);
  return value.has_value();
}

bool GraphParser::parse_model_int(std::int64_t& number) {
  if (!values_.expect("=")) return false;
  const std::optional<std::int64_t> value = values_.integer();
  if (value) number = *value;
  return value.has_value();
}

bool GraphParser::parse_model_entry(const Token& key) {
  ModelInfo& info = graph_->info();
  if (key.is("ir_version")) return parse_model_int(info.ir_version);
  if (key.is("model_version")) return parse_model_int(info.model_version);
  if (key.is("producer_name")) return parse_model_text(info.producer_name);
  if (key.is("producer_version")) return parse_model_text(info.producer_version);
  if (key.is("domain")) return parse_model_text(info.domain);
  if (key.is("doc_string")) return parse_model_text(info.doc_string);
  if (key.is("graph_doc_string")) return parse_model_text(info.graph_doc_string);
  if (key.is("initializer_input")) return parse_model_text(info.initializer_inputs.emplace_back());
  if (key.is("opset")) {
    std::optional<std::string> domain = std::string();
    if (lexer_.peek().kind == TokenKind::string) domain = values_.string();
    return domain && parse_model_int(info.opsets[*domain]);
  }
  if (key.is("metadata")) {
    const std::optional<std::string> name = values_.string();
    if (!name) return false;
    info.metadata.emplace_back(*name, std::string());
    return parse_model_text(info.metadata.back().second);
  }
  if (key.is("function")) {
    if (!values_.expect("=")) return false;
    if (!lexer_.peek().is("raw")) return errors_.report_expected("raw\"...\"");
    std::optional<std::string> bytes = values_.raw_bytes();
    if (bytes) info.functions.push_back(std::move(*bytes));
    return bytes.has_value();
  }
  const std::string_view near =
      nearest_name(key.text, {"ir_version", "opset", "producer_name", "producer_version", "domain",
                              "model_version", "doc_string", "graph_doc_string", "metadata",
                              "function", "initializer_input"});
  return errors_.report(key, fmt::format("unknown model entry `{}`", key.text),
                        near.empty() ? "" : fmt::format("did you mean `{}`?", near));
}

// --- entry points -----------------------------------------------------------------------------

namespace {

Result<void> check_text(std::string_view text, std::string_view file) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 30;
  Diagnostic diagnostic;
  diagnostic.span.file = file;
  if (text.size() > kMostBytes) {
    diagnostic.message = fmt::format("text of {} bytes; at most 1 GiB is read", text.size());
    return fail(ErrorKind::limit, std::move(diagnostic));
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    diagnostic.message = "this is UTF-16 text";
    diagnostic.help = "save it as UTF-8";
    return fail(ErrorKind::input, std::move(diagnostic));
  }
  return {};
}

tl::unexpected<Error> fail_file(std::string_view file, std::string message, std::string help) {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.span.file = file;
  diagnostic.help = std::move(help);
  return fail(ErrorKind::input, std::move(diagnostic));
}

}  // namespace

Result<std::vector<Graph>> parse(std::string_view text, std::string_view file,
                                 const ParseOptions& options) {
  RCC_TRY(check_text(text, file));
  std::vector<Graph> graphs = RCC_TRY(GraphParser(text, file, options).parse());
  if (graphs.empty())
    return fail_file(file, "there is no graph", "a graph begins like graph @name(%x: f32[N,3]) {");
  if (options.fill_seed)
    for (Graph& graph : graphs) RCC_TRY(fill_elided(graph, *options.fill_seed));
  return graphs;
}

Result<Graph> parse_graph(std::string_view text, std::string_view file,
                          const ParseOptions& options) {
  std::vector<Graph> graphs = RCC_TRY(parse(text, file, options));
  if (graphs.size() != 1)
    return fail_file(file, fmt::format("{} graphs where one is wanted", graphs.size()), {});
  return std::move(graphs.front());
}

}  // namespace rcc
