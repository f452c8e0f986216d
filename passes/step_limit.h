#pragma once

#include <cstdint>
#include <optional>

namespace rcc {

// Numbers things that are done one after another, from 1, and stops them at a limit: passes for
// --bisect-limit, rewrites for --rule-limit. One counter serves all graphs of a program, so that a
// number means the same thing whatever the limit is.
class StepLimit {
 public:
  StepLimit() = default;
  // Nothing, or a negative number: no limit.
  explicit StepLimit(std::optional<std::int64_t> limit) : limit_(limit) {}

  // Counts one more; false when it lies past the limit and must not be done.
  bool take() {
    ++number_;
    return !limit_ || *limit_ < 0 || number_ <= static_cast<std::uint64_t>(*limit_);
  }
  // Of what was counted last.
  std::uint64_t number() const { return number_; }

 private:
  std::optional<std::int64_t> limit_;
  std::uint64_t number_ = 0;
};

}  // namespace rcc
