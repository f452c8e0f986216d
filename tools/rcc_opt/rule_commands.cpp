#include "tools/rcc_opt/rule_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ir/support/file.h"
#include "passes/matcher.h"
#include "passes/rule.h"
#include "tools/rcc_opt/graph_file.h"

namespace rcc {

namespace {

constexpr std::uint64_t kMaxRuleFileBytes = 1 << 20;

Result<std::shared_ptr<const RuleSet>> rules_of(const Settings& settings, std::string_view pass) {
  for (const std::filesystem::path& path : settings.rules) {
    if (path.stem() != pass) continue;
    const std::string text = RCC_TRY(read_text_file(path, kMaxRuleFileBytes));
    return load_rules(text, path.string(), *OpTable::builtin());
  }
  std::vector<std::string_view> names;
  for (const PassEntry& entry : settings.catalog.entries()) {
    if (entry.rules.empty()) continue;
    if (entry.name == pass) return load_rules(entry.rules, entry.rules_path, *OpTable::builtin());
    names.push_back(entry.name);
  }
  const std::string_view nearest = nearest_name(pass, names);
  return fail(ErrorKind::usage, fmt::format("no pass of rules is called `{}`", pass),
              nearest.empty() ? "only passes of rules can say why they do not apply"
                              : fmt::format("did you mean `{}`?", nearest));
}

Result<Node*> find_node(const Graph& graph, std::string_view name) {
  std::vector<std::string_view> known;
  for (Node& node : graph.nodes()) {
    const Value* result = node.result();
    if (node.label() == name || (result != nullptr && result->name() == name)) return &node;
    known.push_back(node.label());
  }
  const std::string_view nearest = nearest_name(name, known);
  return fail(ErrorKind::usage, fmt::format("graph @{} has no node `{}`", graph.name(), name),
              nearest.empty() ? std::string() : fmt::format("did you mean `{}`?", nearest));
}

Result<std::vector<Graph>> read_input(const Settings& settings) {
  CollectingSink sink;
  if (is_onnx(settings.input)) return read_onnx(settings, sink);
  std::vector<Graph> graphs;
  for (const InputPiece& piece : RCC_TRY(read_text_pieces(settings)))
    for (Graph& graph : RCC_TRY(parse_piece(piece, settings))) graphs.push_back(std::move(graph));
  return graphs;
}

}  // namespace

Result<std::string> explain_rules(const Settings& settings, const std::string& question) {
  const std::size_t at = question.find('@');
  if (at == std::string::npos)
    return fail(ErrorKind::usage, fmt::format("`{}` does not name a pass and a node", question),
                "--why-not=fold_batch_norm@layer1.bn1");
  const auto rules = RCC_TRY(rules_of(settings, question.substr(0, at)));
  const std::string name = question.substr(at + 1);
  std::string text;
  std::vector<Graph> graphs = RCC_TRY(read_input(settings));
  Result<Node*> node = fail(ErrorKind::usage, "the input has no graph");
  for (const Graph& graph : graphs)
    if (node = find_node(graph, name); node) break;
  const std::vector<Datum> options = RuleOptionSet(rules).values();
  Node& root = *RCC_TRY(std::move(node));
  for (const Mismatch& mismatch : explain_mismatch(*rules, options, root))
    text += to_text(mismatch) + "\n";
  return text;
}

}  // namespace rcc
