#include "passes/options.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rcc {
namespace {

struct InnerOptions {
  double temperature = 4.0;
  std::string teacher = "original";
  void describe(OptionVisitor& v) {
    v.field("temperature", temperature, "divides logits", {.minimum = 0, .excludes_minimum = true});
    v.field("teacher", teacher, "who teaches");
  }
};

struct SampleOptions {
  bool flip = false;
  std::int64_t samples = 512;
  double rate = 0.5;
  std::string scope = "global";
  Fraction amount{0.4};
  std::optional<Fraction> macs;
  std::optional<double> epochs;
  std::optional<std::int64_t> rounds;
  std::optional<Bound> drop;
  std::vector<std::string> layers;
  std::vector<double> mean;
  std::vector<std::int64_t> resize;
  InnerOptions distill;
  bool has_distill = false;

  void describe(OptionVisitor& v) {
    v.field("flip", flip, "mirror");
    v.field("samples", samples, "how many", {.minimum = 1, .unit = "images"});
    v.field("rate", rate, "how fast", {.minimum = 0, .maximum = 1, .excludes_minimum = true});
    v.field("scope", scope, "over what", {.choices = {"global", "layer"}});
    v.field("amount", amount, "share");
    v.field("macs", macs, "what remains");
    v.field("epochs", epochs, "how long", {.minimum = 0});
    v.field("rounds", rounds, "how often", {.maximum = 9});
    v.field("drop", drop, "the budget");
    v.field("layers", layers, "which");
    v.field("mean", mean, "per channel", {.maximum = 1});
    v.field("resize", resize, "height, width", {.minimum = 1});
    v.table("distill", distill, has_distill, "learn from a teacher");
  }
};
using Samples = TypedOptionSet<SampleOptions>;

Result<void> set(Samples& set, std::string_view text) {
  const OptionTable table = RCC_TRY(parse_option_text(text, "--set"));
  return set_options(set, table, "pass `prune`");
}

// What is printed for the one mistake in `text`.
std::string complaint(std::string_view text) {
  Samples options;
  const Result<void> result = set(options, text);
  if (result) return "no error";
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  EXPECT_EQ(result.error().diagnostics.size(), 1);
  return render(result.error().diagnostics.front());
}

// The same without the place.
std::string message(std::string_view text) {
  Samples options;
  const Result<void> result = set(options, text);
  if (result) return "no error";
  EXPECT_EQ(result.error().diagnostics.size(), 1);
  const Diagnostic& first = result.error().diagnostics.front();
  return first.help.empty() ? first.message : first.message + " | " + first.help;
}

TEST(Options, SetsEveryType) {
  Samples set_up;
  ASSERT_TRUE(
      set(set_up,
          "flip=true, samples = 7,rate=1,scope=layer,amount=50%,macs=0.25,epochs=2,rounds=3,"
          "drop=<= 1.5%,layers=[conv1,\"a,b\"],mean=[0.5,1],resize=[32,48],"
          "distill={temperature=2.5}"));
  const SampleOptions& o = set_up.options;
  EXPECT_TRUE(o.flip);
  EXPECT_EQ(o.samples, 7);
  EXPECT_EQ(o.rate, 1.0);
  EXPECT_EQ(o.scope, "layer");
  EXPECT_EQ(o.amount.value, 0.5);
  EXPECT_EQ(o.macs, Fraction{0.25});
  EXPECT_EQ(o.epochs, 2.0);
  EXPECT_EQ(o.rounds, 3);
  EXPECT_EQ(o.drop, (Bound{Bound::Relation::at_most, 0.015, true}));
  EXPECT_EQ(o.layers, (std::vector<std::string>{"conv1", "a,b"}));
  EXPECT_EQ(o.mean, (std::vector<double>{0.5, 1.0}));
  EXPECT_EQ(o.resize, (std::vector<std::int64_t>{32, 48}));
  EXPECT_TRUE(o.has_distill);
  EXPECT_EQ(o.distill.temperature, 2.5);
  EXPECT_EQ(o.distill.teacher, "original");
}

TEST(Options, UnknownKeyNamesTheNearestAndAll) {
  EXPECT_EQ(complaint("flip=true,sampels=3"),
            "error: unknown key `sampels` in pass `prune`\n"
            "  --> --set:1:11\n"
            "   |\n"
            " 1 | flip=true,sampels=3\n"
            "   |           ^^^^^^^\n"
            "   |\n"
            "help: did you mean `samples`?\n"
            "note: keys of pass `prune`: flip, samples, rate, scope, amount, macs, epochs, rounds, "
            "drop, layers, mean, resize, distill\n");
  EXPECT_EQ(message("zebra=1"), "unknown key `zebra` in pass `prune`");
  EXPECT_EQ(message("distill={temprature=1}"),
            "unknown key `temprature` in `distill` of pass `prune` | did you mean `temperature`?");
}

TEST(Options, NoOptionsAtAll) {
  TypedOptionSet<NoOptions> none;
  const Result<void> result =
      set_options(none, parse_option_text("x=1", "--set").value(), "pass `drop`");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().diagnostics.front().notes.front(), "pass `drop` has no options");
}

