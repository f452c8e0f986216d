#include "frontends/recipe/overrides.h"

#include <gtest/gtest.h>

#include "frontends/recipe/toml_table.h"

namespace rcc {
namespace {

constexpr const char* kRecipe = R"(
seed = 1
[data]
train = "images:a"
[[pass]]
name = "fine_tune"
epochs = 3
distill = { alpha = 0.5 }
[[pass]]
rules = "here/fold_it.rules"
[[pass]]
name = "fine_tune"
)";

OptionTable table() { return *parse_toml(kRecipe, "r.toml"); }

const OptionValue* find(const OptionTable& table, std::string_view key) {
  for (const auto& [name, value] : table)
    if (name == key) return &value;
  return nullptr;
}

// Follows keys and, for lists, indices.
const OptionValue& at(const OptionTable& table, std::string_view key) { return *find(table, key); }
const OptionTable& pass(const OptionTable& table, std::size_t index) {
  return std::get<OptionTable>(
      std::get<OptionValue::List>(at(table, "pass").value)[index].value);
}

std::string problem(const std::string& text) {
  OptionTable recipe = table();
  const auto applied = apply_overrides(recipe, {text});
  return applied ? "" : applied.error().message();
}

TEST(Overrides, ReplaceAndAddKeys) {
  OptionTable recipe = table();
  ASSERT_TRUE(apply_overrides(recipe, {"seed=7", "data.train=idx:a,b", "data.batch=8",
                                       "require.top1_drop=<= 1%"}));
  EXPECT_EQ(std::get<std::int64_t>(at(recipe, "seed").value), 7);
  const auto& data = std::get<OptionTable>(at(recipe, "data").value);
  EXPECT_EQ(std::get<std::string>(at(data, "train").value), "idx:a,b");
  EXPECT_EQ(std::get<std::int64_t>(at(data, "batch").value), 8);
  const auto& require = std::get<OptionTable>(at(recipe, "require").value);
  EXPECT_EQ(std::get<std::string>(at(require, "top1_drop").value), "<= 1%");
}

TEST(Overrides, FindPassesByNameAndNumber) {
  OptionTable recipe = table();
  ASSERT_TRUE(apply_overrides(
      recipe, {"fine_tune#1.distill.alpha=0.75", "fine_tune#2.epochs=0.5",
               "fold_it.layers=[a,b]", "pass.fold_it.name=x"}));
  const auto& distill = std::get<OptionTable>(at(pass(recipe, 0), "distill").value);
  EXPECT_EQ(std::get<double>(at(distill, "alpha").value), 0.75);
  EXPECT_EQ(std::get<double>(at(pass(recipe, 2), "epochs").value), 0.5);
  EXPECT_EQ(std::get<OptionValue::List>(at(pass(recipe, 1), "layers").value).size(), 2U);
  EXPECT_NE(find(pass(recipe, 1), "name"), nullptr);
}

TEST(Overrides, KeepTheirPlaces) {
  OptionTable recipe = table();
  ASSERT_TRUE(apply_overrides(recipe, {"fine_tune#2.epochs=0.5"}));
  const OptionValue& epochs = at(pass(recipe, 2), "epochs");
  EXPECT_EQ(epochs.span.file, kOverridePlace);
  EXPECT_EQ(epochs.key_span.column, 13U);
  EXPECT_EQ(epochs.key_span.length, 6U);
  EXPECT_EQ(epochs.span.column, 20U);
  EXPECT_EQ(epochs.span.line_text, "fine_tune#2.epochs=0.5");
}

TEST(Overrides, SayWhatIsWrong) {
  EXPECT_EQ(problem("seed"), "an override has the form key=value");
  EXPECT_EQ(problem("=1"), "an override has the form key=value");
  EXPECT_EQ(problem("fine_tune..x=1"), "a part of the key is empty");
  EXPECT_EQ(problem("fine_tune.epochs=1"), "the recipe has `fine_tune` 2 times");
  EXPECT_EQ(problem("fine_tune#3.epochs=1"), "the recipe has `fine_tune` 2 times");
  EXPECT_EQ(problem("fine_tune#x.epochs=1"), "after # stands a number from 1");
  EXPECT_EQ(problem("fine_tine.epochs=1"), "the recipe has no pass `fine_tine`");
  EXPECT_EQ(problem("data=1"), "`data` is a table");
  EXPECT_EQ(problem("seed.x=1"), "`seed` is one value");
  EXPECT_EQ(problem("fold_it=1"), "which option of the pass?");
  EXPECT_EQ(problem("schema=2"), "the recipe has no pass `schema`");
}

TEST(Overrides, ReportAllMistakes) {
  OptionTable recipe = table();
  const auto applied = apply_overrides(recipe, {"a.b=1", "seed=3", "c.d=1"});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().diagnostics.size(), 2U);
}

}  // namespace
}  // namespace rcc
