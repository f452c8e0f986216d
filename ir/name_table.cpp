#include "ir/name_table.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ir/support/number_text.h"
#include "ir/support/result.h"

namespace rcc {

namespace {

constexpr std::size_t kInitialEntries = 64;
constexpr std::size_t kBlockBytes = std::size_t{1} << 16;

// The number at the end of a name that unique() may have made, and what stands before it.
struct NumberedName {
  std::string_view stem;
  std::uint64_t number;
};

std::optional<NumberedName> split_number(std::string_view name) {
  constexpr std::size_t kMostDigits = 18;
  std::size_t begin = name.size();
  while (begin > 0 && name[begin - 1] >= '0' && name[begin - 1] <= '9') --begin;
  const std::string_view digits = name.substr(begin);
  const bool is_canonical = digits.size() == 1 || (digits.size() > 1 && digits[0] != '0');
  if (!is_canonical || digits.size() > kMostDigits) return std::nullopt;
  const auto number = static_cast<std::uint64_t>(*parse_int(digits));
  if (begin == 0) return NumberedName{{}, number};
  if (begin < 2 || name[begin - 1] != '_') return std::nullopt;
  return NumberedName{name.substr(0, begin - 1), number};
}

}  // namespace

NameTable::NameTable()
    : entries_(kInitialEntries), seed_(reinterpret_cast<std::uintptr_t>(entries_.data())) {}

std::uint64_t NameTable::hash(std::string_view text) const {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed_);
}

NameTable::Entry& NameTable::entry(std::string_view text) {
  if ((used_ + 1) * 2 > entries_.size()) grow();
  const std::uint64_t code = hash(text);
  std::size_t at = code & (entries_.size() - 1);
  while (entries_[at].text.data() != nullptr) {
    if (entries_[at].hash == code && entries_[at].text == text) return entries_[at];
    at = (at + 1) & (entries_.size() - 1);
  }
  ++used_;
  entries_[at] = {code, store(text), nullptr};
  return entries_[at];
}

const NameTable::Entry* NameTable::find_entry(std::string_view text) const {
  const std::uint64_t code = hash(text);
  std::size_t at = code & (entries_.size() - 1);
  while (entries_[at].text.data() != nullptr) {
    if (entries_[at].hash == code && entries_[at].text == text) return &entries_[at];
    at = (at + 1) & (entries_.size() - 1);
  }
  return nullptr;
}

void NameTable::grow() {
  std::vector<Entry> bigger(entries_.size() * 2);
  for (const Entry& old : entries_) {
    if (old.text.data() == nullptr) continue;
    std::size_t at = old.hash & (bigger.size() - 1);
    while (bigger[at].text.data() != nullptr) at = (at + 1) & (bigger.size() - 1);
    bigger[at] = old;
  }
  entries_ = std::move(bigger);
}

std::string_view NameTable::store(std::string_view text) {
  if (text.size() > free_size_) {
    free_size_ = std::max(kBlockBytes, text.size());
    blocks_.emplace_back(new char[free_size_]);
    free_begin_ = blocks_.back().get();
  }
  // An empty text has an address too, which tells its entry from an empty slot.
  if (free_begin_ == nullptr) return {"", 0};
  std::copy(text.begin(), text.end(), free_begin_);
  const std::string_view stored(free_begin_, text.size());
  free_begin_ += text.size();
  free_size_ -= text.size();
  return stored;
}

std::string_view NameTable::intern(std::string_view text) { return entry(text).text; }

Value* NameTable::find(std::string_view name) const {
  const Entry* found = find_entry(name);
  return found == nullptr ? nullptr : found->value;
}

std::string_view NameTable::take_unique(std::string_view wanted, Value& value) {
  if (!wanted.empty()) {
    Entry& own = entry(wanted);
    if (own.value == nullptr) {
      own.value = &value;
      return own.text;
    }
  }
  return take(first_free(intern(wanted)), value);
}

std::string_view NameTable::first_free(std::string_view stem) {
  const std::uint64_t first = stem.empty() ? 0 : 1;
  Numbering& numbering = numberings_.try_emplace(stem, Numbering{first, {}}).first->second;
  std::string candidate(stem);
  if (!stem.empty()) candidate += '_';
  const std::size_t prefix = candidate.size();
  const auto is_free = [&](std::uint64_t number) {
    candidate.resize(prefix);
    candidate += std::to_string(number);
    ++numbers_tried_;
    return find(candidate) == nullptr;
  };
  std::vector<std::uint64_t>& released = numbering.released;
  while (!released.empty()) {
    const std::uint64_t smallest = released.front();
    std::pop_heap(released.begin(), released.end(), std::greater<>());
    released.pop_back();
    if (is_free(smallest)) return intern(candidate);
  }
  while (!is_free(numbering.next)) ++numbering.next;
  return intern(candidate);
}

std::string_view NameTable::take(std::string_view name, Value& value) {
  Entry& own = entry(name);
  RCC_CHECK(own.value == nullptr, "two values named {}", name);
  own.value = &value;
  return own.text;
}

void NameTable::release(std::string_view name) {
  entry(name).value = nullptr;
  const std::optional<NumberedName> numbered = split_number(name);
  if (!numbered) return;
  const auto found = numberings_.find(numbered->stem);
  if (found == numberings_.end()) return;
  Numbering& numbering = found->second;
  const std::uint64_t first = numbered->stem.empty() ? 0 : 1;
  if (numbered->number < first || numbered->number >= numbering.next) return;
  numbering.released.push_back(numbered->number);
  std::push_heap(numbering.released.begin(), numbering.released.end(), std::greater<>());
}

}  // namespace rcc
