#include "frontends/recipe/recipe.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

Result<Recipe> read(std::string text, const std::vector<std::string>& overrides = {}) {
  return parse_recipe(std::move(text), "folder/named.toml", overrides);
}

std::vector<std::string> messages(const Result<Recipe>& recipe) {
  std::vector<std::string> out;
  if (!recipe)
    for (const Diagnostic& diagnostic : recipe.error().diagnostics)
      out.push_back(diagnostic.message);
  return out;
}

TEST(Recipe, HasDefaults) {
  const auto recipe = read("[[pass]]\nname = \"drop_dead_nodes\"\n");
  ASSERT_TRUE(recipe) << recipe.error().message();
  EXPECT_EQ(recipe->name, "named");
  EXPECT_EQ(recipe->seed, 0U);
  EXPECT_FALSE(recipe->has_data);
  EXPECT_EQ(recipe->target.runtime, "onnxruntime");
  ASSERT_EQ(recipe->passes.size(), 1U);
  EXPECT_EQ(recipe->passes[0].name, "drop_dead_nodes");
  EXPECT_TRUE(recipe->warnings.empty());
}

TEST(Recipe, ResolvesDataAgainstItsFolder) {
  const auto recipe = read(
      "[data]\ntrain = \"images:data/train\"\neval = \"idx:../a,/b\"\n[[pass]]\nname = "
      "\"drop_dead_nodes\"\n");
  ASSERT_TRUE(recipe) << recipe.error().message();
  EXPECT_EQ(recipe->data.train, "images:folder/data/train");
  EXPECT_EQ(recipe->data.eval, "idx:a,/b");
}

TEST(Recipe, LeavesDataOfOverridesToTheWorkingFolder) {
  const auto recipe = read("[[pass]]\nname = \"drop_dead_nodes\"\n", {"data.train=images:here"});
  ASSERT_TRUE(recipe) << recipe.error().message();
  EXPECT_EQ(recipe->data.train, "images:here");
  EXPECT_TRUE(recipe->has_data);
}

TEST(Recipe, ReadsRequirements) {
  const auto recipe = read("[require]\ntop1_drop = \"<= 1.5%\"\nsize_ratio = \">= 7\"\n");
  ASSERT_TRUE(recipe) << recipe.error().message();
  EXPECT_DOUBLE_EQ(recipe->require.top1_drop->limit, 0.015);
  EXPECT_TRUE(recipe->require.size_ratio->holds(7));
  EXPECT_FALSE(recipe->require.macs);
}

TEST(Recipe, WarnsWhenItDoesNothing) {
  const auto recipe = read("schema = 1\n");
  ASSERT_TRUE(recipe);
  ASSERT_EQ(recipe->warnings.size(), 1U);
  EXPECT_EQ(recipe->warnings[0].message, "the recipe has no passes");
}

TEST(Recipe, RefusesNamesThatAreNoFileNames) {
  EXPECT_EQ(messages(read("name = \"../x\"\n")),
            std::vector<std::string>{"the name of a recipe becomes a part of file names"});
  EXPECT_EQ(messages(read("name = \"\"\n")).size(), 1U);
  EXPECT_EQ(messages(read("name = 3\n")), std::vector<std::string>{"`name` is text, not an integer"});
}

TEST(Recipe, RefusesPassesThatAreNoPasses) {
  EXPECT_EQ(messages(read("pass = 1\n")),
            std::vector<std::string>{"`pass` is an integer, not a list of tables"});
  EXPECT_EQ(messages(read("pass = [1]\n")),
            std::vector<std::string>{"a pass is a table, not an integer"});
  EXPECT_EQ(messages(read("[[pass]]\nx = 1\n")), std::vector<std::string>{"a pass without a name"});
  EXPECT_EQ(messages(read("[[pass]]\nname = \"a\"\nrules = \"b.rules\"\n")),
            std::vector<std::string>{"a pass has a name or a file of rules, not both"});
}

TEST(Recipe, RefusesDataOfNoKind) {
  EXPECT_EQ(messages(read("[data]\ntrain = \"data/train\"\neval = \"images:\"\n")),
            (std::vector<std::string>{"`data/train` does not say what kind of data it is",
                                      "`images:` does not say what kind of data it is"}));
}

TEST(Recipe, TakesTheSeedFromAnOverride) {
  EXPECT_EQ(read("seed = 1\n", {"seed=9"})->seed, 9U);
  EXPECT_EQ(messages(read("seed = -1\n")), std::vector<std::string>{"seed is negative"});
}

}  // namespace
}  // namespace rcc
