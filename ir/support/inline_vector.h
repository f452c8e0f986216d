#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace rcc {

// A vector of small plain values, which keeps up to `Inline` of them in itself: shapes and the like
// are made by the million and are almost always short.
template <typename T, std::size_t Inline>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  InlineVector() = default;
  explicit InlineVector(std::size_t count, T value = T()) { assign(count, value); }
  InlineVector(std::initializer_list<T> values) { assign(values.begin(), values.end()); }
  template <std::input_iterator Iterator>
  InlineVector(Iterator first, Iterator last) {
    assign(first, last);
  }
  InlineVector(const InlineVector& other) { copy(other); }
  InlineVector(InlineVector&& other) noexcept { take(other); }
  InlineVector& operator=(const InlineVector& other) {
    if (this != &other) copy(other);
    return *this;
  }
  InlineVector& operator=(InlineVector&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  ~InlineVector() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return heap_ ? heap_.get() : inline_.data(); }
  const T* data() const { return heap_ ? heap_.get() : inline_.data(); }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](std::size_t index) { return data()[index]; }
  const T& operator[](std::size_t index) const { return data()[index]; }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }
  T& back() { return end()[-1]; }
  const T& back() const { return end()[-1]; }

  void clear() { size_ = 0; }
  void reserve(std::size_t count) {
    if (count <= capacity_) return;
    const std::size_t capacity = std::max<std::size_t>(count, 2 * std::size_t{capacity_});
    std::unique_ptr<T[]> bigger(new T[capacity]);
    std::copy(begin(), end(), bigger.get());
    heap_ = std::move(bigger);
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  void resize(std::size_t count, T value = T()) {
    reserve(count);
    if (count > size_) std::fill(end(), begin() + count, value);
    size_ = static_cast<std::uint32_t>(count);
  }
  void assign(std::size_t count, T value) {
    clear();
    resize(count, value);
  }
  template <std::input_iterator Iterator>
  void assign(Iterator first, Iterator last) {
    clear();
    if constexpr (std::forward_iterator<Iterator>) {
      const auto count = static_cast<std::size_t>(std::distance(first, last));
      reserve(count);
      std::copy(first, last, begin());
      size_ = static_cast<std::uint32_t>(count);
    } else {
      for (; first != last; ++first) push_back(*first);
    }
  }
  void push_back(T value) {
    reserve(std::size_t{size_} + 1);
    data()[size_++] = value;
  }
  void pop_back() { --size_; }
  T* insert(const T* place, T value) { return insert(place, &value, &value + 1); }
  // The elements inserted may not be of this vector.
  template <std::forward_iterator Iterator>
  T* insert(const T* place, Iterator first, Iterator last) {
    const auto at = place - begin();
    const std::size_t old = size_;
    resize(old + static_cast<std::size_t>(std::distance(first, last)));
    std::copy_backward(begin() + at, begin() + old, end());
    std::copy(first, last, begin() + at);
    return begin() + at;
  }
  T* erase(const T* first, const T* last) {
    T* to = begin() + (first - begin());
    std::copy(last, static_cast<const T*>(end()), to);
    size_ -= static_cast<std::uint32_t>(last - first);
    return to;
  }
  T* erase(const T* place) { return erase(place, place + 1); }

  bool operator==(const InlineVector& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  void copy(const InlineVector& other) {
    if (heap_ || other.heap_) {
      assign(other.begin(), other.end());
      return;
    }
    size_ = other.size_;
    inline_ = other.inline_;
  }
  void take(InlineVector& other) {
    heap_ = std::move(other.heap_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, static_cast<std::uint32_t>(Inline));
    if (!heap_) inline_ = other.inline_;
  }

  std::unique_ptr<T[]> heap_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = Inline;
  std::array<T, Inline> inline_{};
};

}  // namespace rcc