TEST(Options, WrongTypes) {
  EXPECT_EQ(complaint("samples=[1]"),
            "error: `samples` of pass `prune` must be an integer, not a list\n"
            "  --> --set:1:9\n"
            "   |\n"
            " 1 | samples=[1]\n"
            "   |         ^^^\n");
  EXPECT_EQ(message("flip=1"), "`flip` of pass `prune` must be true or false, not 1");
  EXPECT_EQ(message("flip=\"true\""),
            "`flip` of pass `prune` must be true or false, not \"true\" | write it without quotes");
  EXPECT_EQ(message("samples=\"7\""),
            "`samples` of pass `prune` must be an integer, not \"7\" | write it without quotes");
  EXPECT_EQ(message("samples=7.5"), "`samples` of pass `prune` must be an integer, not 7.5");
  EXPECT_EQ(message("rate=nan"), "`rate` of pass `prune` must be a number, not \"nan\"");
  EXPECT_EQ(message("scope=3"), "`scope` of pass `prune` must be text, not 3 | write \"3\"");
  EXPECT_EQ(message("amount=half"),
            "`amount` of pass `prune` must be a share of the whole, not \"half\" | "
            "write it as 0.5 or as \"50%\"");
  EXPECT_EQ(message("drop=0.5"),
            "`drop` of pass `prune` must be a bound, not 0.5 | "
            "write a relation and a number, such as \"<= 1.5%\" or \">= 7\"");
  EXPECT_EQ(message("layers=conv1"),
            "`layers` of pass `prune` must be a list of texts, not \"conv1\" | write [\"conv1\"]");
  EXPECT_EQ(message("mean=0.5"),
            "`mean` of pass `prune` must be a list of numbers, not 0.5 | write [0.5]");
  EXPECT_EQ(message("resize=[8,x]"),
            "item 2 of `resize` of pass `prune` must be an integer, not \"x\"");
  EXPECT_EQ(message("distill=true"), "`distill` of pass `prune` must be a table, not true");
  EXPECT_EQ(message("macs={a=1}"),
            "`macs` of pass `prune` must be a share of the whole, not a table | "
            "write it as 0.5 or as \"50%\"");
}

