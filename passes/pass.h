#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ir/support/result.h"
#include "passes/options.h"
#include "passes/services.h"
#include "passes/step_limit.h"

namespace rcc {

// What a pass promises about the numbers; the pipeline holds it to that.
enum class Effect : std::uint8_t {
  exact,   // bitwise equal results in the interpreter
  approx,  // equal within PassDef::tolerance (relative to the largest magnitude)
  lossy,  // changes results on purpose; only choosing what to zero and choosing scales may be lossy
};
std::string_view effect_name(Effect effect);

// [target] of a recipe: what the exported model will run on.
struct TargetOptions {
  std::string runtime = "onnxruntime";
  // "any": weights that cannot saturate without VNNI; "vnni" allows the full range.
  std::string cpu = "any";
  void describe(OptionVisitor& v);
};

// A number or a text that a pass wants in the report and the provenance line.
struct Fact {
  std::string name;
  std::variant<std::int64_t, double, std::string> value;
};

// What a pass says about its run.
struct PassReport {
  // One line for people: "20 Conv+BatchNorm folded".
  std::string summary;
  std::vector<Fact> facts;
  // Largest relative difference seen by the numeric check; negative: not checked.
  double checked_difference = -1;
};

// How thorough the pipeline is after each pass.
enum class Verify : std::uint8_t { off, structural, numeric };
struct VerifyName {
  Verify verify;
  std::string_view name;
};
inline constexpr std::array<VerifyName, 3> kVerifyNames{{{Verify::off, "off"},
                                                         {Verify::structural, "structural"},
                                                         {Verify::numeric, "numeric"}}};

struct RuleSet;
struct RuleWatch;

// What a pass may use besides the graph. A pass has no globals, no environment, no clock, no
// unseeded random numbers.
class PassContext {
 public:
  // The graph as it was read: reference of ratios, teacher of distillation.
  const Graph& original() const { return *original_; }
  const TargetOptions& target() const { return target_; }
  std::uint64_t seed() const { return seed_; }
  Verify verify() const { return verify_; }
  // Error when no backend is there. Only passes with PassDef::needs_services may call it.
  Result<Services*> services() { return provider_ ? provider_->services() : no_services(); }
  // Asked before each rewrite of a rule; null: no limit.
  StepLimit* rule_limit() const { return rule_limit_; }

  // A site that the pass looked at and left alone, with the reason that would change it.
  void declined(const Node& node, std::string_view reason);
  void remark(const Node& node, std::string_view message);
  void remark(std::string_view message);
  void warn(std::string_view message, std::string_view help = {});

  PassReport& report() { return report_; }

  const std::string& pass_name() const { return pass_name_; }
  // What the caller wants to know about rules, and how far they may go; null: nothing.
  RuleWatch* rule_watch() const { return rule_watch_; }

  // Nodes whose label matches one of the globs in `patterns` (all nodes when empty). A pattern that
  // matches nothing is an error that names the nearest label.
  Result<std::vector<Node*>> select(Graph& graph, const std::vector<std::string>& patterns) const;

  // Where the pass stands in its recipe, for messages; unset on the command line.
  SourceSpan place;

 private:
  friend class Pipeline;
  Result<Services*> no_services() const;
  // Where `text` stands among the options of the pass, else where the pass stands.
  SourceSpan place_of(std::string_view text) const;
  const Graph* original_ = nullptr;
  TargetOptions target_;
  std::uint64_t seed_ = 0;
  Verify verify_ = Verify::structural;
  ServiceProvider* provider_ = nullptr;
  RuleWatch* rule_watch_ = nullptr;
  DiagnosticSink* sink_ = nullptr;
  StepLimit* rule_limit_ = nullptr;
  const OptionTable* written_ = nullptr;
  std::string pass_name_;
  PassReport report_;
};

// An ordering that a recipe must respect, with the reason that is printed when it does not.
struct PassOrder {
  std::string_view pass;
  std::string_view reason;
};

// A pass: what it is called, promises and does. Returned by the one function of a pass file.
struct PassDef {
  using RunFunction = std::function<Result<void>(Graph&, const OptionSet&, PassContext&)>;

  Effect effect = Effect::exact;
  // For Effect::approx.
  double tolerance = 0;
  bool needs_services = false;
  // Running it twice gives the same as once; checked in tests.
  bool is_idempotent = true;
  // This pass must come after / before those when both are in a recipe.
  std::vector<PassOrder> after = {};
  std::vector<PassOrder> before = {};
  // Filled by graph_pass below.
  std::function<std::unique_ptr<OptionSet>()> make_options = {};
  RunFunction run = {};
  // Of a pass of rules; else null.
  std::shared_ptr<const RuleSet> rules = {};
};

// Wraps a function over a typed options struct:
//   PassDef drop_dead_nodes() { return graph_pass<NoOptions>({.effect = Effect::exact}, run); }
template <typename Options>
PassDef graph_pass(PassDef def, Result<void> (*run)(Graph&, const Options&, PassContext&)) {
  def.make_options = [] { return std::make_unique<TypedOptionSet<Options>>(); };
  def.run = [run](Graph& graph, const OptionSet& options, PassContext& context) {
    return run(graph, static_cast<const TypedOptionSet<Options>&>(options).options, context);
  };
  return def;
}

}  // namespace rcc
