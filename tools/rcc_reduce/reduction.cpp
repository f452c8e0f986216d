#include "tools/rcc_reduce/reduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "ir/verifier.h"
#include "tools/rcc_reduce/cut.h"
#include "tools/rcc_reduce/shrink.h"

namespace rcc {

namespace {

class Reducer {
 public:
  Reducer(const Graph& graph, const Criterion& criterion, const ReductionOptions& options)
      : graph_(graph.clone()), criterion_(criterion), options_(options) {}

  Result<Reduction> run() {
    while (simplify_once()) continue;
    if (error_) return fail(std::move(*error_));
    return Reduction{std::move(graph_), tests_, is_cut_short_};
  }

 private:
  // One round over everything; whether anything got smaller.
  bool simplify_once() {
    const std::uint64_t before = steps_;
    // Cheap payloads first: they make every later test cheap.
    simplify_all_payloads();
    cut_chunks();
    bypass_nodes();
    attempt(without_unused_values(graph_));
    attempt(without_annotations(graph_));
    drop_outputs();
    drop_operands();
    drop_attributes();
    simplify_payloads();
    scale_sizes();
    shrink_sizes();
    return steps_ != before && !is_over();
  }

  bool is_over() const { return error_.has_value() || is_cut_short_; }

  // Adopts the candidate when it is sound and shows what is looked for.
  bool attempt(std::optional<Graph> candidate) {
    if (!candidate || is_over() || !verify(*candidate)) return false;
    if (tests_ >= options_.max_tests) {
      is_cut_short_ = true;
      return false;
    }
    ++tests_;
    const Result<bool> holds = criterion_(*candidate);
    if (!holds) {
      error_ = holds.error();
      return false;
    }
    if (!*holds) return false;
    graph_ = std::move(*candidate);
    ++steps_;
    if (options_.progress)
      options_.progress(fmt::format("test {}: {}", tests_, to_text(size_of(graph_))));
    return true;
  }

  // From the back: what comes last is read by nothing that stays.
  void cut_chunks() {
    for (std::size_t size = (graph_.node_count() + 1) / 2; size > 0; size /= 2) {
      std::size_t end = graph_.node_count();
      while (end > 0 && !is_over()) {
        const std::size_t first = end > size ? end - size : 0;
        attempt(without_nodes(graph_, first, end - first));
        end = first;
      }
    }
  }

  void bypass_nodes() {
    for (std::size_t i = graph_.node_count(); i-- > 0;)
      for (std::size_t k = 0; k < node_at(graph_, i).operand_count(); ++k)
        if (attempt(without_node_between(graph_, i, k))) break;
  }

  void drop_outputs() {
    for (std::size_t i = graph_.outputs().size(); i-- > 0;) attempt(without_output(graph_, i));
  }

  void drop_operands() {
    for (std::size_t i = 0; i < graph_.node_count(); ++i)
      while (attempt(without_last_operand(graph_, i))) continue;
  }

  void drop_attributes() {
    for (std::size_t i = 0; i < graph_.node_count(); ++i) {
      std::vector<std::string> names;
      for (const NamedAttribute& attribute : node_at(graph_, i).attributes())
        names.emplace_back(attribute.name);
      for (const std::string& name : names) attempt(without_attribute(graph_, i, name));
    }
  }

  static constexpr std::array kPayloads{Payload::elided, Payload::zeros, Payload::ones,
                                        Payload::small_integers};

  void simplify_all_payloads() {
    for (const Payload payload : kPayloads)
      if (attempt(with_payloads(graph_, payload))) return;
  }

  void simplify_payloads() {
    std::vector<ValueId> constants;
    for (const Value* constant : graph_.constants()) constants.push_back(constant->id());
    for (const ValueId constant : constants)
      for (const Payload payload : kPayloads)
        if (attempt(with_payload(graph_, constant, payload))) break;
  }

  // All sizes that a factor divides become that much smaller, so that those that depend on each other
  // keep doing so; those equal to the factor only where that works.
  void scale_sizes() {
    for (std::int64_t factor = 1024; factor > 1 && !is_over();) {
      SizeMap above;
      SizeMap all;
      for (const std::int64_t size : sizes_of(graph_)) {
        if (size % factor != 0) continue;
        all[size] = size / factor;
        if (size > factor) above[size] = size / factor;
      }
      if (attempt(with_sizes(graph_, all)) || attempt(with_sizes(graph_, above))) continue;
      factor /= 2;
    }
  }

  // One size at a time, from the largest.
  void shrink_sizes() {
    const std::set<std::int64_t> sizes = sizes_of(graph_);
    for (auto size = sizes.rbegin(); size != sizes.rend() && !is_over(); ++size)
      for (std::int64_t to = 1; to < *size; to = to < 4 ? to + 1 : to * 2)
        if (attempt(with_sizes(graph_, {{*size, to}}))) break;
  }

  Graph graph_;
  const Criterion& criterion_;
  const ReductionOptions& options_;
  std::uint64_t tests_ = 0;
  // Candidates that were adopted.
  std::uint64_t steps_ = 0;
  bool is_cut_short_ = false;
  std::optional<Error> error_;
};

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

GraphSize size_of(const Graph& graph) {
  GraphSize size{graph.node_count(), graph.inputs().size(), graph.outputs().size(), 0, 0};
  for (const Node& node : graph.nodes()) size.attributes += node.attributes().size();
  for (const Value* constant : graph.constants())
    size.elements += static_cast<std::uint64_t>(constant->tensor().element_count());
  return size;
}

std::string to_text(const GraphSize& size) {
  return fmt::format("{}, {}, {}, {}, {}", counted(size.nodes, "node"),
                     counted(size.inputs, "input"), counted(size.outputs, "output"),
                     counted(size.attributes, "attribute"),
                     counted(size.elements, "constant element"));
}

Result<Reduction> reduce(const Graph& graph, const Criterion& criterion,
                         const ReductionOptions& options) {
  return Reducer(graph, criterion, options).run();
}

}  // namespace rcc
