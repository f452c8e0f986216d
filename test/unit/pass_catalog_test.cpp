#include "passes/pass_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace rcc {
namespace {

Result<void> do_nothing(Graph&, const NoOptions&, PassContext&) { return {}; }
PassDef nothing() { return graph_pass<NoOptions>({}, do_nothing); }

constexpr PassEntry kNothing{
    .name = "do_nothing", .family = "clean", .doc = "Do nothing.", .make = &nothing};

std::string refusal(PassEntry row) {
  PassCatalog catalog;
  const std::size_t before = catalog.entries().size();
  const std::array rows{kNothing, row};
  const Result<void> added = catalog.add(rows, "mine.so");
  if (added) return "";
  EXPECT_EQ(catalog.entries().size(), before) << "nothing of a refused module is kept";
  return added.error().message();
}

TEST(PassCatalog, KnowsTheBuiltInPasses) {
  const PassCatalog catalog;
  EXPECT_EQ(catalog.entries().size(), builtin_passes().size());
  const Result<PassInstance> pass = catalog.make("drop_dead_nodes", {});
  ASSERT_TRUE(pass);
  EXPECT_FALSE(pass->is_from_file);
  EXPECT_TRUE(pass->module_file.empty());
}

TEST(PassCatalog, AddsPassesOfAModuleInOrder) {
  PassCatalog catalog;
  ASSERT_TRUE(catalog.add({&kNothing, 1}, "mine.so"));
  const auto rows = catalog.entries();
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const PassEntry& a, const PassEntry& b) {
    return std::pair(a.family, a.name) < std::pair(b.family, b.name);
  }));
  const Result<PassInstance> pass = catalog.make("do_nothing", {});
  ASSERT_TRUE(pass);
  EXPECT_TRUE(pass->is_from_file) << "what it does wrong is not a defect of rcc";
  EXPECT_EQ(pass->module_file, "mine.so");
}

TEST(PassCatalog, ACopyOutlivesWhatItWasCopiedFrom) {
  PassCatalog copy;
  {
    PassCatalog catalog;
    ASSERT_TRUE(catalog.add({&kNothing, 1}, "a/long/path/to/a/module/of/mine.so"));
    copy = catalog;
  }
  EXPECT_EQ((*copy.find("do_nothing"))->module, "a/long/path/to/a/module/of/mine.so");
  EXPECT_FALSE(PassCatalog().find("do_nothing")) << "one catalog does not change another";
}

TEST(PassCatalog, UnknownNamesGetTheNearest) {
  PassCatalog catalog;
  ASSERT_TRUE(catalog.add({&kNothing, 1}, "mine.so"));
  const Result<const PassEntry*> found = catalog.find("do_nothin");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message(), "unknown pass `do_nothin`");
  EXPECT_EQ(found.error().diagnostics.front().help, "did you mean `do_nothing`?");
}

TEST(PassCatalog, RefusesNamesThatAreTaken) {
  PassEntry row = kNothing;
  row.name = "drop_identity";
  EXPECT_EQ(refusal(row),
            "the pass module `mine.so` has a pass `drop_identity`, and there is one already");
  EXPECT_EQ(refusal(kNothing),
            "the pass module `mine.so` has a pass `do_nothing`, and there is one already");
}

TEST(PassCatalog, RefusesRowsThatSayTooLittle) {
  PassEntry row = kNothing;
  row.name = "Other";
  EXPECT_EQ(refusal(row), "the pass module `mine.so` calls a pass `Other`");
  row.name = "other";
  row.family = "";
  EXPECT_EQ(refusal(row), "the pass module `mine.so` has the pass `other` without a family");
  row.family = "clean";
  row.doc = "no sentence";
  EXPECT_EQ(refusal(row), "the pass module `mine.so` says nothing about the pass `other`");
  row.doc = "A sentence.\n\nMore.";
  row.make = nullptr;
  EXPECT_EQ(refusal(row), "the pass module `mine.so` does not define the pass `other`");
  row.rules = "# A sentence.";
  EXPECT_EQ(refusal(row), "");
}

}  // namespace
}  // namespace rcc
