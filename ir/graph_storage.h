#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "ir/graph.h"
#include "ir/name_table.h"

namespace rcc {

// Objects at stable addresses, in blocks; the place of a removed object is used again. Whoever owns
// the slab destroys the objects.
template <typename T>
class Slab {
 public:
  T* create() {
    void* place = nullptr;
    if (!free_.empty()) {
      place = free_.back();
      free_.pop_back();
    } else {
      if (used_ == kBlock) {
        blocks_.emplace_back(new Place[kBlock]);
        used_ = 0;
      }
      place = &blocks_.back()[used_++];
    }
    return new (place) T();
  }
  void destroy(T* object) {
    object->~T();
    free_.push_back(object);
  }

 private:
  static constexpr std::size_t kBlock = 128;
  struct Place {
    alignas(T) std::byte bytes[sizeof(T)];
  };
  std::vector<std::unique_ptr<Place[]>> blocks_;
  std::size_t used_ = kBlock;
  std::vector<void*> free_;
};

// Inputs or constants in order. A removed one leaves a hole until the list is next looked at, so
// that removing many costs one sweep.
struct ValueList {
  std::vector<Value*> values;
  std::size_t holes = 0;
  std::uint64_t swept = 0;
};

// Neighbours among the outputs that are the same value.
struct OutputLink {
  std::uint32_t previous = UINT32_MAX;
  std::uint32_t next = UINT32_MAX;
};

struct Graph::Storage {
  Storage() = default;
  ~Storage() {
    for (Node* node : nodes)
      if (node != nullptr) node_slab.destroy(node);
    for (Value* value : values)
      if (value != nullptr) value_slab.destroy(value);
  }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  GraphAnchor anchor;
  std::uint64_t known_good_at = UINT64_MAX;
  std::uint64_t hidden_steps = 0;
  Slab<Node> node_slab;
  Slab<Value> value_slab;
  // By id; null after removal.
  std::vector<Node*> nodes;
  std::vector<Value*> values;
  std::size_t node_count = 0;
  NameTable names;
  ValueList inputs;
  ValueList constants;
  std::vector<GraphOutput> outputs;
  std::vector<OutputLink> output_links;
  std::deque<OpInfo> opaque_rows;
  std::map<std::pair<std::string_view, std::string_view>, const OpInfo*> opaque_by_name;
};

}  // namespace rcc
