// Remove whole channels so that the model does less work on any hardware.
//
// Channels that must go together (a filter, its bias and BatchNorm, the slices of
// every layer that reads it, all branches of a residual sum) form a unit; units of
// the same layers form a group. A unit's score is the L1 norm of its weights, each
// tensor scaled to a mean of 1 over the group:
//
//     score(c) = sum over tensors T of  |T[c]|_1 / mean_k |T[k]|_1
//
// `macs`, `params`: the share of the original model that remains. One keep-share is
// searched for all groups, as large as the budget allows. `ratio`: the share of each
// group's channels that is removed. Exactly one of the three is given. What is kept
// is rounded to a multiple of `round_to`, since odd widths are slow everywhere.
//
// The lowest scores are first set to zero where they are produced (the lossy part),
// then cut out; the cut model must agree with the zeroed one. A group is left alone
// when an operator without channel rows touches it, when the graph's inputs or outputs
// fix it, or when a zeroed channel would still be felt by its readers.
//
// Run it before fine_tune and before insert_quantize.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ir/cost.h"
#include "ir/interpreter.h"
#include "passes/channel_groups.h"
#include "passes/channel_removal.h"
#include "passes/channel_scores.h"
#include "passes/finite_weights.h"
#include "passes/pass.h"

namespace rcc {
namespace {

struct RemoveChannelsOptions {
  std::optional<Fraction> macs;
  std::optional<Fraction> params;
  std::optional<Fraction> ratio;
  std::int64_t round_to = 8;
  std::string rounding = "down";
  std::int64_t min_channels = 0;
  std::string criterion = "l1";
  std::vector<std::string> layers;
  std::vector<std::string> exclude;

