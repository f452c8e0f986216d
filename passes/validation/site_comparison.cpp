#include "passes/validation/site_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "ir/interpreter.h"
#include "ir/support/number_text.h"
#include "passes/wide_graph.h"

namespace rcc {

namespace {

struct InputKind {
  std::string_view name;
  double (*element)(double normal);
};
constexpr std::array kInputKinds = {
    InputKind{"normal", [](double v) { return v; }},
    InputKind{"zero", [](double) { return 0.0; }},
    InputKind{"large", [](double v) { return 30 * v; }},
    InputKind{"positive", [](double v) { return std::abs(v) + 0.1; }},
    // Halves meet the corners of activations and of rounding; -0.0 is among them.
    InputKind{"in steps of one half", [](double v) { return std::round(4 * v) / 2; }},
};

std::vector<Tensor> inputs_of(const std::vector<Tensor>& normal, const InputKind& kind) {
  std::vector<Tensor> inputs;
  for (const Tensor& tensor : normal) {
    if (!is_float(tensor.dtype())) {
      inputs.push_back(tensor);
      continue;
    }
    std::vector<double> elements = tensor.to_doubles();
    for (double& element : elements) element = kind.element(element);
    inputs.push_back(Tensor::from_doubles(tensor.dtype(), tensor.shape(), elements));
  }
  return inputs;
}

bool is_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool is_same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

// The element where two lists of numbers differ most, in words.
std::string worst_element(const std::vector<double>& before, const std::vector<double>& after) {
  std::size_t worst = 0;
  double largest = -1;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (is_same(before[i], after[i])) continue;
    const double difference = std::abs(before[i] - after[i]);
    if (std::isfinite(difference) && difference <= largest) continue;
    largest = std::isfinite(difference) ? difference : INFINITY;
    worst = i;
  }
  return fmt::format("element {} was {} and is {}", worst, to_text(before[worst]),
                     to_text(after[worst]));
}

double largest_magnitude(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  return largest;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (is_same(a[i], b[i])) continue;
    const double difference = std::abs(a[i] - b[i]);
    largest = std::isnan(difference) ? INFINITY : std::max(largest, difference);
  }
  return largest;
}

class OutputComparer {
 public:
  // `wide` is the old graph in f64, if it can be.
  OutputComparer(Effect effect, double tolerance, const std::optional<Graph>& wide)
      : effect_(effect), tolerance_(tolerance), wide_(wide) {}

  // Of the run whose outputs are compared next.
  void set_inputs(const std::vector<Tensor>& inputs) {
    inputs_ = &inputs;
    wide_results_.reset();
  }

  // What is wrong with output `index`, or nullopt when nothing can be said of it.
  std::optional<std::string> compare(std::size_t index, const Tensor& before, const Tensor& after) {
    if (before.type() != after.type()) return std::string("has another type");
    if (!is_numeric(before.dtype())) {
      if (before.same_contents(after)) return std::string();
      return std::string("has other contents");
    }
    const std::vector<double> a = before.to_doubles();
    const std::vector<double> b = after.to_doubles();
    if (effect_ == Effect::approx && !is_finite(a)) return std::nullopt;
    const double here = largest_magnitude(a);
    const double normal = magnitudes_.emplace(index, here).first->second;
    const double difference = largest_difference(a, b);
    const double relative = difference == 0 ? 0 : difference / std::max(here, normal);
    if (effect_ == Effect::exact) {
      if (std::equal(a.begin(), a.end(), b.begin(), is_same)) return std::string();
      return describe(a, b, relative);
    }
    if (relative <= tolerance_) {
      largest_ = std::max(largest_, relative);
      return std::string();
    }
    const double excused = kRoundingFactor * rounding(index, a);
    if (difference <= tolerance_ * std::max(here, normal) + excused) return std::string();
    return describe(a, b, relative);
  }
  double largest() const { return largest_; }

 private:
  std::string describe(const std::vector<double>& before, const std::vector<double>& after,
                       double relative) const {
    return fmt::format("differs by {:.3g} of its largest element ({}); the rule {}", relative,
                       worst_element(before, after),
                       effect_ == Effect::exact ? std::string("says it is exact")
                                                : fmt::format("allows {:.3g}", tolerance_));
  }

  // How far the old graph's output is from what it is in f64.
  double rounding(std::size_t index, const std::vector<double>& before) {
    if (!wide_) return 0;
    if (!wide_results_) {
      std::vector<Tensor> inputs;
      for (const Tensor& input : *inputs_) inputs.push_back(widened(input));
      wide_results_ = interpret(*wide_, inputs).value_or(std::vector<Tensor>());
    }
    if (index >= wide_results_->size()) return 0;
    const std::vector<double> exact = (*wide_results_)[index].to_doubles();
    return exact.size() == before.size() ? largest_difference(before, exact) : 0;
  }

  const Effect effect_;
  const double tolerance_;
  const std::optional<Graph>& wide_;
  const std::vector<Tensor>* inputs_ = nullptr;
  std::optional<std::vector<Tensor>> wide_results_;
  double largest_ = 0;
  // Of each output on the first inputs, the normal ones.
  std::map<std::size_t, double> magnitudes_;
};

}  // namespace

SiteComparison compare_sites(const Graph& before, const Graph& after, Effect effect,
                             double tolerance, std::uint64_t seed, std::int64_t batch) {
  SiteComparison result;
  const auto normal = sample_inputs(before, seed, batch);
  if (!normal) return {.broken = {}, .reason = normal.error().message()};
  const std::optional<Graph> wide =
      effect == Effect::approx ? widened(before) : std::optional<Graph>();
  OutputComparer comparer(effect, tolerance, wide);
  for (const InputKind& kind : kInputKinds) {
    const std::vector<Tensor> inputs = inputs_of(*normal, kind);
    const auto expected = interpret(before, inputs);
    if (!expected) {
      result.reason = expected.error().message();
      continue;
    }
    const auto actual = interpret(after, inputs);
    if (!actual) {
      result.broken = "it cannot be run any more: " + actual.error().message();
      return result;
    }
    comparer.set_inputs(inputs);
    bool is_usable = true;
    bool has_elements = false;
    for (std::size_t i = 0; i < expected->size(); ++i) {
      const auto problem = comparer.compare(i, (*expected)[i], (*actual)[i]);
      is_usable = is_usable && problem;
      has_elements = has_elements || (*expected)[i].element_count() > 0;
      if (!problem || problem->empty()) continue;
      result.broken =
          fmt::format("output `{}` {} ({} inputs)", before.outputs()[i].name, *problem, kind.name);
      return result;
    }
    if (is_usable && has_elements)
      ++result.runs;
    else
      result.reason = has_elements ? "its results are not finite" : "its results have no elements";
    if (before.inputs().empty()) break;
  }
  result.largest_difference = comparer.largest();
  return result;
}

}  // namespace rcc
