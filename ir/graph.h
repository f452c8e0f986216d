#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/attribute.h"
#include "ir/id.h"
#include "ir/op.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace rcc {

class Graph;
class Node;
class Value;

// What nodes and values know of their graph. Stays in place when the graph is moved.
struct GraphAnchor {
  Graph* graph = nullptr;
  // Counts every change.
  std::uint64_t epoch = 0;
  // Grows when a range appears, so that "no ranges from here on" can be remembered per value.
  std::uint64_t range_epoch = 1;
};

// One operand slot of a node; the members of a value's intrusive use list.
class Use {
 public:
  Node& user() const { return *user_; }
  // Index of the operand slot in user().
  std::uint32_t operand() const { return operand_; }
  Use* next() const { return next_; }

 private:
  friend class Graph;
  friend class Node;
  friend class Value;
  Value* value_ = nullptr;
  Node* user_ = nullptr;
  std::uint32_t operand_ = 0;
  Use* previous_ = nullptr;
  Use* next_ = nullptr;
};

// The interval of a value's elements, written by `calibrate`, read by quantizer insertion.
struct Range {
  float low = 0;
  float high = 0;
  bool operator==(const Range&) const = default;
};

// An SSA value: a graph input, a constant or a result of a node. Owned by its graph.
class Value {
 public:
  enum class Kind : std::uint8_t { input, constant, result };

  ValueId id() const { return id_; }
  Kind kind() const { return kind_; }
  bool is_constant() const { return kind_ == Kind::constant; }
  bool is_input() const { return kind_ == Kind::input; }
  // Unique in the graph, as in the source file. Prints as %name or @name.
  std::string_view name() const { return name_; }
  const Type& type() const { return type_; }
  const Graph& graph() const { return *anchor_->graph; }

  // Null unless kind() == result.
  Node* producer() const { return producer_; }
  std::uint32_t result_index() const { return result_index_; }

  // Precondition: is_constant().
  const Tensor& tensor() const { return *tensor_; }
  // Exact zeros of this constant stay zero: the trainer freezes them. Only on constants.
  bool is_sparse() const { return is_sparse_; }

  const std::optional<Range>& range() const { return range_; }
  void set_range(std::optional<Range> range) {
    range_ = range;
    ++anchor_->epoch;
    if (range) ++anchor_->range_epoch;
  }

  // Operand slots that read this value, most recent last; graph outputs do not count as uses.
  Use* first_use() const { return first_use_; }
  std::uint32_t use_count() const { return use_count_; }
  // How many graph outputs are this value.
  std::uint32_t output_count() const { return output_count_; }
  bool is_output() const { return output_count_ > 0; }
  bool is_unused() const { return use_count_ == 0 && output_count_ == 0; }
  // The only reader is one operand slot and it is no output.
  bool has_one_use() const { return use_count_ == 1 && output_count_ == 0; }
  // for (Use& use : value.uses()); the loop body may not change the list.
  struct UseRange;
  UseRange uses() const;

 private:
  friend class Graph;
  ValueId id_;
  Kind kind_ = Kind::result;
  bool is_sparse_ = false;
  // Of inputs and constants: the place in the graph's list of them.
  std::uint32_t result_index_ = 0;
  std::uint32_t use_count_ = 0;
  std::uint32_t output_count_ = 0;
  // The first entry of outputs() that is this value; the others are linked to it.
  std::uint32_t first_output_ = UINT32_MAX;
  std::string_view name_;
  Type type_;
  GraphAnchor* anchor_ = nullptr;
  Node* producer_ = nullptr;
  Use* first_use_ = nullptr;
  Use* last_use_ = nullptr;
  std::optional<Range> range_;
  // At this range epoch neither the value nor anything computed from it had a range.
  std::uint64_t no_ranges_at_ = 0;
  std::unique_ptr<Tensor> tensor_;
};

struct Value::UseRange {
  struct Iterator {
    Use* use;
    Use& operator*() const { return *use; }
    Iterator& operator++() {
      use = use->next();
      return *this;
    }
    bool operator==(const Iterator&) const = default;
  };
  Use* first;
  Iterator begin() const { return {first}; }
  Iterator end() const { return {nullptr}; }
};
inline Value::UseRange Value::uses() const { return {first_use_}; }