  void describe(OptionVisitor& v) {
    v.field("macs", macs, "share of the original model's MACs that remains",
            {.minimum = 0, .maximum = 1, .excludes_minimum = true});
    v.field("params", params, "share of the original model's parameters that remains",
            {.minimum = 0, .maximum = 1, .excludes_minimum = true});
    v.field("ratio", ratio, "share of each group's channels that is removed",
            {.minimum = 0, .maximum = 1});
    v.field("round_to", round_to, "kept channels are a multiple of this",
            {.minimum = 1, .maximum = 1024});
    v.field("rounding", rounding, "which multiple", {.choices = {"down", "nearest", "up"}});
    v.field("min_channels", min_channels, "a group never gets smaller than this; 0: round_to",
            {.minimum = 0});
    v.field("criterion", criterion, "how channels are ranked", {.choices = {"l1"}});
    v.field("layers", layers,
            "names or globs of layers; a group is touched only when all layers that produce it "
            "match; empty: all");
    v.field("exclude", exclude, "names or globs of layers whose groups are left alone");
  }
};

// A group that may be pruned, with its ranking.
struct Candidate {
  std::size_t group;
  // Unit indices, least important first; equal scores in channel order.
  std::vector<std::size_t> ranking;
};

Candidate rank(const Graph& graph, const ChannelGroups& groups, std::size_t index) {
  Candidate candidate{index, {}};
  const std::vector<double> score = channel_scores(graph, groups, groups.groups()[index]);
  candidate.ranking.resize(score.size());
  std::iota(candidate.ranking.begin(), candidate.ranking.end(), std::size_t{0});
  std::ranges::stable_sort(candidate.ranking,
                           [&](std::size_t a, std::size_t b) { return score[a] < score[b]; });
  return candidate;
}

// Channels of a group of `count` that stay for a keep-share.
std::int64_t kept_count(std::int64_t count, double share, const RemoveChannelsOptions& options) {
  const double step = static_cast<double>(options.round_to);
  // The small addend keeps 0.7 * 10 = 7 from becoming 6 through binary rounding.
  const double wanted = static_cast<double>(count) * share / step + 1e-9;
  double multiples = std::floor(wanted);
  if (options.rounding == "nearest") multiples = std::floor(wanted + 0.5);
  if (options.rounding == "up") multiples = std::ceil(wanted - 2e-9);
  const std::int64_t floor =
      std::min(count, options.min_channels > 0 ? options.min_channels : options.round_to);
  return std::clamp(static_cast<std::int64_t>(multiples * step), floor, count);
}

ChannelSelection select_channels(const ChannelGroups& groups,
                                 const std::vector<Candidate>& candidates, double share,
                                 const RemoveChannelsOptions& options) {
  ChannelSelection selection;
  for (const ChannelGroup& group : groups.groups())
    selection.emplace_back(group.units.size(), false);
  for (const Candidate& candidate : candidates) {
    const auto count = static_cast<std::int64_t>(candidate.ranking.size());
    const std::int64_t removed = count - kept_count(count, share, options);
    for (std::int64_t i = 0; i < removed; ++i)
      selection[candidate.group][candidate.ranking[static_cast<std::size_t>(i)]] = true;
  }
  return selection;
}

Result<Cost> predicted_cost(const Graph& graph, const ChannelGroups& groups,
                            const ChannelSelection& selection) {
  Graph smaller = graph.clone();
  RCC_TRY(compact_channels(smaller, groups, selection, Payload::elide));
  return cost(smaller);
}

// The largest keep-share whose cost fits; the costs are step functions of the share, so the search
// is over the shares at which some group changes its width.
Result<double> search_share(const Graph& graph, const Graph& original, const ChannelGroups& groups,
                            const std::vector<Candidate>& candidates,
                            const RemoveChannelsOptions& options) {
  const Cost before = cost(original);
  const auto fits = [&](double share) -> Result<bool> {
    const Cost after =
        RCC_TRY(predicted_cost(graph, groups, select_channels(groups, candidates, share, options)));
    if (options.macs)
      return static_cast<double>(after.macs) <=
             options.macs->value * static_cast<double>(before.macs);
    return static_cast<double>(after.params) <=
           options.params->value * static_cast<double>(before.params);
  };
  std::vector<double> shares;
  for (const Candidate& candidate : candidates) {
    const auto count = static_cast<double>(candidate.ranking.size());
    const double half = options.rounding == "nearest" ? 0.5 : 0.0;
    for (double kept = 0; kept <= count; kept += static_cast<double>(options.round_to))
      shares.push_back(std::min(
          1.0, std::max(0.0, kept - half * static_cast<double>(options.round_to)) / count));
  }
  shares.push_back(1.0);
  std::ranges::sort(shares);
  shares.erase(std::unique(shares.begin(), shares.end()), shares.end());
  if (!RCC_TRY(fits(shares.front()))) {
    return fail(ErrorKind::constraint,
                fmt::format("the wanted {} cannot be reached: with every group at its smallest the "
                            "model is still too big",
                            options.macs ? "macs" : "params"),
                "allow more, lower `min_channels` or `round_to`, or name more `layers`");
  }
  std::size_t low = 0;
  std::size_t high = shares.size();
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (RCC_TRY(fits(shares[middle])) ? low : high) = middle;
  }
  return shares[low];
}

Result<std::vector<Candidate>> find_candidates(Graph& graph, const ChannelGroups& groups,
                                               const RemoveChannelsOptions& options,
                                               PassContext& context) {
  IdMap<NodeId, bool> is_wanted;
  for (const Node* node : RCC_TRY(context.select(graph, options.layers)))
    is_wanted[node->id()] = true;
  if (!options.exclude.empty())
    for (const Node* node : RCC_TRY(context.select(graph, options.exclude)))
      is_wanted[node->id()] = false;
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < groups.groups().size(); ++i) {
    const ChannelGroup& group = groups.groups()[i];
    const Node& first = *graph.node(group.producers.front());
    const auto unwanted =
        std::ranges::find_if(group.producers, [&](NodeId id) { return !is_wanted[id]; });
    if (unwanted != group.producers.end()) {
      // Groups that nobody asked for are no news; one that is asked for in part is.
      const bool asked =
          std::ranges::any_of(group.producers, [&](NodeId id) { return is_wanted[id]; });
      if (asked)
        context.declined(first, fmt::format("its channels are tied to `{}`, which is not selected",
                                            graph.node(*unwanted)->label()));
      continue;
    }
    if (!group.blocked.empty()) {
      context.declined(first, group.blocked);
      continue;
    }
    if (const std::string leak = leak_of_masked_channels(graph, groups, group); !leak.empty()) {
      context.declined(first, leak);
      continue;
    }
    candidates.push_back(rank(graph, groups, i));
  }
  return candidates;
}

