#include "tools/rcc_opt/expected_diagnostics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kOnlyExpected = ExpectedDiagnostics::Remarks::only_expected;

std::vector<std::string> problems(const ExpectedDiagnostics& expected) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : expected.problems())
    out.push_back(fmt::format("{}:{}: {}", diagnostic.span.line, diagnostic.span.column,
                              diagnostic.message));
  return out;
}

Diagnostic at(std::uint32_t line, std::string message, Severity severity = Severity::error) {
  return {.severity = severity,
          .message = std::move(message),
          .span = {.file = "a.rir", .line = line, .column = 1}};
}

// A message about a value has no line of its own, and is shown with that of the value.
TEST(ExpectedDiagnostics, ShowsTheLineOfWhatWasNotExpected) {
  ExpectedDiagnostics expected(ExpectedDiagnostics::Remarks::all);
  expected.enter_text("graph @g(%x: f32[1]) {\n  %y = relu(%x)\n  return %y\n}", "a.rir");
  expected.enter_graph("g");
  expected.add({.severity = Severity::remark, .message = "about y", .subject = "y"});
  ASSERT_EQ(expected.problems().size(), 1U);
  EXPECT_EQ(expected.problems()[0].span.line, 2U);
  EXPECT_EQ(expected.problems()[0].span.line_text, "  %y = relu(%x)");
}

TEST(ExpectedDiagnostics, EveryWayToNameALine) {
  ExpectedDiagnostics expected(kOnlyExpected);
  expected.enter_text(
      "x // expected-error {{one}}\n"
      "// expected-warning@+2 {{three}}\n"
      "x\n"
      "// expected-error@-1 {{third}}\n"
      "// expected-error@below {{six}}\n"
      "// expected-error@below {{also}}\n"
      "x\n"
      "// expected-error@above {{up}} expected-error@above {{twice}}\n"
      "// expected-error@unknown {{nowhere}}\n",
      "a.rir");
  expected.add(at(1, "number one"));
  expected.add(at(4, "number three", Severity::warning));
  expected.add(at(3, "the third"));
  expected.add(at(7, "six"));
  expected.add(at(7, "also"));
  expected.add(at(7, "up"));
  expected.add(at(7, "twice"));
  expected.add({.message = "nowhere"});
  EXPECT_THAT(problems(expected), IsEmpty());
}

TEST(ExpectedDiagnostics, SaysWhatIsMissingAndWhatIsTooMuch) {
  ExpectedDiagnostics expected(kOnlyExpected);
  expected.enter_text("x // expected-error {{one}}\nx\n", "a.rir");
  expected.add(at(2, "one"));
  expected.add(at(1, "another"));
  expected.add(at(1, "one", Severity::warning));
  EXPECT_THAT(problems(expected),
              ElementsAre("2:1: unexpected error: one", "1:1: unexpected error: another",
                          "1:1: unexpected warning: one",
                          "1:6: expected error \"one\" did not come for line 1"));
}

TEST(ExpectedDiagnostics, OneCommentMeetsOneDiagnostic) {
  ExpectedDiagnostics expected(kOnlyExpected);
  expected.enter_text("x // expected-error {{same}}\n", "a.rir");
  expected.add(at(1, "same"));
  expected.add(at(1, "same"));
  EXPECT_THAT(problems(expected), ElementsAre("1:1: unexpected error: same"));
}

TEST(ExpectedDiagnostics, WhatHasNoPlaceIsOnTheLineOfItsValueOrGraph) {
  ExpectedDiagnostics expected(kOnlyExpected);
  expected.enter_text(
      "// expected-remark@+1 {{whole}}\n"
      "graph @g(%x: f32[2]) {\n"
      "  %a, %\"b c\" = split(%x) // expected-remark {{this}}\n"
      "  return %a\n"
      "}\n",
      "a.rir");
  expected.enter_graph("g");
  expected.add({.severity = Severity::remark, .message = "the whole"});
  expected.add({.severity = Severity::remark, .message = "this one", .subject = "b c"});
  // Nobody asked for it.
  expected.add({.severity = Severity::remark, .message = "one more"});
  EXPECT_THAT(problems(expected), IsEmpty());
}

TEST(ExpectedDiagnostics, AllRemarksOnRequest) {
  ExpectedDiagnostics expected(ExpectedDiagnostics::Remarks::all);
  expected.enter_text("graph @g() {\n}\n", "a.rir");
  expected.enter_graph("g");
  expected.add({.severity = Severity::remark, .message = "more"});
  EXPECT_THAT(problems(expected), ElementsAre("1:1: unexpected remark: more"));
}

TEST(ExpectedDiagnostics, NotesAndRuleFiles) {
  ExpectedDiagnostics expected(kOnlyExpected);
  expected.enter_text("", "a.rir");
  expected.add_rules("rule x # expected-error {{bad}} expected-note {{why}}\n", "x.rules");
  expected.add({.message = "bad rule",
                .span = {.file = "x.rules", .line = 1, .column = 1},
                .notes = {"unasked", "that is why"}});
  EXPECT_THAT(problems(expected), IsEmpty());
}

TEST(ExpectedDiagnostics, MistakesInComments) {
  ExpectedDiagnostics expected(kOnlyExpected);
  expected.enter_text(
      "// expected-eror {{x}}\n"
      "// expected-error@1 {{x}}\n"
      "// expected-error@-9 {{x}}\n"
      "// expected-error {{x\n"
      "// an expected-error is explained elsewhere\n",
      "a.rir");
  EXPECT_THAT(problems(expected),
              ElementsAre("1:4: this expects no kind of diagnostic", "2:4: this names no line",
                          "3:4: this names no line", "4:4: the text has no end"));
}

}  // namespace
}  // namespace rcc
