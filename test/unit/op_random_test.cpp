#include <gtest/gtest.h>

#include <map>
#include <random>

#include "ir/cost.h"
#include "ir/interpreter.h"
#include "ir/shape_inference.h"

namespace rcc {
namespace {

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Words that attributes of some names may have.
const std::map<std::string_view, std::vector<std::string_view>> kWords = {
    {attr::equation, {"...i->...", "...->...", "i,i", "ij,jk->ik", "...a,...a->...a", "ii->i"}},
    {attr::direction, {"LEFT", "RIGHT"}},
    {attr::mode, {"DCR", "CRD", "nearest", "linear", "cubic", "constant", "reflect", "edge"}},
    {attr::reduction, {"none", "add", "mul", "max", "min"}},
    {attr::coordinate_transformation_mode,
     {"half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize", "pytorch_half_pixel"}},
    {attr::nearest_mode, {"floor", "ceil", "round_prefer_ceil"}},
    {attr::keep_aspect_ratio_policy, {"stretch", "not_larger", "not_smaller"}}};

// Nodes of every operator with operands and attributes that fit often enough to get far, and are
// absurd often enough to be refused everywhere.
class RandomNodes {
 public:
  explicit RandomNodes(std::uint64_t seed) : random_(seed) {}

  Node& node(Graph& graph, const OpInfo& row) {
    base_ = sizes(below(5));
    constants_only_ = is_one_in(2);
    dtype_ = pick({DType::f32, DType::f32, DType::f32, DType::f16, DType::f64, DType::i64,
                   DType::u8, DType::i8, DType::i4, DType::boolean, DType::string});
    Graph::NodeSpec spec;
    spec.op = &row;
    const int least = row.min_operands();
    const int most = row.max_operands() < 0 ? least + 3 : row.max_operands();
    const int count = least + static_cast<int>(below(most - least + 1));
    for (int i = 0; i < count; ++i) {
      const bool is_absent = i >= least && is_one_in(4);
      const auto& info = row.operands[std::min<std::size_t>(i, row.operands.size() - 1)];
      spec.operands.push_back(is_absent ? nullptr : &operand(graph, info));
    }
    for (const AttributeInfo& info : row.attributes) {
      if (info.is_required || is_one_in(2)) spec.attributes.push_back({info.name, value(info)});
    }
    const bool is_open = row.results.back().arity == Arity::variadic;
    spec.results.resize(1 + below(is_open ? 4 : static_cast<std::int64_t>(row.results.size())));
    return graph.add_node(std::move(spec));
  }

