#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ir/support/result.h"

namespace rcc {

// An option as written by the user, in a recipe or on the command line, with its place.
struct OptionValue {
  using List = std::vector<OptionValue>;
  using Table = std::vector<std::pair<std::string, OptionValue>>;
  std::variant<bool, std::int64_t, double, std::string, List, Table> value;
  // Of the value, and of the key that names it.
  SourceSpan span;
  SourceSpan key_span;
};
using OptionTable = OptionValue::Table;

// A share of a whole. Written as a number between 0 and 1 or as text "50%". Canonical text: "50%".
struct Fraction {
  double value = 0;
  auto operator<=>(const Fraction&) const = default;
};
std::string to_text(Fraction fraction);
// "50%" or "0.5".
std::optional<Fraction> parse_fraction(std::string_view text);

// A bound as in "<= 1.5%", ">= 7", "< 100". "1.5%" is the limit 0.015; is_percent remembers how it
// was written.
struct Bound {
  enum class Relation : std::uint8_t {
    at_most,
    less,
    at_least,
    greater
  } relation = Relation::at_most;
  double limit = 0;
  bool is_percent = false;
  bool holds(double value) const;
  bool operator==(const Bound&) const = default;
};
// "<= 1.5%", as it was written.
std::string to_text(const Bound& bound);
std::optional<Bound> parse_bound(std::string_view text);

// What describe() says about a field besides its name and help.
struct FieldRule {
  std::optional<double> minimum = std::nullopt;
  std::optional<double> maximum = std::nullopt;
  // The minimum itself is not allowed.
  bool excludes_minimum = false;
  // Words a text field accepts; empty: any.
  std::vector<std::string_view> choices = {};
  // Shown in help after the default, e.g. "images/s".
  std::string_view unit = {};
};

// Walks the fields of an options struct. One visitor parses, one prints defaults, one documents.
//
//   struct PruneOptions {
//     Fraction amount{0.4};
//     std::vector<std::string> layers;
//     void describe(OptionVisitor& v) {
//       v.field("amount", amount, "share of the weights set to zero", {.minimum = 0, .maximum =
//       1}); v.field("layers", layers, "layer names or globs; empty: all");
//     }
//   };
class OptionVisitor {
 public:
  virtual ~OptionVisitor() = default;
  virtual void field(std::string_view name, bool& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::int64_t& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, double& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::string& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, Fraction& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::optional<Fraction>& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::optional<double>& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::optional<std::int64_t>& value,
                     std::string_view help, const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::optional<Bound>& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::vector<std::string>& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::vector<double>& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  virtual void field(std::string_view name, std::vector<std::int64_t>& value, std::string_view help,
                     const FieldRule& rule = {}) = 0;
  // A nested table; `is_present` tells afterwards (or beforehand, when printing) whether it was
  // given.
  template <typename Options>
  void table(std::string_view name, Options& options, bool& is_present, std::string_view help) {
    if (!begin_table(name, is_present, help)) return;
    options.describe(*this);
    end_table();
  }

 protected:
  // False: skip the fields of the table.
  virtual bool begin_table(std::string_view name, bool& is_present, std::string_view help) = 0;
  virtual void end_table() = 0;
};

// A type-erased options struct: what the pipeline, the recipe and the documentation handle.
class OptionSet {
 public:
  virtual ~OptionSet() = default;
  virtual void describe(OptionVisitor& visitor) = 0;
};

template <typename Options>
class TypedOptionSet final : public OptionSet {
 public:
  void describe(OptionVisitor& visitor) override { options.describe(visitor); }
  Options options;
};

// For passes without options.
struct NoOptions {
  void describe(OptionVisitor&) {}
};

// A value as the messages call it: `true`, `3`, `0.5`, `"text"`, `a list`, `a table`.
std::string describe_value(const OptionValue& value);

// Writes `table` into `options`. Unknown key (with the nearest name), wrong type, out of range:
// errors with the span of the key or value; all of them are collected. `owner` is who has the
// options, for messages: "pass `remove_channels`".
Result<void> set_options(OptionSet& options, const OptionTable& table, std::string_view owner);

// "k=v,k2=v2" as of --passes='a{k=v}' and --set; lists as [a,b], nested tables as {k=v}.
// `place` names the argument in messages.
Result<OptionTable> parse_option_text(std::string_view text, std::string_view place);

// Canonical text of all fields with their resolved values, sorted by name: enters cache keys and
// provenance. Parses back with parse_option_text.
std::string to_text(OptionSet& options);

struct OptionDoc {
  // "distill.temperature" for a field of a table.
  std::string name;
  // "fraction", "integer", "text: a | b", ...
  std::string type;
  std::string default_text;
  std::string help;
};
// Precondition: `options` holds the defaults.
std::vector<OptionDoc> document(OptionSet& options);

}  // namespace rcc