TEST(Options, OutOfRange) {
  EXPECT_EQ(message("samples=0"), "`samples` of pass `prune` must be at least 1, not 0");
  EXPECT_EQ(message("rate=0"),
            "`rate` of pass `prune` must be greater than 0 and at most 1, not 0");
  EXPECT_EQ(message("rounds=10"), "`rounds` of pass `prune` must be at most 9, not 10");
  EXPECT_EQ(
      message("amount=50"),
      "`amount` of pass `prune` must be between 0 and 1, not 50 | did you mean 0.5 or \"50%\"?");
  EXPECT_EQ(message("macs=150%"), "`macs` of pass `prune` must be between 0 and 1, not \"150%\"");
  EXPECT_EQ(message("mean=[0.1,2.5]"),
            "item 2 of `mean` of pass `prune` must be at most 1, not 2.5");
  EXPECT_EQ(message("distill={temperature=0}"),
            "`temperature` of `distill` of pass `prune` must be greater than 0, not 0");
  Samples options;
  OptionValue infinite;
  infinite.value = INFINITY;
  const Result<void> result = set_options(options, {{"epochs", infinite}}, "pass `prune`");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "`epochs` of pass `prune` must be a finite number, not inf");
}

TEST(Options, NotAmongTheChoices) {
  EXPECT_EQ(message("scope=globl"),
            "`scope` of pass `prune` must be one of global, layer, not \"globl\" | "
            "did you mean `global`?");
  EXPECT_EQ(message("scope=zzz"),
            "`scope` of pass `prune` must be one of global, layer, not \"zzz\"");
}