 private:
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound));
  }
  bool is_one_in(std::int64_t count) { return below(count) == 0; }
  template <typename T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[below(static_cast<std::int64_t>(choices.size()))];
  }
  std::int64_t number() {
    return is_one_in(5)
               ? pick({kLeast, kMost, std::int64_t{1} << 31, std::int64_t{-1}, std::int64_t{100}})
               : below(4);
  }
  Ints numbers(std::int64_t count) {
    Ints list;
    for (std::int64_t i = 0; i < count; ++i) list.push_back(number());
    return list;
  }
  std::vector<std::int64_t> sizes(std::int64_t rank) {
    std::vector<std::int64_t> list;
    for (std::int64_t i = 0; i < rank; ++i) {
      const std::int64_t usual = i < std::ssize(base_) ? base_[static_cast<std::size_t>(i)] : 2;
      list.push_back(is_one_in(4) ? below(6) : usual);
    }
    return list;
  }

  Value& operand(Graph& graph, const OperandInfo& info) {
    const bool is_list = info.role == Role::parameter && info.name != "scale" &&
                         info.name != "slope" && info.name != "gamma" && info.name != "condition";
    if (is_list && !is_one_in(3)) {
      const Ints list = numbers(pick({below(5), 2 * std::ssize(base_), std::int64_t{1}}));
      return graph.add_constant("n", Tensor::of<std::int64_t>({std::ssize(list)}, list));
    }
    const bool is_vector =
        info.role == Role::bias || info.role == Role::statistic || info.name == "gamma";
    const bool is_part = info.name == "updates" && !base_.empty() && is_one_in(2);
    std::vector<std::int64_t> shape = sizes(is_vector ? 1 : std::ssize(base_) - (is_part ? 1 : 0));
    if (info.role == Role::weight && shape.size() > 1 && is_one_in(3)) shape[1] = 1;
    const bool is_boolean = info.name == "condition" && !is_one_in(8);
    const DType dtype = is_boolean ? DType::boolean : is_one_in(8) ? DType::f32 : dtype_;
    if (!constants_only_ && is_one_in(2))
      return graph.add_input("x", open_type(graph, dtype, shape));
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    if (dtype == DType::string) {
      std::vector<std::string> texts(static_cast<std::size_t>(count));
      return graph.add_constant("c", Tensor::of_strings(std::move(shape), std::move(texts)));
    }
    std::vector<double> elements(static_cast<std::size_t>(count));
    for (double& element : elements) element = static_cast<double>(below(7) - 3);
    return graph.add_constant("c", Tensor::from_doubles(dtype, std::move(shape), elements));
  }

  Type open_type(Graph& graph, DType dtype, const std::vector<std::int64_t>& sizes_of_type) {
    if (is_one_in(12)) return Type::unranked(dtype);
    Type type(dtype, Shape(sizes_of_type.begin(), sizes_of_type.end()));
    for (Dim& dim : type.dims) {
      if (is_one_in(5)) dim = graph.symbols().intern("N");
      if (is_one_in(7)) dim = Dim::unknown();
      if (is_one_in(9)) dim = Dim(std::int64_t{1} << below(63));
    }
    return type;
  }

  AttributeValue value(const AttributeInfo& info) {
    switch (info.type) {
      case AttributeType::integer:
        return number();
      case AttributeType::real:
        return static_cast<float>(below(5) - 1);
      case AttributeType::string:
        if (const auto words = kWords.find(info.name); words != kWords.end() && !is_one_in(4)) {
          return std::string(
              words->second[static_cast<std::size_t>(below(std::ssize(words->second)))]);
        }
        return std::string(pick({"NOTSET", "SAME_UPPER", "VALID", "f32", "i8", "i4", "string", "",
                                 "reflect", "wrap", "constant", "tanh"}));
      case AttributeType::ints: {
        const std::int64_t axes = std::max<std::int64_t>(0, std::ssize(base_) - 2);
        return numbers(pick({axes, 2 * axes, below(5)}));
      }
      default:
        return Tensor::of<std::int64_t>({1}, {3});
    }
  }

  std::mt19937_64 random_;
  std::vector<std::int64_t> base_;
  bool constants_only_ = false;
  DType dtype_ = DType::f32;
};

Dim dim_of(const Node& node, const AxisRef& ref) {
  const Value* value =
      ref.side == AxisRef::Side::operand ? node.operand(ref.index) : node.result(ref.index);
  const bool is_there = value && value->type().is_ranked && ref.axis < value->type().rank();
  EXPECT_TRUE(is_there) << "a link names an axis that does not exist";
  return is_there ? value->type().dims[ref.axis] : Dim::unknown();
}

void check_links(const Node& node) {
  for (const AxisLink& link : axis_links(node)) {
    const Dim from = dim_of(node, link.from);
    const Dim to = dim_of(node, link.to);
    if (!from.is_fixed() || !to.is_fixed() || from.size() == 0) continue;
    const std::int64_t images = link.modulo == 0 ? from.size() : std::min(from.size(), link.modulo);
    EXPECT_LE(link.offset + images * link.repeat, to.size()) << "a link leaves its axis";
  }
}

bool can_interpret(const Node& node) {
  std::vector<const Tensor*> operands;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* operand = node.operand(i);
    if (operand && !operand->is_constant()) return false;
    operands.push_back(operand ? &operand->tensor() : nullptr);
  }
  return interpret(node, operands).has_value();
}

// No node breaks anything: it is refused with a message, or its links and results are sound.
TEST(RandomNodes, AreRefusedOrSound) {
  for (const OpInfo& row : OpTable::builtin()->rows()) {
    SCOPED_TRACE(row.name);
    RandomNodes random(1);
    int inferred = 0;
    int interpreted = 0;
    for (int i = 0; i < 1500; ++i) {
      Graph graph;
      Node& node = random.node(graph, row);
      if (can_interpret(node)) ++interpreted;
      if (!infer_types(graph, node)) continue;
      ++inferred;
      check_links(node);
      (void)cost(node);
      (void)preserves_zero(node);
      (void)weight_axes(node);
      if (row.resize) (void)row.resize(node, graph);
    }
    EXPECT_GT(inferred, 0);
    EXPECT_GT(interpreted, 0);
  }
}

}  // namespace
}  // namespace rcc
