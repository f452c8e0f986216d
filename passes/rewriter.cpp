#include "passes/rewriter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/shape_inference.h"
#include "passes/matcher.h"

namespace rcc {

namespace {

tl::unexpected<std::string> refuse(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

// A recorded type may say less than an inferred one, never something else.
bool agree(const Type& a, const Type& b) {
  if (a.dtype != b.dtype && a.dtype != DType::unknown && b.dtype != DType::unknown) return false;
  if (!a.is_ranked || !b.is_ranked) return true;
  if (a.rank() != b.rank()) return false;
  for (std::size_t i = 0; i < a.rank(); ++i)
    if (!(a.dims[i] == b.dims[i]) && !a.dims[i].is_unknown() && !b.dims[i].is_unknown())
      return false;
  return true;
}

// "conv1.bias" beside "conv1.weight".
std::string name_beside(const Value* sibling, std::string_view operand, std::string_view layer) {
  if (sibling == nullptr || sibling->name().empty()) return fmt::format("{}.{}", layer, operand);
  std::string_view stem = sibling->name();
  if (stem.ends_with(".weight")) stem.remove_suffix(std::string_view(".weight").size());
  return fmt::format("{}.{}", stem, operand);
}

std::string_view word_for(Role role, std::string_view operand) {
  switch (role) {
    case Role::weight:
      return "weight";
    case Role::bias:
      return "bias";
    case Role::data:
    case Role::statistic:
    case Role::parameter:
      break;
  }
  return operand;
}

}  // namespace

Rewriter::Rewriter(Graph& graph, const Rule& rule, const Bindings& bindings)
    : graph_(graph), rule_(rule), bindings_(bindings), root_(bindings.nodes.back()) {}

tl::expected<Rewrite, std::string> Rewriter::apply() {
  std::vector<Plan> plans;
  for (const Replacement& replacement : rule_.replacements) {
    PlanResult planned = plan(replacement.with);
    if (!planned) return refuse(std::move(planned).error());
    const Value* old = bindings_.values[static_cast<std::size_t>(replacement.slot)];
    if (old == nullptr) return refuse(fmt::format("{} is not produced", replacement.target));
    if (planned->kind == Plan::Kind::existing)
      if (auto reason = refuse_existing(*old, *planned->value)) return refuse(std::move(*reason));
    if (planned->kind == Plan::Kind::constant && planned->name.empty())
      planned->name = std::string(old->name());
    plans.push_back(std::move(*planned));
  }
  if (plans.size() == 1 && changes_nothing(plans[0]))
    return refuse(fmt::format("rule {} would change nothing", rule_.name));
  for (const Plan& planned : plans) done_.results.push_back(&make(planned));
  if (error_.empty()) error_ = check_types().value_or("");
  if (!error_.empty()) {
    undo();
    return refuse(std::move(error_));
  }
  for (std::size_t i = 0; i < plans.size(); ++i)
    replace(*bindings_.values[static_cast<std::size_t>(rule_.replacements[i].slot)],
            *done_.results[i]);
  erase_matched();
  return std::move(done_);
}

Rewriter::PlanResult Rewriter::plan(const Expression& expression) {
  if (expression.is_build) return plan_node(expression);
  if (expression.kind == Expression::Kind::none) return Plan{};
  if (expression.symbol.kind == Symbol::Kind::value) {
    Plan existing;
    existing.value = bindings_.values[expression.symbol.index];
    existing.kind = existing.value == nullptr ? Plan::Kind::absent : Plan::Kind::existing;
    return existing;
  }
  if (expression.type.kind == ExpressionType::Kind::value ||
      expression.type.kind == ExpressionType::Kind::none) {
    // `(b or none)`, `(b or x)`.
    const Expression& left = expression.children[0];
    const bool is_absent = bindings_.values[left.symbol.index] == nullptr;
    return plan(expression.children[is_absent ? 1 : 0]);
  }
  return plan_constant(expression);
}

Rewriter::PlanResult Rewriter::plan_node(const Expression& expression) {
  Plan node;
  node.kind = Plan::Kind::node;
  const BuildTarget& target = expression.build;
  const OpInfo& op = target.op != nullptr
                         ? *target.op
                         : bindings_.nodes[static_cast<std::size_t>(target.like)]->op();
  // The row of the graph's own table.
  node.op = graph_.ops().find(op.name);
  if (node.op == nullptr) return refuse(fmt::format("the graph has no operator {}", op.name));
  for (std::size_t i = 0; i < expression.children.size(); ++i) {
    const auto index = static_cast<std::size_t>(target.operands[i]);
    PlanResult operand = plan(expression.children[i]);
    if (!operand) return operand;
    if (node.operands.size() <= index) node.operands.resize(index + 1);
    node.operands[index] = std::move(*operand);
  }
  if (auto planned = plan_attributes(expression, node); !planned)
    return refuse(std::move(planned).error());
  name_constants(expression, node);
  return node;
}

Rewriter::PlanResult Rewriter::plan_constant(const Expression& expression) {
  Plan constant;
  constant.kind = Plan::Kind::constant;
  constant.original = first_constant(expression);
  const DType wanted = root_->result()->type().dtype;
  DType fallback = is_float(wanted) ? wanted : DType::f32;
  if (expression.type.kind == ExpressionType::Kind::list) fallback = DType::i64;
  if (expression.function != nullptr && expression.text == "scale" &&
      expression.children[0].symbol.kind == Symbol::Kind::value) {
    const Value& source = *bindings_.values[expression.children[0].symbol.index];
    DatumResult factors = evaluate(expression.children[1], bindings_);
    DatumResult axis = evaluate(expression.children[2], bindings_);
    if (!factors) return refuse(std::move(factors).error());
    if (!axis) return refuse(std::move(axis).error());
    auto scaled = scale_directly(source.tensor(), *factors, to_int(axis->data[0]));
    if (scaled) {
      constant.tensor = std::move(*scaled);
      constant.is_sparse = source.is_sparse();
      return constant;
    }
  }
  DatumResult datum = evaluate(expression, bindings_);
  if (!datum) return refuse(std::move(datum).error());
  constant.is_sparse = datum->is_sparse;
  constant.tensor = to_tensor(*datum, fallback);
  return constant;
}

tl::expected<void, std::string> Rewriter::plan_attributes(const Expression& expression,
                                                          Plan& node) {
  if (expression.build.attributes_of >= 0)
    node.attributes =
        bindings_.nodes[static_cast<std::size_t>(expression.build.attributes_of)]->attributes();
  for (const BuildAttribute& attribute : expression.attributes) {
    if (attribute.value.empty()) continue;
    const Expression& value = attribute.value.front();
    const AttributeInfo& info = *node.op->find_attribute(attribute.name);
    AttributeValue result;
    if (value.symbol.kind == Symbol::Kind::attribute &&
        type_of(bindings_.attributes[value.symbol.index]) == info.type) {
      result = bindings_.attributes[value.symbol.index];
    } else {
      DatumResult datum = evaluate(value, bindings_);
      if (!datum) return refuse(std::move(datum).error());
      switch (info.type) {
        case AttributeType::integer:
          result = to_int(datum->data.at(0));
          break;
        case AttributeType::real:
          result = static_cast<float>(datum->data.at(0));
          break;
        case AttributeType::string:
          result = datum->text.value_or("");
          break;
        case AttributeType::ints:
          result = Ints();
          for (const double element : datum->data)
            std::get<Ints>(result).push_back(to_int(element));
          break;
        case AttributeType::reals:
          result = Floats(datum->data.begin(), datum->data.end());
          break;
        case AttributeType::tensor:
          result = to_tensor(*datum, DType::f32);
          break;
        case AttributeType::none:
        case AttributeType::strings:
        case AttributeType::raw:
          break;
      }
    }
    const auto known = std::find_if(node.attributes.begin(), node.attributes.end(),
                                    [&](const NamedAttribute& a) { return a.name == info.name; });
    if (known != node.attributes.end())
      known->value = std::move(result);
    else
      node.attributes.push_back({info.name, std::move(result)});
  }
  return {};
}

// A new constant takes the place, and the name, of the operand that the copied node has there; an
// operand which that node lacks is named after its weight.
void Rewriter::name_constants(const Expression& expression, Plan& node) {
  const int like =
      expression.build.like >= 0 ? expression.build.like : expression.build.attributes_of;
  const Node* model = like < 0 ? nullptr : bindings_.nodes[static_cast<std::size_t>(like)];
  const int weight = node.op->operand_with_role(Role::weight);
  const Value* sibling =
      model == nullptr || weight < 0 ? nullptr : model->operand(static_cast<std::size_t>(weight));
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    Plan& operand = node.operands[i];
    if (operand.kind != Plan::Kind::constant || !operand.name.empty()) continue;
    Value* original = model == nullptr ? operand.original : model->operand(i);
    if (original != nullptr && original->is_constant()) {
      operand.original = original;
      operand.name = std::string(original->name());
      continue;
    }
    operand.original = nullptr;
    const auto& row = node.op->operands[std::min(i, node.op->operands.size() - 1)];
    operand.name = name_beside(sibling, word_for(row.role, row.name), root_->label());
  }
}

Value* Rewriter::first_constant(const Expression& expression) const {
  if (expression.symbol.kind == Symbol::Kind::value) {
    Value* value = bindings_.values[expression.symbol.index];
    return value != nullptr && value->is_constant() ? value : nullptr;
  }
  for (const Expression& child : expression.children)
    if (Value* found = first_constant(child)) return found;
  return nullptr;
}

bool Rewriter::changes_nothing(const Plan& planned) const {
  if (planned.kind != Plan::Kind::node || planned.op != &root_->op()) return false;
  const std::size_t count = std::max(planned.operands.size(), root_->operand_count());
  for (std::size_t i = 0; i < count; ++i) {
    const Value* now = i < planned.operands.size() ? planned.operands[i].value : nullptr;
    const bool is_new = i < planned.operands.size() &&
                        planned.operands[i].kind != Plan::Kind::existing &&
                        planned.operands[i].kind != Plan::Kind::absent;
    if (is_new || now != root_->operand(i)) return false;
  }
  return std::all_of(planned.attributes.begin(), planned.attributes.end(),
                     [this](const NamedAttribute& attribute) {
                       return equal(attribute.value, root_->attribute(attribute.name));
                     }) &&
         std::all_of(root_->attributes().begin(), root_->attributes().end(),
                     [&](const NamedAttribute& attribute) {
                       return std::any_of(
                           planned.attributes.begin(), planned.attributes.end(),
                           [&](const NamedAttribute& a) { return a.name == attribute.name; });
                     });
}

std::optional<std::string> Rewriter::refuse_existing(const Value& replaced,
                                                     const Value& with) const {
  if (!agree(replaced.type(), with.type()))
    return fmt::format("{} is {}, not {}", label_of(with), to_text(with.type(), graph_.symbols()),
                       to_text(replaced.type(), graph_.symbols()));
  if (!replaced.is_output()) return std::nullopt;
  if (with.producer() == nullptr)
    return fmt::format("an output of the graph would be the {} {}",
                       with.is_constant() ? "constant" : "input", label_of(with));
  if (with.is_output())
    return fmt::format("two outputs of the graph would be one value, {}", label_of(with));
  return std::nullopt;
}

Value& Rewriter::make(const Plan& planned) {
  switch (planned.kind) {
    case Plan::Kind::existing:
      return *planned.value;
    case Plan::Kind::constant: {
      Value& value = graph_.add_constant(planned.name, planned.tensor, planned.is_sparse);
      new_constants_.push_back({&value, planned.original});
      return value;
    }
    case Plan::Kind::node:
      return make_node(planned);
    case Plan::Kind::absent:
      break;
  }
  RCC_CHECK(false, "an absent value");
}

Value& Rewriter::make_node(const Plan& planned) {
  Graph::NodeSpec spec;
  spec.op = planned.op;
  spec.attributes = planned.attributes;
  spec.before = root_;
  for (const Plan& operand : planned.operands)
    spec.operands.push_back(operand.kind == Plan::Kind::absent ? nullptr : &make(operand));
  Node& node = graph_.add_node(std::move(spec));
  done_.new_nodes.push_back(&node);
  if (error_.empty()) {
    if (auto inferred = infer_types(graph_, node); !inferred)
      error_ = fmt::format("the replacement is not valid: {}", inferred.error().message());
  }
  for (Node* matched : bindings_.nodes) graph_.merge_provenance(node, *matched);
  graph_.add_rule(node, rule_.name);
  return *node.result();
}

std::optional<std::string> Rewriter::check_types() {
  for (std::size_t i = 0; i < done_.results.size(); ++i) {
    const Value& old = *bindings_.values[static_cast<std::size_t>(rule_.replacements[i].slot)];
    const Value& now = *done_.results[i];
    if (!agree(old.type(), now.type()))
      return fmt::format("the replacement is {}, not {}", to_text(now.type(), graph_.symbols()),
                         to_text(old.type(), graph_.symbols()));
  }
  return std::nullopt;
}

void Rewriter::undo() {
  for (std::size_t i = done_.new_nodes.size(); i-- > 0;) graph_.erase(*done_.new_nodes[i]);
  for (const NewConstant& constant : new_constants_) graph_.remove_value(*constant.value);
}

void Rewriter::replace(Value& old, Value& with) {
  const bool is_new_result = std::any_of(done_.new_nodes.begin(), done_.new_nodes.end(),
                                         [&](const Node* node) { return node == with.producer(); });
  const bool is_new_constant =
      std::any_of(new_constants_.begin(), new_constants_.end(),
                  [&](const NewConstant& constant) { return constant.value == &with; });
  const bool is_output = old.is_output();
  if (is_new_result) {
    // What the old result was known to be, the new one is.
    with.set_range(old.range());
    graph_.set_type(with, old.type());
  }
  graph_.replace_all_uses(old, with);
  // Users know a layer's result by its name, and an output must keep it.
  if (is_new_result || is_new_constant || is_output) graph_.take_name(with, old);
}

void Rewriter::erase_matched() {
  std::vector<Value*> operands;
  for (std::size_t i = bindings_.nodes.size(); i-- > 0;) {
    Node* node = bindings_.nodes[i];
    // A node may stand for two patterns; the first comes after all its users.
    const auto here = bindings_.nodes.begin() + static_cast<long>(i);
    if (std::find(bindings_.nodes.begin(), here, node) != here) continue;
    bool is_used = false;
    for (std::size_t r = 0; r < node->result_count(); ++r)
      is_used = is_used || (node->result(r) != nullptr && !node->result(r)->is_unused());
    if (is_used) continue;
    for (std::size_t o = 0; o < node->operand_count(); ++o)
      if (Value* operand = node->operand(o); operand != nullptr && operand->is_constant())
        operands.push_back(operand);
    graph_.erase(*node);
  }
  std::sort(operands.begin(), operands.end(),
            [](const Value* a, const Value* b) { return a->id() < b->id(); });
  operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
  for (Value* operand : operands) {
    if (!operand->is_unused()) continue;
    for (NewConstant& constant : new_constants_) {
      if (constant.original != operand) continue;
      graph_.take_name(*constant.value, *operand);
      break;
    }
    graph_.remove_value(*operand);
  }
}

}  // namespace rcc
