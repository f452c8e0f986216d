#include "tools/rcc/measurement.h"

#include <fmt/format.h>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

double ratio(std::uint64_t a, std::uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

std::string change_text(std::uint64_t before, std::uint64_t after) {
  if (before == after) return "same";
  if (before == 0) return "";
  return fmt::format("{:+.1f} %", 100 * (ratio(after, before) - 1));
}

std::string size_change_text(std::uint64_t before, std::uint64_t after) {
  if (before == after || before == 0 || after == 0) return before == after ? "same" : "";
  const double factor = after < before ? ratio(before, after) : ratio(after, before);
  if (factor < 1.005) return fmt::format("{:+} bytes", static_cast<std::int64_t>(after - before));
  return fmt::format("{:.2f}x {}", factor, after < before ? "smaller" : "larger");
}

std::string row(std::string_view what, const std::string& before, const std::string& after,
                const std::string& change) {
  std::string text = fmt::format("{:<10}  {:>10}  {:>10}  {}", what, before, after, change);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

std::string interval_text(const Accuracy& accuracy) {
  return fmt::format("{:.2f} to {:.2f} %", 100 * accuracy.low(), 100 * accuracy.high());
}

// "must be at most 1.5" for people: the relation, and the limit scaled to the unit.
std::string wanted_text(const Bound& bound, double scale) {
  std::string_view relation = "at most";
  switch (bound.relation) {
    case Bound::Relation::at_most:
      break;
    case Bound::Relation::less:
      relation = "less than";
      break;
    case Bound::Relation::at_least:
      relation = "at least";
      break;
    case Bound::Relation::greater:
      relation = "more than";
      break;
  }
  return fmt::format("{} {:g}", relation, bound.limit * scale);
}

class Checker {
 public:
  std::vector<std::string> unmet;

  // A bound on a count: absolute, or as a share of what the original has.
  void count(std::string_view name, const std::optional<Bound>& bound, std::uint64_t after,
             std::uint64_t original) {
    if (!bound) return;
    const double value = bound->is_percent ? ratio(after, original) : static_cast<double>(after);
    if (bound->holds(value)) return;
    unmet.push_back(bound->is_percent
                        ? fmt::format("`{}` is {:.2f} % of the original's, required is {} %", name,
                                      100 * value, wanted_text(*bound, 100))
                        : fmt::format("`{}` is {}, required is {}", name, after,
                                      wanted_text(*bound, 1)));
  }

  void factor(std::string_view name, const std::optional<Bound>& bound, double value) {
    if (bound && !bound->holds(value))
      unmet.push_back(fmt::format("`{}` is {:.3f}, required is {}", name, value,
                                  wanted_text(*bound, 1)));
  }

  void share(std::string_view name, std::string_view unit, const std::optional<Bound>& bound,
             double value) {
    if (bound && !bound->holds(value))
      unmet.push_back(fmt::format("`{}` is {:.2f} {}, required is {} {}", name, 100 * value, unit,
                                  wanted_text(*bound, 100), unit));
  }
};

}  // namespace

std::string percent_text(double share, int digits) {
  return fmt::format("{:.{}f} %", 100 * share, digits);
}

std::string comparison_table(const Measurement& before, const Measurement& after) {
  std::string out = row("", "before", "after", "change");
  out += row("size", size_text(before.bytes), size_text(after.bytes),
             size_change_text(before.bytes, after.bytes));
  const auto counts = [&out](std::string_view what, std::uint64_t a, std::uint64_t b) {
    out += row(what, count_text(a), count_text(b), change_text(a, b));
  };
  counts("params", before.cost.params, after.cost.params);
  counts("non-zeros", before.cost.nonzero_params, after.cost.nonzero_params);
  counts("MACs", before.cost.macs, after.cost.macs);
  if (before.accuracy && after.accuracy) {
    out += row("top-1", percent_text(before.accuracy->top1()), percent_text(after.accuracy->top1()),
               fmt::format("{:+.2f} points, n = {}",
                           100 * (after.accuracy->top1() - before.accuracy->top1()),
                           after.accuracy->total));
    out += fmt::format("{:<10}  {} before, {} after (95 % intervals)\n", "",
                       interval_text(*before.accuracy), interval_text(*after.accuracy));
  }
  out.pop_back();
  return out;
}

std::vector<std::string> unmet_requirements(const Requirements& requirements,
                                            const Measurement& before, const Measurement& after) {
  Checker check;
  if (before.accuracy && after.accuracy) {
    check.share("top1", "%", requirements.top1, after.accuracy->top1());
    check.share("top1_drop", "points", requirements.top1_drop,
                before.accuracy->top1() - after.accuracy->top1());
  }
  check.count("size", requirements.size, after.bytes, before.bytes);
  check.factor("size_ratio", requirements.size_ratio, ratio(before.bytes, after.bytes));
  check.count("macs", requirements.macs, after.cost.macs, before.cost.macs);
  check.count("params", requirements.params, after.cost.params, before.cost.params);
  check.count("nonzeros", requirements.nonzeros, after.cost.nonzero_params, before.cost.params);
  return std::move(check.unmet);
}

bool needs_accuracy(const Requirements& requirements) {
  return requirements.top1 || requirements.top1_drop;
}

}  // namespace rcc
