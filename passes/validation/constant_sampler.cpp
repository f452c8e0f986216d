#include "passes/validation/constant_sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

enum class Mood : std::uint8_t {
  usual,
  zero,
  one,
  small,
  tiny,
  large,
  negative,
  with_zero,
  number
};

Mood choose_mood(RandomChoices& random, bool has_numbers) {
  static const std::vector<Mood> others{Mood::zero,  Mood::one,      Mood::small,     Mood::tiny,
                                        Mood::large, Mood::negative, Mood::with_zero, Mood::number};
  if (!random.one_in(3)) return Mood::usual;
  const Mood mood = random.pick(others);
  return mood == Mood::number && !has_numbers ? Mood::zero : mood;
}

double element(Mood mood, double number, bool is_positive, RandomChoices& random) {
  const double usual = is_positive ? random.uniform(0.5, 2) : random.normal();
  switch (mood) {
    case Mood::usual:
    case Mood::with_zero:
      return usual;
    case Mood::zero:
      return 0;
    case Mood::one:
      return 1;
    case Mood::small:
      return usual * 1e-3;
    case Mood::tiny:
      return usual * 1e-5;
    case Mood::large:
      return usual * 30;
    case Mood::negative:
      return is_positive ? usual : -random.uniform(0.5, 2);
    case Mood::number:
      return is_positive ? std::abs(number) : number;
  }
  return usual;
}

std::string note_on(Mood mood, double number) {
  switch (mood) {
    case Mood::usual:
      return {};
    case Mood::zero:
      return "= 0";
    case Mood::one:
      return "= 1";
    case Mood::small:
      return "near 0.001";
    case Mood::tiny:
      return "near 0.00001";
    case Mood::large:
      return "near 30";
    case Mood::negative:
      return "negative";
    case Mood::with_zero:
      return "with a zero";
    case Mood::number:
      return fmt::format("= {}", to_text(number));
  }
  return {};
}

double whole_element(DType dtype, Mood mood, double number, RandomChoices& random) {
  if (dtype == DType::boolean) return static_cast<double>(random.below(2));
  const std::string_view name = dtype_name(dtype);
  const bool is_unsigned = !name.empty() && name[0] == 'u';
  if (mood == Mood::zero) return 0;
  if (mood == Mood::one) return 1;
  if (mood == Mood::number && number == std::floor(number) && (number >= 0 || !is_unsigned))
    return number;
  return static_cast<double>(is_unsigned ? random.between(0, 6) : random.between(-3, 3));
}

}  // namespace

SampledConstant sample_constant(const OperandInfo& operand, DType dtype,
                                const std::vector<std::int64_t>& shape,
                                const std::vector<double>& numbers, RandomChoices& random) {
  Mood mood = choose_mood(random, !numbers.empty());
  const bool is_positive = operand.name == "var" || operand.name == "scale";
  // Nothing can be divided by a scale of zero.
  if (operand.name == "scale" && (mood == Mood::zero || mood == Mood::with_zero)) mood = Mood::one;
  const double number = numbers.empty() ? 0 : random.pick(numbers);
  const auto count = static_cast<std::size_t>(checked_element_count(shape).value_or(0));
  std::vector<double> elements(count);
  for (double& value : elements)
    value = is_float(dtype) ? element(mood, number, is_positive, random)
                            : whole_element(dtype, mood, number, random);
  if (mood == Mood::with_zero && count > 0)
    elements[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(count)))] = 0;
  const bool is_noted = is_float(dtype) || mood == Mood::zero || mood == Mood::one;
  return {Tensor::from_doubles(dtype, shape, elements),
          is_noted ? note_on(mood, number) : std::string()};
}

}  // namespace rcc