// Where a node came from: names of source layers, then the rules and passes that touched it. Both
// are bounded to kMaxEntries; what is dropped is counted.
struct Provenance {
  static constexpr std::size_t kMaxEntries = 8;
  std::vector<std::string_view> sources;
  std::vector<std::string_view> rules;
  std::uint32_t dropped = 0;
  // What users call the layer: the first source, or empty.
  std::string_view layer() const { return sources.empty() ? std::string_view() : sources.front(); }
  bool operator==(const Provenance&) const = default;
};

// An operation. Owned by its graph, on its list in topological order.
class Node {
 public:
  NodeId id() const { return id_; }
  const OpInfo& op() const { return *op_; }
  OpKind kind() const { return op_->kind; }
  bool is(OpKind kind) const { return op_->kind == kind; }
  const Graph& graph() const { return *anchor_->graph; }

  std::size_t operand_count() const { return operands_.size(); }
  // Null where an optional operand is absent, also past operand_count().
  Value* operand(std::size_t index) const {
    return index < operands_.size() ? operands_[index].value_ : nullptr;
  }
  // By the name in the operator's row, e.g. operand("W"). Null when absent.
  Value* operand(std::string_view name) const;

  std::size_t result_count() const { return results_.size(); }
  // Null where an optional result is not produced.
  Value* result(std::size_t index = 0) const {
    return index < results_.size() ? results_[index] : nullptr;
  }

  // The set value or the row's default; monostate when an optional attribute has neither.
  const AttributeValue& attribute(std::string_view name) const;
  // Preconditions: the row (or an opaque node) has an attribute of that type. For attributes whose
  // default is "none" ask has_attribute first.
  std::int64_t attribute_int(std::string_view name) const;
  float attribute_float(std::string_view name) const;
  const Ints& attribute_ints(std::string_view name) const;
  const std::string& attribute_string(std::string_view name) const;
  bool has_attribute(std::string_view name) const;
  // Only attributes that differ from their default, sorted by name.
  const std::vector<NamedAttribute>& attributes() const { return attributes_; }

  const Provenance& provenance() const { return provenance_; }
  // The source layer's name or, for want of one, the name of the first result: what messages print.
  std::string_view label() const;

  Node* previous() const { return previous_; }
  Node* next() const { return next_; }

 private:
  friend class Graph;
  NodeId id_;
  // Strictly increasing along the list, with gaps.
  std::uint64_t order_ = 0;
  const OpInfo* op_ = nullptr;
  GraphAnchor* anchor_ = nullptr;
  Node* previous_ = nullptr;
  Node* next_ = nullptr;
  // Never resized after creation except through Graph::set_operands (uses are relinked there).
  std::vector<Use> operands_;
  std::vector<Value*> results_;
  std::vector<NamedAttribute> attributes_;
  Provenance provenance_;
};

struct GraphOutput {
  Value* value = nullptr;
  // The name in the file; differs from value->name() only when an output aliases another value.
  std::string_view name;
};

// What a model file says besides its graph; kept and written back.
struct ModelInfo {
  std::int64_t ir_version = 0;
  // Domain -> version; "" is ONNX's own domain. The opset of the source file, to which the writer
  // lowers again.
  std::map<std::string, std::int64_t> opsets;
  std::string producer_name;
  std::string producer_version;
  std::string domain;
  std::int64_t model_version = 0;
  std::string doc_string;
  std::string graph_doc_string;
  // In file order; keys are unique.
  std::vector<std::pair<std::string, std::string>> metadata;
  // Serialised model-local functions, written back unchanged.
  std::vector<std::string> functions;
  // Inputs of the file that were initializers with a default (IR version 3): names, in order. They
  // are constants here and are not written as inputs again.
  std::vector<std::string> initializer_inputs;
  bool operator==(const ModelInfo&) const = default;
};

