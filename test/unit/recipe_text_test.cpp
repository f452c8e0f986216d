#include "frontends/recipe/recipe_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/registry.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

// Gives every field a value that is not its default and that its rule allows.
class Changer final : public OptionVisitor {
 public:
  void field(std::string_view, bool& v, std::string_view, const FieldRule&) override { v = !v; }
  void field(std::string_view, std::int64_t& v, std::string_view, const FieldRule& r) override {
    v = changed(v, r);
  }
  void field(std::string_view, double& v, std::string_view, const FieldRule& r) override {
    v = changed_real(v, r);
  }
  void field(std::string_view, std::string& v, std::string_view, const FieldRule& r) override {
    v = changed(v, r);
  }
  void field(std::string_view, Fraction& v, std::string_view, const FieldRule&) override {
    v.value = v.value == 0.375 ? 0.3 : 0.375;
  }
  void field(std::string_view, std::optional<Fraction>& v, std::string_view,
             const FieldRule&) override {
    v = Fraction{1.0 / 3};
  }
  void field(std::string_view, std::optional<double>& v, std::string_view,
             const FieldRule& r) override {
    v = changed_real(v.value_or(0), r);
  }
  void field(std::string_view, std::optional<std::int64_t>& v, std::string_view,
             const FieldRule& r) override {
    v = changed(v.value_or(0), r);
  }
  void field(std::string_view, std::optional<Bound>& v, std::string_view,
             const FieldRule&) override {
    v = parse_bound("<= 1.5%");
  }
  void field(std::string_view, std::vector<std::string>& v, std::string_view,
             const FieldRule& r) override {
    v = {r.choices.empty() ? "layer[1].*, \"a\" \\ b" : std::string(r.choices.front()), "x/y"};
    if (!r.choices.empty()) v.pop_back();
  }
  void field(std::string_view, std::vector<double>& v, std::string_view,
             const FieldRule& r) override {
    v = {changed_real(0, r), changed_real(1, r)};
  }
  void field(std::string_view, std::vector<std::int64_t>& v, std::string_view,
             const FieldRule& r) override {
    v = {changed(std::int64_t{3}, r)};
  }

 protected:
  bool begin_table(std::string_view, bool& is_present, std::string_view) override {
    return is_present = true;
  }
  void end_table() override {}

 private:
  static std::int64_t changed(std::int64_t value, const FieldRule& rule) {
    if (!rule.maximum || static_cast<double>(value) + 1 <= *rule.maximum) return value + 1;
    return value - 1;
  }
  static double changed_real(double value, const FieldRule& rule) {
    const double low = rule.minimum.value_or(-1e30);
    const double high = rule.maximum.value_or(1e30);
    for (const double wanted : {1e-7, 0.1, 1.0 / 3, 1234567.0})
      if (wanted > low && wanted <= high && wanted != value) return wanted;
    return high;
  }
  static std::string changed(const std::string& value, const FieldRule& rule) {
    for (const std::string_view choice : rule.choices)
      if (choice != value) return std::string(choice);
    return rule.choices.empty() ? "a \"b\", {c}=[1] \\ %d" : value;
  }
};

std::vector<PassInstance> changed_builtin_passes() {
  std::vector<PassInstance> passes;
  for (const PassEntry& entry : builtin_passes()) {
    passes.push_back(make_pass(entry.name, {}).value());
    Changer changer;
    passes.back().options->describe(changer);
  }
  return passes;
}

constexpr std::string_view kRules =
    "# Replace a sum by its first operand.\n"
    "option limit = 0.5 \"a number\";\n"
    "rule no_sum effect lossy {\n"
    "  match { y = add(a, b: const); }\n"
    "  where max(b) <= limit else \"b is large\";\n"
    "  replace y with relu(a);\n"
    "}\n";

