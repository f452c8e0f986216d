#include "ir/support/diagnostic.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

TEST(Render, ShowsPlaceLineCaretHelpAndNotes) {
  Diagnostic diagnostic;
  diagnostic.message = "unknown key `rato` in pass `prune`";
  diagnostic.span = {"recipe.toml", 7, 1, 4, "rato = 0.5"};
  diagnostic.help = "did you mean `ratio`?";
  diagnostic.notes = {"keys of `prune`: ratio,\ngranularity"};
  EXPECT_EQ(render(diagnostic),
            "error: unknown key `rato` in pass `prune`\n"
            "  --> recipe.toml:7:1\n"
            "   |\n"
            " 7 | rato = 0.5\n"
            "   | ^^^^\n"
            "   |\n"
            "help: did you mean `ratio`?\n"
            "note: keys of `prune`: ratio,\n"
            "      granularity\n");
}

TEST(Render, WidensTheMarginForLongLineNumbers) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::warning;
  diagnostic.message = "m";
  diagnostic.span = {"f", 1234, 3, 1, "abcd"};
  EXPECT_EQ(render(diagnostic),
            "warning: m\n"
            "     --> f:1234:3\n"
            "      |\n"
            " 1234 | abcd\n"
            "      |   ^\n");
}

TEST(Render, ShowsAPlaceInAGraph) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::remark;
  diagnostic.message = "left alone";
  diagnostic.place = "model.onnx: node `Conv_3`";
  EXPECT_EQ(render(diagnostic), "remark: left alone\n  --> model.onnx: node `Conv_3`\n");
}

TEST(Render, ShowsAFileAsAWhole) {
  Diagnostic diagnostic;
  diagnostic.message = "empty";
  diagnostic.span.file = "recipe.toml";
  EXPECT_EQ(render(diagnostic), "error: empty\n  --> recipe.toml\n");
}

// The line of carets of a diagnostic for this span.
std::string carets(std::uint32_t column, std::uint32_t length, std::string line) {
  Diagnostic diagnostic;
  diagnostic.span = {"f", 1, column, length, std::move(line)};
  std::string text = render(diagnostic);
  text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

TEST(Render, KeepsTabsInTheCaretLine) { EXPECT_EQ(carets(4, 2, "\ta\tbc"), "   | \t \t^^"); }

TEST(Render, AlignsBelowWideAndEscapedCharacters) {
  // Two characters of three bytes and two columns each, then the marked x.
  EXPECT_EQ(carets(7, 1, "\u65e5\u672cx"), "   |     ^");
  // A control character is shown as four columns.
  EXPECT_EQ(carets(2, 1, "\x1bx"), "   |     ^");
  // A combining accent takes none.
  EXPECT_EQ(carets(4, 1, "e\u0301x"), "   |  ^");
}

TEST(Render, ClampsSpansOutsideTheLine) {
  EXPECT_EQ(carets(4, 1, "abc"), "   |    ^");
  EXPECT_EQ(carets(90, 5, "abc"), "   |    ^");
  EXPECT_EQ(carets(2, 4000000000U, "abc"), "   |  ^^");
  EXPECT_EQ(carets(0, 0, "abc"), "   | ^");
  EXPECT_EQ(carets(1, 1, ""), "   | ^");
}

TEST(Render, CutsALongLineAroundTheSpan) {
  std::string line(1000000, 'a');
  line[500000] = 'X';
  Diagnostic diagnostic;
  diagnostic.span = {"f", 1, 500001, 1, line};
  const std::string text = render(diagnostic);
  EXPECT_LT(text.size(), 500U);
  const std::string shown = std::string(60, 'a') + "X";
  EXPECT_NE(text.find(" 1 | ..." + shown), std::string::npos);
  EXPECT_NE(text.find("   | " + std::string(63, ' ') + "^\n"), std::string::npos);
}

TEST(Render, EscapesUserTextEverywhere) {
  Diagnostic diagnostic;
  diagnostic.message = "a\x1b[2J\nerror: forged";
  diagnostic.span = {"f\r", 1, 1, 1, "\x1b"};
  diagnostic.help = "h\nerror: forged";
  const std::string text = render(diagnostic);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.find("\nerror"), std::string::npos);
}

TEST(EscapeForDisplay, KeepsTextAndShowsWhatCouldDriveATerminal) {
  EXPECT_EQ(escape_for_display("layer1.0/Conv \u00e9\u65e5"), "layer1.0/Conv \u00e9\u65e5");
  EXPECT_EQ(escape_for_display(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(escape_for_display("\x1b[31m\t\x7f"), "\\x1b[31m\\x09\\x7f");
  // U+202E, right to left override; U+0085, a C1 control.
  EXPECT_EQ(escape_for_display("\u202e"), "\\xe2\\x80\\xae");
  EXPECT_EQ(escape_for_display("\xc2\x85"), "\\xc2\\x85");
}

TEST(EscapeForDisplay, ShowsInvalidUtf8ByteByByte) {
  EXPECT_EQ(escape_for_display("\xff"
                               "a"),
            "\\xffa");
  EXPECT_EQ(escape_for_display("\xe6\x97"), "\\xe6\\x97");
  // Overlong slash, surrogate, above U+10FFFF.
  EXPECT_EQ(escape_for_display("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(escape_for_display("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(escape_for_display("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(NearestName, FindsMisspellings) {
  const std::vector<std::string_view> keys{"ratio", "granularity", "exclude"};
  EXPECT_EQ(nearest_name("rato", keys), "ratio");
  EXPECT_EQ(nearest_name("raito", keys), "ratio");
  EXPECT_EQ(nearest_name("exlcude", keys), "exclude");
  // 11 letters allow 3 edits.
  EXPECT_EQ(nearest_name("granulriti", keys), "granularity");
  EXPECT_EQ(nearest_name("method", keys), "");
  EXPECT_EQ(nearest_name("", keys), "");
}

TEST(NearestName, DoesNotReplaceAWholeWord) {
  // Two edits turn any two letters into any other two.
  EXPECT_EQ(nearest_name("lr", {"bs"}), "");
  EXPECT_EQ(nearest_name("lr", {"lt"}), "lt");
}

TEST(NearestName, PrefersTheNearestThenTheFirst) {
  EXPECT_EQ(nearest_name("abcd", {"abxy", "abcx", "abcy"}), "abcx");
  EXPECT_EQ(nearest_name("ab", {"ba"}), "ba");
}

}  // namespace
}  // namespace rcc
