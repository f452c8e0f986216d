#include <gtest/gtest.h>

#include "ir/text.h"

namespace rcc {
namespace {

std::string problems(std::string_view text) {
  const auto graphs = parse(text, "t.rir");
  if (graphs) return "no problem";
  std::string all;
  for (const Diagnostic& diagnostic : graphs.error().diagnostics) all += render(diagnostic);
  return all;
}

// The message and remedy of the only problem of a graph with this line in it, and where it points.
std::string problem_of(std::string_view line) {
  std::string text =
      "graph @g(%x: f32[1,2,4,4]) {\n@w = const f32[3,2,1,1]\n@other = const f32[3]\n";
  text += line;
  text += "\nreturn %x\n}\n";
  const auto graphs = parse(text, "t.rir");
  if (graphs) return "no problem";
  if (graphs.error().diagnostics.size() > 1) return "several: " + problems(text);
  const Diagnostic& problem = graphs.error().diagnostics.front();
  const std::string_view place =
      std::string_view(problem.span.line_text).substr(problem.span.column - 1, problem.span.length);
  std::string found = problem.message + " [" + std::string(place) + "]";
  if (!problem.help.empty()) found += " " + problem.help;
  return found;
}

TEST(ParseErrors, ShowThePlaceAndTheRemedy) {
  EXPECT_EQ(problems("graph @g(%x: f32[1,2,4,4]) {\n"
                     "  @w = const f32[3,2,1,1]\n"
                     "  %c = conv(%x, @w) {stride = <2,2>}\n"
                     "  %r = rellu(%c)\n"
                     "  return %r\n"
                     "}\n"),
            "error: conv has no attribute `stride`\n"
            "  --> t.rir:3:22\n"
            "   |\n"
            " 3 |   %c = conv(%x, @w) {stride = <2,2>}\n"
            "   |                      ^^^^^^\n"
            "   |\n"
            "help: did you mean `strides`?\n"
            "error: unknown operator `rellu`\n"
            "  --> t.rir:4:8\n"
            "   |\n"
            " 4 |   %r = rellu(%c)\n"
            "   |        ^^^^^\n"
            "   |\n"
            "help: did you mean `relu`?\n");
}

TEST(ParseErrors, OfFilesAsAWhole) {
  EXPECT_EQ(problems(""),
            "error: there is no graph\n  --> t.rir\n"
            "help: a graph begins like graph @name(%x: f32[N,3]) {\n");
  EXPECT_EQ(problems(std::string_view("\xFF\xFEg\0", 4)),
            "error: this is UTF-16 text\n  --> t.rir\nhelp: save it as UTF-8\n");
}

TEST(ParseErrors, OfNames) {
  EXPECT_EQ(problem_of("%y = relu(%z)"), "%z is not defined [%z]");
  EXPECT_EQ(problem_of("%y = relu(%othr)"), "%othr is not defined [%othr] did you mean @other?");
  EXPECT_EQ(problem_of("%y = relu(%y)"),
            "%y is used before its definition [%y] it is defined on line 4");
  EXPECT_EQ(problem_of("%y = relu(%z)\n%z = relu(%x)\n%u = relu(%z)"),
            "%z is used before its definition [%z] it is defined on line 5");
  EXPECT_EQ(problem_of("%x = relu(%x)"),
            "a second value named %x [%x] names of inputs, constants and results are distinct");
  EXPECT_EQ(problem_of("%w = relu(%x)"),
            "a second value named %w [%w] names of inputs, constants and results are distinct");
  EXPECT_EQ(problem_of("%a, %a = split(%x) {axis = 1}"), "a second value named %a [%a]");
  EXPECT_EQ(problem_of("%y = relu(%w)"), "w is a constant [%w] write @w");
  EXPECT_EQ(problem_of("%y = relu(@x)"), "x is not a constant [@x] write %x");
  EXPECT_EQ(problem_of("@y = relu(%x)"), "the name of a result begins with % [@y]");
  EXPECT_EQ(problem_of("%k = const f32[1]"), "the name of a constant begins with @ [%k] write @k");
  EXPECT_EQ(problem_of("%\"\" = relu(%x)"), "empty name [%\"\"]");
  EXPECT_EQ(problem_of("%\"a\\q\" = relu(%x)"),
            R"(unknown escape `\q` [\q] the escapes are \" \\ \n \r \t and \xNN)");
  const std::string longest(4096, 'n');
  EXPECT_EQ(problem_of("%" + longest + " = relu(%x)"), "no problem");
  EXPECT_EQ(problem_of("%" + longest + "n = relu(%x)").substr(0, 54),
            "name of 4097 bytes; at most 4096 are allowed [%nnnnnnn");
}

TEST(ParseErrors, OfOperatorsAndOperands) {
  EXPECT_EQ(problem_of("%y = Conv(%x, @w)"), "unknown operator `Conv` [Conv] write `conv`");
  EXPECT_EQ(
      problem_of("%y = frobnicate(%x)"),
      "unknown operator `frobnicate` [frobnicate] an operator that rcc does not know is written "
      "onnx.Name");
  EXPECT_EQ(problem_of("%y = conv(%x)"), "conv needs its operand W [conv]");
  EXPECT_EQ(problem_of("%y = conv(none, @w)"), "conv needs its operand x [conv]");
  EXPECT_EQ(problem_of("%y = relu(%x, %x)"), "relu takes 1 operand, 2 given [relu]");
  EXPECT_EQ(problem_of("%y, %z = relu(%x)"), "relu takes at most 1 result, 2 given [relu]");
  EXPECT_EQ(problem_of("%y = relu(%x"), "expected `,` or `)`, found `return` [return]");
  EXPECT_EQ(problem_of("%y = (%x)"), "expected an operator, found `(` [(]");
  EXPECT_EQ(problem_of("%y relu(%x)"), "expected `=`, found `relu` [relu]");
  EXPECT_EQ(problem_of("%y = relu(3)"), "expected an operand like %x or @w, found `3` [3]");
  EXPECT_EQ(
      problem_of("%y = conv(%x, @w) junk"),
      "unknown operator `junk` [junk] an operator that rcc does not know is written onnx.Name");
}

TEST(ParseErrors, OfAttributes) {
  EXPECT_EQ(problem_of("%y = conv(%x, @w) {group = 1.0}"),
            "expected an integer, found a number [1.0]");
  EXPECT_EQ(problem_of("%y = conv(%x, @w) {group = <1>}"), "expected an integer, found a list [<]");
  EXPECT_EQ(problem_of("%y = conv(%x, @w) {pads = 1}"),
            "expected a list of integers, found an integer [1]");
  EXPECT_EQ(problem_of("%y = conv(%x, @w) {pads = <1, 0.5>}"),
            "expected an integer, found `0.5` [0.5]");
  EXPECT_EQ(problem_of("%y = conv(%x, @w) {pads = \"1\"}"),
            "expected a list of integers, found a string [\"1\"]");
  EXPECT_EQ(problem_of("%y = conv(%x, @w) {group = 1, group = 1}"),
            "`group` is given twice [group]");
  EXPECT_EQ(problem_of("%y = conv(%x, @w) {group = 99999999999999999999}"),
            "99999999999999999999 does not fit 64 bits [99999999999999999999]");
  EXPECT_EQ(problem_of("%y = leaky_relu(%x) {alpha = 1e999}"),
            "1e999 is out of the range of f32 [1e999]");
  EXPECT_EQ(problem_of("%y = leaky_relu(%x) {alpha = 1}"), "no problem");
  EXPECT_EQ(problem_of("%y = leaky_relu(%x) {alpha = }"),
            "expected an attribute value, found `}` [}]");
  EXPECT_EQ(problem_of("%y = leaky_relu(%x) {alpha = word}"),
            "expected an attribute value, found `word` [word]");
  EXPECT_EQ(problem_of("%y = onnx.Foo(%x) {a = <>}"),
            "the type of an empty list is not known here [<] write ints<>, floats<> or strings<>");
  EXPECT_EQ(problem_of("%y = onnx.Foo(%x) {a = <1, \"b\">}"),
            "expected an integer, found `\"b\"` [\"b\"]");
  EXPECT_EQ(problem_of("%y = onnx.Foo(%x) {a = <1.0, 2, -3.5>, b = <-1, 2>}"), "no problem");
  EXPECT_EQ(problem_of("%y = onnx.Foo(%x) {a = <<<<1>>>>}"), "expected a number, found `<` [<]");
  EXPECT_EQ(problem_of("%y = onnx.Foo(%x) {a = raw\"!\"}"), "not base64 [\"!\"]");
  EXPECT_EQ(problem_of("%y = onnx.Foo(%x) {a = 3x}"), "invalid number [3x]");
  EXPECT_EQ(problem_of("%y = onnx.Foo(%x) {a = \"open}"), "unterminated string [\"open}]");
}

TEST(ParseErrors, OfTypes) {
  EXPECT_EQ(
      problem_of("%y = relu(%x) : f32[1,2,4,5]"),
      "the type of y is f32[1,2,4,4], not f32[1,2,4,5] [f32] types may be left out where they "
      "can be inferred");
  EXPECT_EQ(problem_of("%y = relu(%x) : f32[1,2,4,4], f32[1]"), "2 types for 1 results [f32]");
  EXPECT_EQ(problem_of("%y = relu(%x) : float"),
            "expected a type, found `float` [float] a type looks like f32[N,3] or i64[]");
  EXPECT_EQ(problem_of("%y = relu(%x) : f32\n"),
            "expected `[`, found `return` [return] write f32[] for a scalar");
  EXPECT_EQ(problem_of("%y = relu(%x) : f32[-1]"),
            "a size cannot be negative [-] write ? for an unknown size");
  EXPECT_EQ(problem_of("%y = relu(%x) : f32[99999999999999999999]"),
            "99999999999999999999 does not fit 64 bits [99999999999999999999]");
  std::string deep = "%y = onnx.F(%x) : f32[1";
  for (int i = 1; i < 64; ++i) deep += ",1";
  EXPECT_EQ(problem_of(deep + "]"), "no problem");
  EXPECT_EQ(problem_of(deep + ",1]"), "more than 64 dimensions [1]");
  EXPECT_EQ(problem_of("%y = relu(%x) : f32[1.5]"), "expected an integer, found `1.5` [1.5]");
  EXPECT_EQ(problem_of("%y = relu(%x) : f32[1 2]"), "expected `,` or `]`, found `2` [2]");
}

TEST(ParseErrors, OfConstants) {
  EXPECT_EQ(problem_of("@k = const f32[2,2] <1, 2, 3>"),
            "3 elements given for f32[2,2], which has 4 elements [<]");
  EXPECT_EQ(problem_of("@k = const f32[] <>"),
            "0 elements given for f32[], which has 1 element [<]");
  EXPECT_EQ(problem_of("@k = const f32[N]"),
            "a constant needs an element type and sizes that are numbers [f32]");
  EXPECT_EQ(problem_of("@k = const ?[2]"),
            "a constant needs an element type and sizes that are numbers [?]");
  EXPECT_EQ(problem_of("@k = const u8[2] <0, 256>"), "256 does not fit u8 [256]");
  EXPECT_EQ(problem_of("@k = const i4[2] <-8, -9>"), "-9 does not fit i4 [-]");
  EXPECT_EQ(problem_of("@k = const u64[1] <-1>"), "-1 does not fit u64 [-]");
  EXPECT_EQ(problem_of("@k = const i8[1] <0.5>"), "expected an integer, found `0.5` [0.5]");
  EXPECT_EQ(problem_of("@k = const bool[1] <1>"), "expected true or false, found `1` [1]");
  EXPECT_EQ(problem_of("@k = const complex64[1] <1>"),
            "complex64 has no literals [<] write the bytes as raw\"base64\"");
  EXPECT_EQ(problem_of("@k = const f32[2] raw\"AAAA\""), "3 bytes given, 8 needed [raw]");
  EXPECT_EQ(problem_of("@k = const f32[2] raw\"AAA\""), "not base64 [\"AAA\"]");
  EXPECT_EQ(problem_of("@k = const f32[1099511627777]"), "more than 2^40 elements [f32]");
  EXPECT_EQ(problem_of("@k = const f32[4294967296,4294967296]"), "more than 2^40 elements [f32]");
  EXPECT_EQ(problem_of("@k = const f32[1] <1e39>"), "1e39 is out of the range of f32 [1e39]");
  EXPECT_EQ(
      problem_of("@k = const f32[2] file(\"../x\", 0)"),
      "external data file `..` leaves the folder of the model [\"../x\"] external data must be "
      "a plain file inside the folder of the model");
  EXPECT_EQ(problem_of("@k, @l = const f32[1]"), "expected an operator, found `const` [const]");
}

TEST(ParseErrors, OfWholeGraphs) {
  EXPECT_EQ(problems("graph @g() {\n"),
            "error: expected `}`, found the end of the text\n"
            "  --> t.rir:2:1\n"
            "   |\n"
            " 2 | \n"
            "   | ^\n"
            "   |\n"
            "help: graph @g has no end\n");
  EXPECT_EQ(problems("graph @g() {\n}\n"),
            "error: graph @g has no return\n"
            "  --> t.rir:2:1\n"
            "   |\n"
            " 2 | }\n"
            "   | ^\n");
  EXPECT_EQ(problems("graph @g() { return }\ngraph @g() { return }\n"),
            "error: a second graph named @g\n"
            "  --> t.rir:2:7\n"
            "   |\n"
            " 2 | graph @g() { return }\n"
            "   |       ^^\n");
  EXPECT_EQ(problems("graph @g() { return } trailing\n"),
            "error: expected `graph`, found `trailing`\n"
            "  --> t.rir:1:23\n"
            "   |\n"
            " 1 | graph @g() { return } trailing\n"
            "   |                       ^^^^^^^^\n");
  EXPECT_EQ(problem_of("return %x"),
            "expected `}`, found `return` [return] the return is the last line of a graph");
  EXPECT_EQ(problem_of("model { opsets = 3 }"),
            "unknown model entry `opsets` [opsets] did you mean `opset`?");
}

TEST(ParseErrors, PointCarefullyInOddLines) {
  EXPECT_EQ(problems("graph @g(%x: f32[1]) {\n\t%\"\u4e2d\" = rellu(%x)\n\treturn %x\n}\n"),
            "error: unknown operator `rellu`\n"
            "  --> t.rir:2:11\n"
            "   |\n"
            " 2 | \t%\"\u4e2d\" = rellu(%x)\n"
            "   | \t        ^^^^^\n"
            "   |\n"
            "help: did you mean `relu`?\n");
  EXPECT_EQ(problem_of("%y = relu(\xC3\xA9)"), "unexpected character [\xC3\xA9]");
}

TEST(ParseErrors, StopAtTwentyAndNeverHang) {
  std::string text = "graph @g(%x: f32[1]) {\n";
  for (int i = 0; i < 30; ++i) text += "%y" + std::to_string(i) + " = nothing(%x)\n";
  const auto graphs = parse(text + "return %x\n}\n", "t.rir");
  ASSERT_FALSE(graphs);
  EXPECT_EQ(graphs.error().diagnostics.size(), 20U);
  EXPECT_EQ(graphs.error().diagnostics.back().notes.front(), "more problems are not shown");
  for (const char c : std::string("()<{[\"%@,:-.?=}>]\x01")) {
    const std::string many(100000, c);
    EXPECT_NE(problems(many), "no problem");
    EXPECT_NE(problems("graph @g(%x: f32[1]) {\n" + many), "no problem");
    EXPECT_NE(problems("graph @g(%x: f32[1]) {\n%y = relu(%x) {a = " + many), "no problem");
  }
}

// A text cut anywhere, or with a byte changed, is a diagnostic or a graph; nothing else happens.
TEST(ParseErrors, SurviveCutAndChangedTexts) {
  const std::string text =
      "graph @g(%x: f32[1,2,4,4] range(0.0, 1.0)) {\n"
      "  model {\n    opset \"d\" = 3\n    metadata \"k\" = \"v\"\n    function = raw\"AAEC\"\n  "
      "}\n"
      "  @w = const f32[2] sparse <1, -2.5>\n"
      "  %a, none = onnx.Foo(%x, none, @w) {i = <1,2>, t = i64[1] <3>} : f32[*], ? loc(\"a\")\n"
      "  return %a as \"b\"\n}\n";
  for (std::size_t cut = 0; cut < text.size() - 2; ++cut)
    EXPECT_NE(problems(text.substr(0, cut)), "no problem") << text.substr(0, cut);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : std::string("\0%\"<}- 9", 8)) {
      std::string changed = text;
      changed[at] = c;
      const auto graphs = parse(changed, "t.rir");
      if (!graphs) continue;
      for (const Graph& graph : *graphs) {
        const Result<Graph> again = parse_graph(*print(graph), "t.rir");
        ASSERT_TRUE(again) << changed;
        EXPECT_EQ(first_difference(graph, *again), "") << changed;
      }
    }
  }
}

}  // namespace
}  // namespace rcc
