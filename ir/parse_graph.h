#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ir/lexer.h"
#include "ir/parse_value.h"
#include "ir/text.h"

namespace rcc {

// Reads the graphs of one text. A function that returns false has reported why, or met a name whose
// definition was reported; the parser then goes on with the next line.
class GraphParser {
 public:
  GraphParser(std::string_view text, std::string_view file, const ParseOptions& options);
  Result<std::vector<Graph>> parse();

 private:
  bool parse_graph();
  bool parse_inputs();
  void parse_body();
  // Goes on with the next line unless the statement was good.
  void end_statement(const Token& begin, bool is_good);
  bool parse_definition();
  bool parse_constant(const Token& name);
  // The names before the `=` are in results_.
  bool parse_node();
  bool parse_result_names(std::vector<Graph::NodeSpec::Result>& results);
  bool parse_return();

  const OpInfo* parse_operator();
  const OpInfo* parse_opaque(const Token& token);
  const OpInfo* unknown_operator(const Token& token);
  bool parse_operands(std::vector<Value*>& operands);
  bool parse_attributes(const OpInfo& op, std::vector<NamedAttribute>& attributes);
  bool parse_attribute(const OpInfo& op, std::vector<NamedAttribute>& attributes);
  bool parse_stats();
  bool parse_provenance(Provenance& provenance);
  bool parse_strings(std::vector<std::string_view>& texts);
  // What the text says of the results: a type and a range each, in order of the results that are
  // there.
  struct StatedResult {
    Type type;
    std::optional<Range> range;
    Token at;
  };
  bool parse_result_types();
  bool check_results(Node& node, const Token& at);
  bool check_stated_types(Node& node, const Token& at);

  bool parse_model();
  bool parse_model_entry(const Token& key);
  bool parse_model_text(std::string& text);
  bool parse_model_int(std::int64_t& number);

  // Null, and reported, when the name is not defined above.
  Value* use(const Token& token);
  Value* undefined(const Token& token, const std::string& name);
  // Says of an earlier use of the name that it came too early.
  void note_definition(std::string_view name, const Token& token);
  // What a name token says, without checks.
  static std::string definition_name(const Token& token);
  // The name for a definition; nullopt, and reported, when it is taken. In the source or interned.
  std::optional<std::string_view> new_name(const Token& token);

  Lexer lexer_;
  ParseErrors errors_;
  ValueParser values_;
  const ParseOptions& options_;
  std::vector<Graph> graphs_;
  Graph* graph_ = nullptr;
  bool has_return_ = false;
  // Of the statement at hand; kept so that a line needs no allocation for them.
  std::vector<Token> results_;
  std::vector<StatedResult> stated_;
  // Names whose definition is wrong, so that their uses are not reported too.
  std::set<std::string, std::less<>> poisoned_;
  // Names that were used undefined, and which diagnostic says so.
  std::map<std::string, std::size_t, std::less<>> undefined_;
  std::map<std::string, Token, std::less<>> graph_names_;
};

// Fills elided constants with small numbers that depend on the seed and their name only.
Result<void> fill_elided(Graph& graph, std::uint64_t seed);

}  // namespace rcc
