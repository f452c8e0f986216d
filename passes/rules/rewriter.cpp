#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/shape_inference.h"
#include "passes/rules/matcher.h"
#include "passes/rules/rewriter.h"

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

}  // namespace

const std::vector<NodeId>& SharedNodes::readers(const Value& value, const OpInfo& op) {
  const auto [entry, is_new] = readers_.try_emplace({value.id().index, op.name});
  if (!is_new) return entry->second;
  for (const Use& use : value.uses())
    if (use.user().op().name == op.name) entry->second.push_back(use.user().id());
  return entry->second;
}

void SharedNodes::add(const Value& value, const Node& node) {
  readers_.at({value.id().index, node.op().name}).push_back(node.id());
}

Rewriter::Rewriter(Graph& graph, const Rule& rule, const Bindings& bindings, SharedNodes* shared)
    : graph_(graph),
      rule_(rule),
      bindings_(bindings),
      own_known_(graph),
      known_(shared != nullptr ? *shared : own_known_),
      root_(bindings.nodes.back()),
      before_all_(root_),
      before_(root_) {}

tl::expected<Rewrite, std::string> Rewriter::apply() {
  Problem problem = plan_definitions();
  if (!problem) problem = plan_replacements();
  for (const EdgeInsertion& edge : rule_.edges)
    if (!problem) problem = plan_edge(edge);
  for (const ConstantChange& change : rule_.changes)
    if (!problem) problem = plan_change(change);
  if (!problem) problem = place_definitions();
  if (problem) return refuse(std::move(*problem));
  if (rule_.keeps_nodes() && edges_.empty() && changes_.empty())
    return refuse(fmt::format("rule {} would change nothing", rule_.name));
  // Who applied the rule tells by the graph, which is as it was.
  if (changes_nothing()) return Rewrite{};
  make_all();
  if (error_.empty()) error_ = check_types().value_or("");
  if (!error_.empty()) {
    undo();
    return refuse(std::move(error_));
  }
  commit();
  return std::move(done_);
}

Rewriter::Problem Rewriter::plan_replacements() {
  for (const Replacement& replacement : rule_.replacements) {
    PlanResult planned = plan(replacement.with);
    if (!planned) return std::move(planned).error();
    const Value* old = bindings_.values[static_cast<std::size_t>(replacement.slot)];
    // An optional result that is not produced has no readers.
    if (old == nullptr) continue;
    if (planned->kind == Plan::Kind::existing)
      if (Problem problem = refuse_existing(*old, *planned->value)) return problem;
    if (planned->kind == Plan::Kind::constant && planned->name.empty())
      planned->name = std::string(old->name());
    replacements_.push_back(std::move(*planned));
    replaced_.push_back(static_cast<std::size_t>(replacement.slot));
  }
  if (replacements_.empty() && !rule_.keeps_nodes())
    return fmt::format("{} is not produced", rule_.replacements.front().target);
  return std::nullopt;
}

bool Rewriter::changes_nothing() const {
  if (rule_.keeps_nodes()) return false;
  for (std::size_t i = 0; i < replacements_.size(); ++i) {
    const Value& old = *bindings_.values[replaced_[i]];
    if (!is_like(old, replacements_[i], old)) return false;
  }
  return true;
}

