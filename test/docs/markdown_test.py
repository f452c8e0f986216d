"""The reader of pages finds what is wrong with a page: it must not pass for want of looking."""
import pathlib
import tempfile
import unittest

import pages_test
from markdown import form_problems, listings, matches_output

FENCE = "```"


def fenced(words, text, before=""):
    return f"{before}\n\n{FENCE}{words}\n{text}\n{FENCE}\n"


class MarkdownTest(unittest.TestCase):
    def problems(self, text):
        """The whole test of a page with that text."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "scratch").mkdir()
            page = folder / "page.md"
            page.write_text(text)
            root, pages_test.ROOT = pages_test.ROOT, folder
            try:
                for name in ("docs", "passes", "test", "tools"):
                    (folder / name).mkdir()
                run = pages_test.Page(page, folder / "scratch")
                run.run()
            finally:
                pages_test.ROOT = root
        return "\n".join(run.problems)

    def test_reads_words_lines_and_sentences(self):
        text = fenced("rules a.rules", "one\n\n  two", "Write this to\n`a.rules`:") \
            + fenced("sh fails", "false")
        first, second = listings(text)
        self.assertEqual((first.language, first.name, first.text, first.line),
                         ("rules", "a.rules", "one\n\n  two\n", 5))
        self.assertEqual((second.language, second.marks), ("sh", {"fails"}))
        self.assertEqual(list(form_problems(text)), [])

    def test_a_fence_within_a_longer_fence(self):
        (listing,) = listings("````text\n```sh\nfalse\n```\n````\n")
        self.assertEqual(listing.text, "```sh\nfalse\n```\n")

    def test_form(self):
        for text, problem in (
                (fenced("", "x"), "a fence says what it holds"),
                (fenced("bash", "x"), "`bash` is none of the languages"),
                (fenced("rules a.rules", "x"), "must name its file, `a.rules`"),
                ("Run:\n\n    rcc passes\n", "commands belong in a fence")):
            self.assertIn(problem, "\n".join(p for _, p in form_problems(text)), text)
        self.assertEqual(list(form_problems("A formula:\n\n    y = x\n")), [])

    def test_output(self):
        self.assertTrue(matches_output("a\nb 1 ms\n", "a\nb 1 ms\n"))
        self.assertTrue(matches_output("a\nb ... ms\n", "a\nb 12.5 ms\n"))
        self.assertTrue(matches_output("a\n...\nd\n", "a\nb\nc\nd\n"))
        self.assertTrue(matches_output("a\n...\n", "a\n"))
        self.assertFalse(matches_output("a\n", "a\nb\n"))
        self.assertFalse(matches_output("a\nc\n", "a\nb\n"))
        self.assertFalse(matches_output("a.c\n", "abc\n"))

    def test_commands(self):
        self.assertEqual(self.problems(fenced("sh", "echo a\ntrue")
                                       + fenced("text output", "a")), "")
        self.assertIn("these commands failed (exit status 1)", self.problems(fenced("sh", "false\ntrue")))
        self.assertIn("the page says `sh fails`", self.problems(fenced("sh fails", "true")))
        self.assertIn("wrote something else",
                      self.problems(fenced("sh", "echo b") + fenced("text output", "a")))

    def test_files(self):
        rule = "# Nothing.\nrule r effect exact { match { y = relu(relu(x)); } replace y with %s; }"
        write = "Write `r.rules`:"
        use = fenced("sh", "rcc-rules test r.rules")
        self.assertEqual(self.problems(fenced("rules r.rules", rule % "relu(x)", write) + use), "")
        self.assertIn("does not load", self.problems(fenced("rules", rule % "z")))
        self.assertIn("a rule of this file is wrong", self.problems(fenced("rules", rule % "exp(x)")))
        self.assertEqual(self.problems(fenced("rules fragment", "match { .. }")), "")
        self.assertIn("does not parse or verify", self.problems(fenced("rir", "graph @g() {")))
        self.assertEqual(self.problems(
            fenced("rir", "graph @g(%x: f32[2]) {\n  %y = relu(%x)\n  return %y\n}")), "")

    def test_recipes(self):
        recipe = '[[pass]]\nname = "%s"\n'
        self.assertEqual(self.problems(fenced("toml", recipe % "drop_identity")), "")
        found = self.problems(fenced("toml", recipe % "drop_identiti"))
        self.assertIn("this recipe has a mistake", found)
        self.assertIn("did you mean `drop_identity`?", found)

    def test_listings_that_quote(self):
        quoted = "PassDef drop_dead_nodes() { return graph_pass<NoOptions>({.effect = " \
                 "Effect::exact}, run); }"
        self.assertTrue(pages_test.Sources().has(quoted))
        self.assertTrue(pages_test.Sources().has(
            "// Drop nodes and constants that no graph output depends on.\n...\n" + quoted))
        self.assertFalse(pages_test.Sources().has(quoted.replace("exact", "lossy")))


if __name__ == "__main__":
    unittest.main()
