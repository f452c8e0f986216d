#pragma once

#include <compare>
#include <cstdint>
#include <utility>
#include <vector>

namespace rcc {

// Identifies a node or a value within its graph; never reused there. What a pass remembers.
template <typename Tag>
struct Id {
  std::uint32_t index = UINT32_MAX;
  bool is_set() const { return index != UINT32_MAX; }
  auto operator<=>(const Id&) const = default;
};
using NodeId = Id<struct NodeTag>;
using ValueId = Id<struct ValueTag>;

// Side data for nodes or values: a vector indexed by id, so iteration order never depends on
// addresses. Reading an id that was never written gives the default.
template <typename Key, typename T>
class IdMap {
 public:
  IdMap() = default;
  explicit IdMap(T default_value) : default_(std::move(default_value)) {}
  T& operator[](Key key) {
    if (key.index >= items_.size()) items_.resize(key.index + 1, Item{default_});
    return items_[key.index].value;
  }
  const T& operator[](Key key) const {
    return key.index < items_.size() ? items_[key.index].value : default_;
  }

 private:
  // Wrapped, so that IdMap<Key, bool> is not the bit-packed vector.
  struct Item {
    T value;
  };
  std::vector<Item> items_;
  T default_{};
};

}  // namespace rcc
