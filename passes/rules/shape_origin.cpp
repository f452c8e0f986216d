#include "passes/rules/shape_origin.h"

#include <algorithm>

namespace rcc {

namespace {

// Longer derivations are not what a pattern matches.
constexpr int kMaxSteps = 64;

class Origin {
 public:
  explicit Origin(const Value& source) : source_(source) {}

  bool has_its_sizes(const Value& value) {
    if (&value == &source_) return true;
    const Node* node = value.producer();
    if (node == nullptr || --steps_ < 0 || !node->op().is_elementwise) return false;
    bool any = false;
    for (std::size_t i = 0; i < node->operand_count(); ++i) {
      const Value* operand = node->operand(i);
      if (operand == nullptr) continue;
      if (!is_no_larger(*operand)) return false;
      any = any || has_its_sizes(*operand);
    }
    return any;
  }

 private:
  // Every size is 1 or the one that the source has there.
  bool is_no_larger(const Value& value) {
    if (&value == &source_) return true;
    if (value.is_constant()) return fits(value.type());
    const Node* node = value.producer();
    if (node == nullptr || --steps_ < 0) return false;
    const bool is_reduction = node->op().find_attribute(attr::keepdims) != nullptr;
    if (is_reduction ? node->attribute_int(attr::keepdims) == 0 : !node->op().is_elementwise)
      return false;
    for (std::size_t i = 0; i < node->operand_count(); ++i)
      if (node->operand(i) != nullptr && !is_no_larger(*node->operand(i))) return false;
    return true;
  }

  bool fits(const Type& type) const {
    const Shape& sizes = source_.type().dims;
    if (!type.is_ranked || type.rank() > sizes.size()) return false;
    const std::size_t offset = sizes.size() - type.rank();
    for (std::size_t i = 0; i < type.rank(); ++i)
      if (type.dims[i] != Dim(1) && type.dims[i] != sizes[i + offset]) return false;
    return true;
  }

  const Value& source_;
  int steps_ = kMaxSteps;
};

}  // namespace

bool has_sizes_of(const Value& value, const Value& source) {
  return source.type().is_ranked && Origin(source).has_its_sizes(value);
}

}  // namespace rcc
