#include <fmt/format.h>

#include <iterator>

#include "ir/print_value.h"
#include "ir/quote.h"
#include "ir/text.h"

namespace rcc {

namespace {

class GraphPrinter {
 public:
  GraphPrinter(const Graph& graph, const PrintOptions& options, PayloadLayout* layout)
      : graph_(graph), options_(options), values_(out_, options, graph.symbols(), layout) {}

  std::string print_graph();
  std::string print_node(const Node& node) {
    print(node);
    return std::move(out_);
  }

 private:
  void print_name(const Value& value) {
    out_ += value.is_constant() ? '@' : '%';
    append_name(out_, value.name());
  }
  void print_type(const Value& value) {
    values_.print(value.type());
    if (!value.range()) return;
    out_ += ' ';
    values_.print(*value.range());
  }
  void print_header();
  void print_model();
  void print_model_text(std::string_view key, const std::string& value);
  void print_constant(const Value& constant);
  void print(const Node& node);
  void print_attributes(const Node& node);
  void print_types(const Node& node);
  void print_strings(std::string_view keyword, const std::vector<std::string_view>& texts);
  void print_provenance(const Provenance& provenance);
  void print_outputs();

  const Graph& graph_;
  const PrintOptions& options_;
  std::string out_;
  ValuePrinter values_;
};

void GraphPrinter::print_header() {
  out_ += "graph @";
  append_name(out_, graph_.name());
  out_ += '(';
  bool is_first = true;
  for (const Value* input : graph_.inputs()) {
    if (!is_first) out_ += ", ";
    is_first = false;
    print_name(*input);
    out_ += ": ";
    print_type(*input);
  }
  out_ += ") {\n";
}

void GraphPrinter::print_model_text(std::string_view key, const std::string& value) {
  if (!value.empty())
    fmt::format_to(std::back_inserter(out_), "    {} = {}\n", key, quoted_text(value));
}

void GraphPrinter::print_model() {
  const ModelInfo& info = graph_.info();
  if (info == ModelInfo{}) return;
  const auto to = std::back_inserter(out_);
  out_ += "  model {\n";
  if (info.ir_version != 0) fmt::format_to(to, "    ir_version = {}\n", info.ir_version);
  for (const auto& [domain, version] : info.opsets) {
    const std::string name = domain.empty() ? "" : " " + quoted_text(domain);
    fmt::format_to(to, "    opset{} = {}\n", name, version);
  }
  print_model_text("producer_name", info.producer_name);
  print_model_text("producer_version", info.producer_version);
  print_model_text("domain", info.domain);
  if (info.model_version != 0) fmt::format_to(to, "    model_version = {}\n", info.model_version);
  print_model_text("doc_string", info.doc_string);
  print_model_text("graph_doc_string", info.graph_doc_string);
  for (const auto& [key, value] : info.metadata)
    fmt::format_to(to, "    metadata {} = {}\n", quoted_text(key), quoted_text(value));
  for (const std::string& function : info.functions) {
    out_ += "    function = ";
    values_.print_raw(function);
    out_ += '\n';
  }
  for (const std::string& name : info.initializer_inputs)
    fmt::format_to(to, "    initializer_input = {}\n", quoted_text(name));
  out_ += "  }\n";
}

void GraphPrinter::print_constant(const Value& constant) {
  out_ += "  ";
  print_name(constant);
  out_ += " = const ";
  print_type(constant);
  if (constant.is_sparse()) out_ += " sparse";
  values_.print_payload(constant.tensor());
  out_ += '\n';
}

void GraphPrinter::print_attributes(const Node& node) {
  if (node.attributes().empty()) return;
  out_ += " {";
  bool is_first = true;
  for (const NamedAttribute& attribute : node.attributes()) {
    if (!is_first) out_ += ", ";
    is_first = false;
    append_identifier(out_, attribute.name);
    out_ += " = ";
    values_.print(attribute.value, node.op().find_attribute(attribute.name));
  }
  out_ += '}';
}

void GraphPrinter::print_types(const Node& node) {
  std::string_view separator = " : ";
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    if (node.result(i) == nullptr) continue;
    out_ += separator;
    print_type(*node.result(i));
    separator = ", ";
  }
}

void GraphPrinter::print_strings(std::string_view keyword,
                                 const std::vector<std::string_view>& texts) {
  if (texts.empty()) return;
  out_ += keyword;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out_ += ", ";
    append_quoted(out_, texts[i]);
  }
  out_ += ')';
}

void GraphPrinter::print_provenance(const Provenance& provenance) {
  if (!options_.with_locations) return;
  print_strings(" loc(", provenance.sources);
  print_strings(" by(", provenance.rules);
  if (provenance.dropped > 0)
    fmt::format_to(std::back_inserter(out_), " dropped({})", provenance.dropped);
}

void GraphPrinter::print(const Node& node) {
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    if (i > 0) out_ += ", ";
    if (node.result(i) == nullptr)
      out_ += "none";
    else
      print_name(*node.result(i));
  }
  if (node.result_count() > 0) out_ += " = ";
  out_ += node.op().name;
  out_ += '(';
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    if (i > 0) out_ += ", ";
    if (node.operand(i) == nullptr)
      out_ += "none";
    else
      print_name(*node.operand(i));
  }
  out_ += ')';
  print_attributes(node);
  print_types(node);
  print_provenance(node.provenance());
}

void GraphPrinter::print_outputs() {
  out_ += "  return";
  std::string_view separator = " ";
  for (const GraphOutput& output : graph_.outputs()) {
    out_ += separator;
    separator = ", ";
    print_name(*output.value);
    if (output.name == output.value->name()) continue;
    out_ += " as ";
    append_quoted(out_, output.name);
  }
  out_ += '\n';
}

std::string GraphPrinter::print_graph() {
  print_header();
  print_model();
  for (const Value* constant : graph_.constants()) print_constant(*constant);
  for (const Node& node : graph_.nodes()) {
    out_ += "  ";
    print(node);
    out_ += '\n';
  }
  print_outputs();
  out_ += "}\n";
  return std::move(out_);
}

}  // namespace

Result<std::string> print(const Graph& graph, const PrintOptions& options) {
  PayloadLayout layout;
  const bool has_file = !options.weights_file.empty();
  std::string text = GraphPrinter(graph, options, has_file ? &layout : nullptr).print_graph();
  if (has_file) RCC_TRY(layout.write(options.weights_file));
  return text;
}

std::string print(const Node& node) {
  return GraphPrinter(node.graph(), {}, nullptr).print_node(node);
}

}  // namespace rcc