TEST(RecipeText, EveryPassReadsBackFromTextAndToml) {
  Recipe recipe;
  recipe.passes = changed_builtin_passes();
  ASSERT_GE(recipe.passes.size(), 15U);
  const std::string text = to_text(recipe.passes);
  // Nothing was left at its default.
  for (const PassInstance& pass : recipe.passes)
    if (!to_text(*pass.options).empty()) {
      EXPECT_NE(to_text(pass), to_text(make_pass(pass.name, {}).value()));
    }

  const auto from_text = parse_pipeline(text);
  ASSERT_TRUE(from_text) << from_text.error().message();
  EXPECT_EQ(to_text(*from_text), text);

  const std::string toml = to_toml(recipe);
  const auto from_toml = parse_recipe(toml, "all.toml");
  ASSERT_TRUE(from_toml) << from_toml.error().message() << "\n" << toml;
  EXPECT_EQ(to_text(from_toml->passes), text);
  // Only the name comes from the file.
  Recipe again = *from_toml;
  again.name.clear();
  EXPECT_EQ(to_toml(again), toml);
}

TEST(RecipeText, ARuleFileIsNamedByItsPath) {
  const TemporaryFolder folder;
  const std::string path = folder.write("with blank.rules", kRules).string();
  Recipe recipe;
  recipe.passes = {load_rules_pass(path, parse_option_text("limit=0.25", "--set").value()).value()};
  const std::string text = to_text(recipe.passes);
  EXPECT_EQ(text, fmt::format("\"{}\"{{limit=0.25}}", path));
  EXPECT_EQ(to_text(parse_pipeline(text).value()), text);

  const std::string toml = to_toml(recipe);
  EXPECT_EQ(toml, fmt::format("schema = 1\nseed = 0\n\n[[pass]]\nrules = \"{}\"\nlimit = 0.25\n",
                              path));
  EXPECT_EQ(to_text(parse_recipe(toml, "elsewhere/x.toml").value().passes), text);
}

TEST(RecipeText, KeepsTheOtherTables) {
  const std::string toml =
      "schema = 1\n"
      "name = \"n\"\n"
      "seed = 7\n"
      "\n"
      "[target]\n"
      "cpu = \"vnni\"\n"
      "runtime = \"onednn\"\n"
      "\n"
      "[require]\n"
      "size_ratio = \">= 3\"\n"
      "top1_drop = \"<= 1.5%\"\n"
      "\n"
      "[[pass]]\n"
      "name = \"drop_identity\"\n";
  const auto recipe = parse_recipe(toml, "x.toml");
  ASSERT_TRUE(recipe) << recipe.error().message();
  EXPECT_EQ(to_toml(*recipe), toml);
}

TEST(RecipeText, AnUnknownFormatIsAnError) {
  const auto text = pipeline_text({}, "yaml");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message(), "--print-pipeline: no format `yaml`");
}

// The caret stands below the selector, not below the name of the pass.
TEST(RecipeText, ASelectorThatMatchesNothingIsNamedWhereItStands) {
  const auto recipe = parse_recipe(
      "[[pass]]\n"
      "name = \"prune_magnitude\"\n"
      "layers = [\"conv*\",\n"
      "          \"fc9\"]\n",
      "x.toml");
  ASSERT_TRUE(recipe) << recipe.error().message();
  Graph graph("g");
  Value& x = graph.add_input("x", Type(DType::f32, {Dim(1), Dim(2)}));
  Value& w = graph.add_constant("w", Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
  graph.add_output(graph.add(OpKind::matmul, {&x, &w}, {}, "conv1"));
  CollectingSink sink;
  const auto done = Pipeline(recipe->passes, {}, sink).run(graph);
  ASSERT_FALSE(done);
  EXPECT_EQ(render(done.error().diagnostics.front()),
            "error: prune_magnitude: `fc9` matches no layer\n"
            "  --> x.toml:4:11\n"
            "   |\n"
            " 4 |           \"fc9\"]\n"
            "   |           ^^^^^\n"
            "   |\n"
            "help: `rcc inspect` lists the layers\n"
            "note: in pass `prune_magnitude`\n");
}

}  // namespace
}  // namespace rcc
