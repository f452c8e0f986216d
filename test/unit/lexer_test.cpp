#include "ir/lexer.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

// The tokens, each as kind initial and text.
std::string tokens(std::string_view text, Lexer::Comments comments = Lexer::Comments::slashes) {
  constexpr std::string_view kKinds = "eivcnspx";
  Lexer lexer(text, "f", comments);
  std::string out;
  while (lexer.peek().kind != TokenKind::end) {
    const std::string problem(lexer.problem());
    const Token token = lexer.take();
    out += kKinds[static_cast<std::size_t>(token.kind)];
    out += std::string(token.text);
    if (token.kind == TokenKind::invalid) out += "=" + problem;
    out += ' ';
  }
  return out;
}

TEST(Lexer, CutsNamesNumbersStringsAndPunctuation) {
  EXPECT_EQ(tokens(R"(%x @w.1 %"a \" b" conv_2.d 12 0.5 1e-05 2.5E+3 "s")"),
            R"(v%x c@w.1 v%"a \" b" iconv_2.d n12 n0.5 n1e-05 n2.5E+3 s"s" )");
  EXPECT_EQ(tokens("a..b ...x 1..2 c... d.e. <=>= == != => -> && || -3"),
            "ia..b p... ix n1 p.. n2 ic p... id.e. p<= p>= p== p!= p=> p-> p&& p|| p- n3 ");
  EXPECT_EQ(tokens("% @ 50%{x?}"), "p% p@ n50 p% p{ ix p? p} ");
}

TEST(Lexer, SkipsTheCommentsOfTheLanguage) {
  EXPECT_EQ(tokens("a // b\nc /d"), "ia ic p/ id ");
  EXPECT_EQ(tokens("a # b\nc//d", Lexer::Comments::hashes), "ia ic p/ p/ id ");
  EXPECT_EQ(tokens("\xEF\xBB\xBFgraph\r\n\t@g // at the end"), "igraph c@g ");
}

TEST(Lexer, SaysWhatIsWrongWithAToken) {
  EXPECT_EQ(tokens("\"open\nx"), "x\"open=unterminated string ix ");
  EXPECT_EQ(tokens("\"open\\"), "x\"open\\=unterminated string ");
  EXPECT_EQ(tokens("%\"open\r\nx"), "x%\"open\r=unterminated string ix ");
  EXPECT_EQ(tokens(std::string_view("\"a\0b", 4)).substr(0, 3), std::string("x\0=", 3));
  EXPECT_EQ(tokens("3x"), "x3x=invalid number ");
  EXPECT_EQ(tokens("a \xC3\xA9 b"), "ia x\xC3\xA9=unexpected character ib ");
  EXPECT_EQ(tokens("a # b"), "ia x#=unexpected character ib ");
  EXPECT_EQ(tokens(std::string_view("\0", 1)), std::string("x\0=unexpected character ", 24));
}

TEST(Lexer, PlacesTokens) {
  Lexer lexer("a\n\t\"s\" bc\r\n  d", "file.rir", Lexer::Comments::slashes);
  lexer.take();
  lexer.take();
  const SourceSpan span = lexer.span(lexer.take());
  EXPECT_EQ(span.file, "file.rir");
  EXPECT_EQ(span.line, 2U);
  EXPECT_EQ(span.column, 6U);
  EXPECT_EQ(span.length, 2U);
  EXPECT_EQ(span.line_text, "\t\"s\" bc");
  lexer.take();
  EXPECT_EQ(lexer.span(lexer.peek()).line, 3U);
  EXPECT_EQ(lexer.span(lexer.peek()).column, 4U);
}

TEST(Lexer, SkipsTheRestOfALine) {
  Lexer lexer("a b c\nd e\nf", "f", Lexer::Comments::slashes);
  lexer.take();
  lexer.skip_line();
  EXPECT_EQ(lexer.take().text, "d");
  lexer.skip_line();
  EXPECT_EQ(lexer.take().text, "f");
  lexer.skip_line();
  EXPECT_EQ(lexer.peek().kind, TokenKind::end);
}

TEST(Lexer, KeepsLittleOfAnEndlessLine) {
  const std::string text = "a" + std::string(3 << 20, ' ') + "b";
  Lexer lexer(text, "f", Lexer::Comments::slashes);
  EXPECT_LE(lexer.span(lexer.take()).line_text.size(), 5000U);
  const SourceSpan far = lexer.span(lexer.take());
  EXPECT_EQ(far.column, text.size());
  EXPECT_EQ(far.line_text, "");
}

TEST(Unquote, KnowsItsEscapes) {
  EXPECT_EQ(unquote(R"("a\"\\\n\r\t\x00\xff")").text, std::string("a\"\\\n\r\t\0\xff", 8));
  EXPECT_EQ(unquote(R"("a\q")").bad_escape, "\\q");
  EXPECT_EQ(unquote(R"("\x1")").bad_escape, "\\x1");
  EXPECT_EQ(unquote(R"("\x1g")").bad_escape, "\\x1g");
}

}  // namespace
}  // namespace rcc