TEST(Options, CollectsEveryMistake) {
  Samples options;
  const Result<void> result = set(options, "samples=0,zebra=1,flip=3,distill={teacher=1,x=2}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().diagnostics.size(), 5);
}

TEST(OptionText, Mistakes) {
  const auto first = [](std::string_view text) {
    const Result<OptionTable> table = parse_option_text(text, "--set");
    return table ? "no error" : render(table.error().diagnostics.front());
  };
  EXPECT_EQ(first("a=1,,b"),
            "error: expected an option name before `,`\n"
            "  --> --set:1:5\n"
            "   |\n"
            " 1 | a=1,,b\n"
            "   |     ^\n");
  EXPECT_EQ(first("flag"),
            "error: expected `=` after `flag` at the end\n"
            "  --> --set:1:5\n"
            "   |\n"
            " 1 | flag\n"
            "   |     ^\n"
            "   |\n"
            "help: write flag=VALUE\n");
  EXPECT_EQ(first("a=1,a=2"),
            "error: `a` is given twice\n"
            "  --> --set:1:5\n"
            "   |\n"
            " 1 | a=1,a=2\n"
            "   |     ^\n");
  const auto starts = [&](std::string_view text) {
    const std::string rendered = first(text);
    return rendered.substr(0, rendered.find('\n'));
  };
  EXPECT_EQ(starts("a="), "error: expected a value at the end");
  EXPECT_EQ(starts("a=[1"), "error: expected `,` or `]` at the end");
  EXPECT_EQ(starts("a={b=1"), "error: expected `,` or `}` at the end");
  EXPECT_EQ(starts("a=1 }"), "error: expected `,` before `}`");
  EXPECT_EQ(starts("a=\"x"), "error: this text has no closing quote");
  EXPECT_EQ(starts("a=\"\\q\""), "error: unknown escape");
  EXPECT_EQ(starts("a=" + std::string(100000, '[')),
            "error: expected no deeper nesting before `[`");
}

TEST(OptionText, WritesSortedAndResolved) {
  Samples options;
  EXPECT_EQ(to_text(options),
            "amount=40%,flip=false,layers=[],mean=[],rate=0.5,resize=[],samples=512,scope=global");
  ASSERT_TRUE(set(options,
                  "drop=>= 7,distill={teacher=\"1.5\"},layers=[\"a b\",\"q\\\"\\n\",true1],"
                  "macs=0.285,epochs=3"));
  EXPECT_EQ(
      to_text(options),
      "amount=40%,distill={teacher=\"1.5\",temperature=4.0},drop=\">= 7\",epochs=3.0,flip=false,"
      "layers=[\"a b\",\"q\\\"\\x0a\",true1],macs=28.5%,mean=[],rate=0.5,resize=[],samples=512,"
      "scope=global");
}

TEST(OptionText, ReadsBackWhatItWrites) {
  Samples options;
  ASSERT_TRUE(set(options,
                  "amount=0.1234567890123456789,rate=0.1,mean=[1e-05,-3],epochs=1e300,"
                  "layers=[\"\",\"7\",\"true\",\"\\\\\",\"\xc3\xa9\"],drop=\"> 0.33%\""));
  const std::string text = to_text(options);
  Samples again;
  ASSERT_TRUE(set(again, text));
  EXPECT_EQ(to_text(again), text);
  EXPECT_EQ(again.options.amount, options.options.amount);
  EXPECT_EQ(again.options.layers, options.options.layers);
  EXPECT_EQ(again.options.drop, options.options.drop);
}

TEST(Fraction, EveryPercentageReadsBack) {
  for (int i = 0; i <= 1000; ++i) {
    const Fraction fraction{i / 1000.0};
    const std::string text = to_text(fraction);
    EXPECT_TRUE(text.ends_with('%') && text.size() <= 5) << text;
    EXPECT_EQ(parse_fraction(text), fraction) << text;
  }
  EXPECT_EQ(to_text(Fraction{1.0 / 3}), "33.33333333333333%");
  EXPECT_EQ(parse_fraction("0.5"), Fraction{0.5});
  EXPECT_EQ(parse_fraction("5e1 %"), Fraction{0.5});
  EXPECT_EQ(parse_fraction("%"), std::nullopt);
  EXPECT_EQ(parse_fraction("50%%"), std::nullopt);
  EXPECT_EQ(parse_fraction("nan%"), std::nullopt);
}

TEST(Bound, ReadsHoldsAndWrites) {
  const Bound drop = parse_bound("<=1.5 %").value();
  EXPECT_EQ(to_text(drop), "<= 1.5%");
  EXPECT_TRUE(drop.holds(0.015));
  EXPECT_FALSE(drop.holds(0.0151));
  const Bound ratio = parse_bound(" >= 7 ").value();
  EXPECT_EQ(to_text(ratio), ">= 7");
  EXPECT_TRUE(ratio.holds(7));
  EXPECT_FALSE(ratio.holds(6.99));
  EXPECT_TRUE(parse_bound("< 100")->holds(99));
  EXPECT_FALSE(parse_bound("< 100")->holds(100));
  EXPECT_FALSE(parse_bound("> 0")->holds(0));
  EXPECT_TRUE(parse_bound("> -1")->holds(0));
  EXPECT_EQ(parse_bound("7"), std::nullopt);
  EXPECT_EQ(parse_bound("<="), std::nullopt);
  EXPECT_EQ(parse_bound("== 7"), std::nullopt);
}

TEST(OptionDocs, NamesTypesDefaultsAndHelp) {
  Samples options;
  std::string page;
  for (const OptionDoc& doc : document(options))
    page += doc.name + " : " + doc.type + " : " + doc.default_text + " : " + doc.help + "\n";
  EXPECT_EQ(page,
            "flip : true or false : false : mirror\n"
            "samples : integer >= 1 : 512 images : how many\n"
            "rate : number > 0, <= 1 : 0.5 : how fast\n"
            "scope : text: global | layer : global : over what\n"
            "amount : fraction : 40% : share\n"
            "macs : fraction : none : what remains\n"
            "epochs : number >= 0 : none : how long\n"
            "rounds : integer <= 9 : none : how often\n"
            "drop : bound : none : the budget\n"
            "layers : list of texts : [] : which\n"
            "mean : list of numbers <= 1 : [] : per channel\n"
            "resize : list of integers >= 1 : [] : height, width\n"
            "distill : table : none : learn from a teacher\n"
            "distill.temperature : number > 0 : 4.0 : divides logits\n"
            "distill.teacher : text : original : who teaches\n");
}

}  // namespace
}  // namespace rcc