// A data-flow graph in SSA form, one block, nodes in topological order. Owns everything in it.
// Movable; a copy is the explicit clone(), which shares all tensors.
class Graph {
 public:
  explicit Graph(std::string name = "main",
                 std::shared_ptr<const OpTable> ops = OpTable::builtin());
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

  // Ids and names are the same in the copy.
  Graph clone() const;

  const std::string& name() const { return name_; }
  const OpTable& ops() const { return *ops_; }
  const std::shared_ptr<const OpTable>& op_table() const { return ops_; }
  SymbolTable& symbols() { return symbols_; }
  const SymbolTable& symbols() const { return symbols_; }
  ModelInfo& info() { return info_; }
  const ModelInfo& info() const { return info_; }
  // Stable for the life of the graph, also across moves.
  std::string_view intern(std::string_view text);

  // --- values -------------------------------------------------------------------------------
  // The wanted name is taken when free, else the first free one of "name_1", "name_2", ... An empty
  // name gives the first free number. So a name depends on the names in use only, not on history.
  Value& add_input(std::string_view name, Type type);
  Value& add_constant(std::string_view name, Tensor tensor, bool is_sparse = false);
  // The loop body may not add or remove inputs; the same holds for constants().
  const std::vector<Value*>& inputs() const;
  // In order of creation; removed constants leave no gap.
  const std::vector<Value*>& constants() const;
  Value* find_value(std::string_view name) const;
  // Null after removal.
  Value* value(ValueId id) const;
  std::uint32_t value_id_limit() const;

  void set_type(Value& value, Type type);
  // Replaces the payload; the type follows. Precondition: value.is_constant().
  // Ranges of values computed from it are dropped.
  void set_tensor(Value& value, Tensor tensor);
  // Gives an elided constant its payload; what was computed with it stays true, also ranges.
  void fill_tensor(Value& value, Tensor tensor);
  // Moves the payload out so that it can be changed in place when no one else shares it; the
  // constant holds an elided tensor until set_tensor.
  Tensor take_tensor(Value& value);
  void set_sparse(Value& value, bool is_sparse);
  // Gives `value` the name of another, which is renamed out of the way.
  void take_name(Value& value, Value& from);
  // False when the name is taken.
  bool rename(Value& value, std::string_view name);
  // Precondition: an input or a constant without uses that is no output.
  void remove_value(Value& value);

  void add_output(Value& value, std::string_view name = {});
  const std::vector<GraphOutput>& outputs() const;
  void set_output(std::size_t index, Value& value);
  void clear_outputs();

  // --- nodes --------------------------------------------------------------------------------
  struct NodeSpec {
    const OpInfo* op = nullptr;
    // Null: an absent optional operand. Trailing nulls are trimmed.
    std::vector<Value*> operands;
    std::vector<NamedAttribute> attributes;
    // Name and type of each result; one result of unknown type when empty. A result with
    // `is_absent` is not produced.
    struct Result {
      std::string name;
      Type type;
      bool is_absent = false;
    };
    std::vector<Result> results;
    Provenance provenance;
    // Inserted before this node; null: at the end.
    Node* before = nullptr;
  };
  // Values equal to their default are dropped from the attributes, names interned, attributes
  // sorted. Types are taken as given; call infer_types afterwards to compute them.
  Node& add_node(NodeSpec spec);
  // Short form: one result, default attributes, at the end or before `before`; the type is
  // inferred. Precondition: the operator accepts these operands and attributes.
  Value& add(OpKind kind, std::vector<Value*> operands, std::vector<NamedAttribute> attributes = {},
             std::string_view result_name = {}, Node* before = nullptr);

  // A row for an operator the table does not know, owned by the graph, one per (domain, type).
  const OpInfo& opaque_op(std::string_view domain, std::string_view onnx_name);

  Node* first_node() const { return first_; }
  Node* last_node() const { return last_; }
  std::size_t node_count() const;
  // Null after erasure.
  Node* node(NodeId id) const;
  std::uint32_t node_id_limit() const;
  // In topological order. The loop body may erase the current node and insert anywhere.
  struct NodeRange;
  NodeRange nodes() const;
  struct ReverseNodeRange;
  ReverseNodeRange nodes_reversed() const;
  // O(1): a comes before b on the list.
  bool is_before(const Node& a, const Node& b) const { return a.order_ < b.order_; }

