#include <fmt/format.h>

#include "ir/text.h"

namespace rcc {

namespace {

// Compares two graphs from the top. The first difference ends the comparison.
class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b) : a_(a), b_(b) {}
  std::string run();

 private:
  // Notes the difference unless one is known; false.
  bool differ(std::string_view what, std::string_view a, std::string_view b) {
    if (found_.empty()) found_ = fmt::format("{}: {} and {}", what, a, b);
    return false;
  }
  bool same(std::string_view what, std::string_view a, std::string_view b) {
    return a == b || differ(what, fmt::format("`{}`", a), fmt::format("`{}`", b));
  }
  bool same(std::string_view what, std::size_t a, std::size_t b) {
    return a == b || differ(what, std::to_string(a), std::to_string(b));
  }
  bool same_info();
  bool same_tensor(const std::string& what, const Tensor& a, const Tensor& b);
  bool same_value(std::string_view what, const Value* a, const Value* b);
  bool same_name(std::string_view what, const Value* a, const Value* b);
  bool same_attributes(const std::string& what, const Node& a, const Node& b);
  bool same_attribute(const std::string& what, const AttributeValue& a, const AttributeValue& b);
  bool same_node(const Node& a, const Node& b);
  bool same_outputs();

  const Graph& a_;
  const Graph& b_;
  std::string found_;
};

bool Comparison::same_info() {
  const ModelInfo& a = a_.info();
  const ModelInfo& b = b_.info();
  if (a == b) return true;
  return same("ir_version", static_cast<std::size_t>(a.ir_version),
              static_cast<std::size_t>(b.ir_version)) &&
         same("producer_name", a.producer_name, b.producer_name) &&
         differ("model information", "one", "another");
}

bool Comparison::same_tensor(const std::string& what, const Tensor& a, const Tensor& b) {
  if (a.is_elided() != b.is_elided())
    return differ(what, a.is_elided() ? "elided" : "present", b.is_elided() ? "elided" : "present");
  if (a.type() != b.type())
    return differ(what, to_text(a.type(), a_.symbols()), to_text(b.type(), b_.symbols()));
  return a.is_elided() || a.same_contents(b) || differ(what, "a payload", "another");
}

bool Comparison::same_name(std::string_view what, const Value* a, const Value* b) {
  return same(what, a == nullptr ? "none" : a->name(), b == nullptr ? "none" : b->name());
}

bool Comparison::same_value(std::string_view what, const Value* a, const Value* b) {
  if (!same_name(what, a, b)) return false;
  if (a == nullptr || b == nullptr)
    return a == b ||
           differ(what, a == nullptr ? "absent" : "present", b == nullptr ? "absent" : "present");
  const std::string name(a->name());
  const auto range_text = [](const std::optional<Range>& range) {
    return range ? fmt::format("[{}, {}]", range->low, range->high) : std::string("none");
  };
  if (!same("type of " + name, to_text(a->type(), a_.symbols()), to_text(b->type(), b_.symbols())))
    return false;
  if (a->range() != b->range() && range_text(a->range()) != range_text(b->range()))
    return differ("range of " + name, range_text(a->range()), range_text(b->range()));
  if (a->is_sparse() != b->is_sparse())
    return differ(name, a->is_sparse() ? "sparse" : "dense", b->is_sparse() ? "sparse" : "dense");
  return !a->is_constant() || same_tensor(name, a->tensor(), b->tensor());
}

bool Comparison::same_attribute(const std::string& what, const AttributeValue& a,
                                const AttributeValue& b) {
  const auto* tensor_a = std::get_if<Tensor>(&a);
  const auto* tensor_b = std::get_if<Tensor>(&b);
  if (tensor_a != nullptr && tensor_b != nullptr) return same_tensor(what, *tensor_a, *tensor_b);
  return equal(a, b) || differ(what, "a value", "another");
}

bool Comparison::same_attributes(const std::string& what, const Node& a, const Node& b) {
  if (!same("attributes of " + what, a.attributes().size(), b.attributes().size())) return false;
  for (std::size_t i = 0; i < a.attributes().size(); ++i) {
    const NamedAttribute& from = a.attributes()[i];
    const NamedAttribute& to = b.attributes()[i];
    if (!same("attributes of " + what, from.name, to.name)) return false;
    if (!same_attribute(fmt::format("{} of {}", from.name, what), from.value, to.value))
      return false;
  }
  return true;
}

bool Comparison::same_node(const Node& a, const Node& b) {
  const std::string what(a.label());
  if (!same("operator of " + what, a.op().name, b.op().name)) return false;
  if (!same("results of " + what, a.result_count(), b.result_count())) return false;
  for (std::size_t i = 0; i < a.result_count(); ++i)
    if (!same_value("results of " + what, a.result(i), b.result(i))) return false;
  if (!same("operands of " + what, a.operand_count(), b.operand_count())) return false;
  for (std::size_t i = 0; i < a.operand_count(); ++i)
    if (!same_name("operands of " + what, a.operand(i), b.operand(i))) return false;
  if (!same_attributes(what, a, b)) return false;
  return a.provenance() == b.provenance() || differ("provenance of " + what, "one", "another");
}

bool Comparison::same_outputs() {
  if (!same("outputs", a_.outputs().size(), b_.outputs().size())) return false;
  for (std::size_t i = 0; i < a_.outputs().size(); ++i) {
    const GraphOutput& from = a_.outputs()[i];
    const GraphOutput& to = b_.outputs()[i];
    const std::string what = fmt::format("output {}", i);
    if (!same_name(what, from.value, to.value) || !same(what, from.name, to.name)) return false;
  }
  return true;
}

std::string Comparison::run() {
  const auto same_values = [this](std::string_view what, const std::vector<Value*>& a,
                                  const std::vector<Value*>& b) {
    if (!same(what, a.size(), b.size())) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!same_value(what, a[i], b[i])) return false;
    return true;
  };
  if (!same("name", a_.name(), b_.name()) || !same_info() ||
      !same_values("inputs", a_.inputs(), b_.inputs()) ||
      !same_values("constants", a_.constants(), b_.constants()))
    return found_;
  const Node* b = b_.first_node();
  for (const Node& a : a_.nodes()) {
    if (b == nullptr || !same_node(a, *b)) break;
    b = b->next();
  }
  if (found_.empty()) same("nodes", a_.node_count(), b_.node_count());
  if (found_.empty()) same_outputs();
  return found_;
}

}  // namespace

std::string first_difference(const Graph& a, const Graph& b) { return Comparison(a, b).run(); }

}  // namespace rcc