bool has_nan(const std::vector<Tensor>& tensors) {
  return std::ranges::any_of(tensors, [](const Tensor& tensor) {
    return is_numeric(tensor.dtype()) &&
           std::ranges::any_of(tensor.to_doubles(), [](double value) { return std::isnan(value); });
  });
}

double not_compared(PassContext& context, std::string_view reason) {
  context.warn(fmt::format("the compacted model was not compared with the masked one: {}", reason),
               "measure the result before you rely on it");
  return -1.0;
}

// Masks one copy, compacts the graph, and holds the two to the same results. Negative when they could
// not be compared, which is a warning.
Result<double> mask_and_compact(Graph& graph, const ChannelGroups& groups,
                                const ChannelSelection& selection, PassContext& context) {
  constexpr double kTolerance = 1e-5;
  constexpr std::int64_t kCheckedSize = 32;
  std::optional<Graph> masked;
  if (context.verify() != Verify::off &&
      std::ranges::none_of(graph.constants(),
                           [](const Value* c) { return c->tensor().is_elided(); })) {
    masked = reduced_clone(graph, kCheckedSize);
    mask_channels(*masked, groups, selection);
  }
  RCC_TRY(compact_channels(graph, groups, selection, Payload::keep));
  if (!masked) return -1.0;
  const Graph compacted = reduced_clone(graph, kCheckedSize);
  const std::vector<Tensor> inputs = RCC_TRY(sample_inputs(*masked, context.seed()));
  // An opaque operator cannot be run here.
  const Result<std::vector<Tensor>> expected = interpret(*masked, inputs);
  if (!expected) return not_compared(context, expected.error().message());
  if (has_nan(*expected)) return not_compared(context, "it computes NaN from random inputs");
  const std::vector<Tensor> actual = RCC_TRY(interpret(compacted, inputs));
  double difference = 0;
  for (std::size_t i = 0; i < actual.size(); ++i)
    difference = std::max(difference, relative_difference(actual[i], (*expected)[i]));
  RCC_CHECK(difference <= kTolerance,
            "remove_channels: the compacted graph differs from the masked one by {}", difference);
  return difference;
}

Result<void> run(Graph& graph, const RemoveChannelsOptions& options, PassContext& context) {
  const int given = int(options.macs.has_value()) + int(options.params.has_value()) +
                    int(options.ratio.has_value());
  if (given != 1)
    return fail(
        ErrorKind::usage,
        Diagnostic{.message = "remove_channels needs exactly one of `macs`, `params`, `ratio`",
                   .span = context.place,
                   .help = "for example macs = \"50%\""});
  RCC_TRY(require_finite_weights(graph));
  const ChannelGroups groups = ChannelGroups::find(graph);
  const std::vector<Candidate> candidates =
      RCC_TRY(find_candidates(graph, groups, options, context));
  const Cost before = cost(graph);
  const double share =
      options.ratio ? 1 - options.ratio->value
                    : RCC_TRY(search_share(graph, context.original(), groups, candidates, options));
  const ChannelSelection selection = select_channels(groups, candidates, share, options);
  std::int64_t removed = 0;
  std::int64_t total = 0;
  for (const std::vector<bool>& units : selection) {
    removed += std::ranges::count(units, true);
    total += static_cast<std::int64_t>(units.size());
  }
  if (removed > 0) {
    context.report().checked_difference =
        RCC_TRY(mask_and_compact(graph, groups, selection, context));
  }
  const Cost after = cost(graph);
  context.report().summary =
      fmt::format("{} of {} channels in {} of {} groups removed, MACs {:.1f} % of before", removed,
                  total, candidates.size(), groups.groups().size(),
                  before.macs == 0
                      ? 100.0
                      : 100.0 * static_cast<double>(after.macs) / static_cast<double>(before.macs));
  context.report().facts = {{"removed_channels", removed},
                            {"keep_share", share},
                            {"params", static_cast<std::int64_t>(after.params)},
                            {"macs", static_cast<std::int64_t>(after.macs)}};
  return {};
}

}  // namespace

PassDef remove_channels() {
  return graph_pass<RemoveChannelsOptions>(
      {.effect = Effect::lossy,
       .is_idempotent = false,
       .before = {{"insert_quantize", "scales must describe the remaining channels"}}},
      run);
}

}  // namespace rcc