  void set_operand(Node& node, std::size_t index, Value* value);
  // Appends or removes trailing slots as needed.
  void set_operands(Node& node, const std::vector<Value*>& operands);
  // A value equal to the default removes the attribute.
  void set_attribute(Node& node, std::string_view name, AttributeValue value);
  void set_provenance(Node& node, Provenance provenance);
  void add_rule(Node& node, std::string_view rule);
  // Union of the sources and rules of `from` into `to`, bounded.
  void merge_provenance(Node& to, const Node& from);

  // Every use and every output of `from` reads `to` instead. Output names stay.
  void replace_all_uses(Value& from, Value& to);
  // Uses in `user` only.
  void replace_uses_in(Node& user, Value& from, Value& to);
  // Precondition: no result has uses or is an output.
  void erase(Node& node);
  // Erases nodes that have results and none of them used, back to front, then unused constants.
  // Returns the number of nodes erased. Graph inputs stay.
  std::size_t erase_dead_nodes();
  void move_before(Node& node, Node& before);

  // Moves every node so that operands come before users, keeping the order otherwise. False when
  // the graph has a cycle; nothing is moved then.
  bool sort_topologically();

  // Drops ranges of all values computed, directly or not, from `value`.
  void drop_ranges_after(const Value& value);

  // Counts every change; equal epochs mean an unchanged graph.
  std::uint64_t epoch() const;
  // Turns of the loops that are longer than what a caller asked for: renumbering, the search for a free
  // name, dropping of ranges, closing of holes. Tests of growth read it.
  std::uint64_t hidden_steps() const;
  // Whether the graph passed verify() and has not changed since.
  bool is_known_good() const;
  void set_known_good() const;

 private:
  struct Storage;
  Value& new_value(Value::Kind kind, std::string_view name, Type type);
  void delete_value(Value& value);
  void set_name(Value& value, std::string_view name);
  void link_use(Use& use, Value& value);
  void unlink_use(Use& use);
  void link_output(std::uint32_t index, Value& value);
  void unlink_output(std::uint32_t index);
  void insert_into_list(Node& node, Node* before);
  void remove_from_list(Node& node);
  void relabel_around(Node& node);
  void copy_values_to(Graph& copy) const;
  void copy_nodes_to(Graph& copy) const;

  std::string name_;
  std::shared_ptr<const OpTable> ops_;
  SymbolTable symbols_;
  ModelInfo info_;
  std::unique_ptr<Storage> storage_;
  Node* first_ = nullptr;
  Node* last_ = nullptr;
};

struct Graph::NodeRange {
  // Fetches the next node before the body runs on the current one.
  struct Iterator {
    Node* node;
    Node* next;
    explicit Iterator(Node* start) : node(start), next(start ? start->next() : nullptr) {}
    Node& operator*() const { return *node; }
    Iterator& operator++() {
      node = next;
      next = node ? node->next() : nullptr;
      return *this;
    }
    bool operator==(const Iterator& other) const { return node == other.node; }
  };
  Node* first;
  Iterator begin() const { return Iterator(first); }
  Iterator end() const { return Iterator(nullptr); }
};
inline Graph::NodeRange Graph::nodes() const { return {first_}; }

struct Graph::ReverseNodeRange {
  struct Iterator {
    Node* node;
    Node* previous;
    explicit Iterator(Node* start) : node(start), previous(start ? start->previous() : nullptr) {}
    Node& operator*() const { return *node; }
    Iterator& operator++() {
      node = previous;
      previous = node ? node->previous() : nullptr;
      return *this;
    }
    bool operator==(const Iterator& other) const { return node == other.node; }
  };
  Node* last;
  Iterator begin() const { return Iterator(last); }
  Iterator end() const { return Iterator(nullptr); }
};
inline Graph::ReverseNodeRange Graph::nodes_reversed() const { return {last_}; }

}  // namespace rcc
