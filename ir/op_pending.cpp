// Weak stand-ins until the operator table is here; its strong definitions win.
#include "ir/graph.h"
#include "ir/op.h"
#include "ir/shape_inference.h"

namespace rcc {

#define RCC_WEAK __attribute__((weak))

RCC_WEAK const AttributeInfo* OpInfo::find_attribute(std::string_view attribute) const {
  for (const AttributeInfo& info : attributes)
    if (info.name == attribute) return &info;
  return nullptr;
}

RCC_WEAK std::shared_ptr<OpTable> OpTable::extended_builtin() {
  auto table = std::make_shared<OpTable>();
  const auto add_row = [&table](OpKind kind, std::string_view name) {
    OpInfo row;
    row.kind = kind;
    row.name = name;
    table->add(std::move(row));
  };
#define RCC_OP(kind, ...) add_row(OpKind::kind, #kind);
#include "ir/op.def"
#undef RCC_OP
  return table;
}

RCC_WEAK std::shared_ptr<const OpTable> OpTable::builtin() { return extended_builtin(); }

RCC_WEAK const OpInfo& OpTable::add(OpInfo row) {
  rows_.push_back(std::move(row));
  by_name_.emplace(rows_.back().name, &rows_.back());
  return rows_.back();
}

RCC_WEAK const OpInfo* OpTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

RCC_WEAK Result<void> infer_types(Graph&, Node&) { return {}; }

}  // namespace rcc