Rewriter::Problem Rewriter::refuse_existing(const Value& replaced, const Value& with) const {
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

// Nodes with a name may be read on every edge, so they go before the first of the readers.
Rewriter::Problem Rewriter::place_definitions() {
  for (const Edge& edge : edges_)
    if (&edge == &edges_.front() || graph_.is_before(*edge.target, *before_all_))
      before_all_ = edge.target;
  for (const Plan& planned : definitions_)
    if (Problem problem = check_order(planned, *before_all_)) return problem;
  return std::nullopt;
}

void Rewriter::make_all() {
  made_.resize(definitions_.size(), nullptr);
  for (const Plan& planned : replacements_) done_.results.push_back(&make(planned));
  for (Edge& edge : edges_)
    if (error_.empty()) make_edge(edge);
}

Value& Rewriter::make(const Plan& planned) {
  switch (planned.kind) {
    case Plan::Kind::existing:
      return *planned.value;
    case Plan::Kind::constant:
      return make_constant(planned);
    case Plan::Kind::node:
      return *make_node(planned).result();
    case Plan::Kind::made:
      return *made_node(planned.definition).result(planned.result);
    case Plan::Kind::absent:
      break;
  }
  RCC_CHECK(false, "an absent value");
}

// Made at the first use: `(b or t)` may not need it.
Node& Rewriter::made_node(std::size_t definition) {
  if (made_[definition] != nullptr) return *made_[definition];
  Node* const before = std::exchange(before_, before_all_);
  const Shared shared = std::exchange(shared_, {});
  made_[definition] = &make_node(definitions_[definition]);
  before_ = before;
  shared_ = shared;
  return *made_[definition];
}

// A scale that two nodes read under one name is one constant.
Value& Rewriter::make_constant(const Plan& planned) {
  for (const NewConstant& known : new_constants_)
    if (known.name == planned.name && known.value->is_sparse() == planned.is_sparse &&
        known.value->tensor().same_contents(planned.tensor))
      return *known.value;
  Value& value = graph_.add_constant(planned.name, planned.tensor, planned.is_sparse);
  new_constants_.push_back({&value, planned.original, planned.name});
  return value;
}

Node& Rewriter::make_node(const Plan& planned) {
  if (shared_.target != nullptr) {
    if (Node* found = find_shared(planned)) {
      done_.reused_nodes.push_back(found);
      return *found;
    }
  }
  Graph::NodeSpec spec;
  spec.op = planned.op;
  spec.attributes = planned.attributes;
  spec.before = before_;
  spec.results.resize(planned.result_count);
  spec.results.front().name = planned.name;
  for (const Plan& operand : planned.operands)
    spec.operands.push_back(operand.kind == Plan::Kind::absent ? nullptr : &make(operand));
  const Value* key = shared_.target == nullptr ? nullptr : &found_by(planned, spec.operands);
  Node& node = graph_.add_node(std::move(spec));
  done_.new_nodes.push_back(&node);
  if (key != nullptr) {
    known_.readers(*key, *planned.op);
    known_.add(*key, node);
  }
  if (error_.empty()) {
    if (auto inferred = infer_types(graph_, node); !inferred)
      error_ = fmt::format("the replacement is not valid: {}", inferred.error().message());
  }
  // Nodes on an edge belong to no layer of the model.
  if (edges_.empty())
    for (Node* matched : bindings_.nodes) graph_.merge_provenance(node, *matched);
  graph_.add_rule(node, rule_.name);
  return node;
}

Rewriter::Problem Rewriter::check_types() const {
  const auto differs = [&](const Value& old, const Value& now) -> Problem {
    if (agree(old.type(), now.type())) return std::nullopt;
    return fmt::format("the replacement is {}, not {}", to_text(now.type(), graph_.symbols()),
                       to_text(old.type(), graph_.symbols()));
  };
  for (std::size_t i = 0; i < done_.results.size(); ++i) {
    const Value& old = *bindings_.values[replaced_[i]];
    if (Problem problem = differs(old, *done_.results[i])) return problem;
  }
  for (const Edge& edge : edges_)
    if (Problem problem = differs(*edge.source, *edge.made)) return problem;
  return std::nullopt;
}

void Rewriter::undo() {
  for (std::size_t i = done_.new_nodes.size(); i-- > 0;) graph_.erase(*done_.new_nodes[i]);
  for (const NewConstant& constant : new_constants_) graph_.remove_value(*constant.value);
}

void Rewriter::commit() {
  for (std::size_t i = 0; i < replacements_.size(); ++i) {
    Value*& named = bindings_.values[replaced_[i]];
    replace(*named, *done_.results[i]);
    named = done_.results[i];
  }
  std::vector<Value*> constants;
  for (const Edge& edge : edges_) {
    connect(edge);
    if (edge.source->is_constant()) constants.push_back(edge.source);
  }
  for (const Change& change : changes_) set(change);
  check_post_conditions();
  if (rule_.keeps_nodes()) {
    done_.results = observed_results(rule_, bindings_);
    remove_unused(std::move(constants));
  } else {
    erase_matched();
  }
}

void Rewriter::check_post_conditions() {
  for (const PostCondition& post : rule_.post_conditions) {
    const DatumResult value = evaluate(post.condition, bindings_);
    if (value && value->data.at(0) != 0) continue;
    done_.violation = {post.range, value ? post.message : value.error()};
    return;
  }
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
  remove_unused(std::move(operands));
}

void Rewriter::remove_unused(std::vector<Value*> operands) {
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
