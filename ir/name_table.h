#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rcc {

class Value;

// The strings of a graph, kept at stable addresses, and which of them name a value now.
class NameTable {
 public:
  NameTable();

  std::string_view intern(std::string_view text);
  // How many numbered names were looked up to find free ones.
  std::uint64_t numbers_tried() const { return numbers_tried_; }
  // Null when no value has the name.
  Value* find(std::string_view name) const;
  // Names the value `wanted` when that is free, else wanted_1, wanted_2, ...; for an empty one 0,
  // 1,
  // ...: the first that is free, so that the answer follows from the names in use.
  std::string_view take_unique(std::string_view wanted, Value& value);
  // Precondition: the name is free.
  std::string_view take(std::string_view name, Value& value);
  // Precondition: the name is taken.
  void release(std::string_view name);

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::string_view text;
    Value* value = nullptr;
  };
  // Of the numbers below `next`, exactly those in `released` may be free; the smallest is at the
  // front of that heap, which may hold numbers that were taken again.
  struct Numbering {
    std::uint64_t next;
    std::vector<std::uint64_t> released;
  };

  std::uint64_t hash(std::string_view text) const;
  Entry& entry(std::string_view text);
  const Entry* find_entry(std::string_view text) const;
  void grow();
  std::string_view store(std::string_view text);
  std::string_view first_free(std::string_view stem);

  // Open addressing; the size is a power of two. An empty slot has no text.
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
  std::uint64_t numbers_tried_ = 0;
  // Differs from table to table, so that no list of names is slow by design. Nothing depends on the
  // order of entries.
  std::uint64_t seed_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_begin_ = nullptr;
  std::size_t free_size_ = 0;
  // By stem; the stem of numbered values is empty.
  std::unordered_map<std::string_view, Numbering> numberings_;
};

}  // namespace rcc
