"""The listings of a Markdown page.

A listing is fenced, and the words after its fence say what it is:

    sh                  commands, run in order in the page's scratch folder; all must succeed
    sh fails            the last command must fail
    sh torch            run where the LibTorch module is built
    text output         what the commands before wrote, standard output and error together;
                        a line `...` stands for any lines, `...` within a line for any text
    rules NAME.rules    a file, written to the scratch folder; its tests pass, its rules are right
    rir NAME.rir        the same; it must parse and verify
    toml NAME.toml      the same; a recipe that must be sound
    cpp, cmake, def     lines of a file of the tree, which the build compiles; with a name: a file
    json                must parse
    text                nothing to run: a diagram, a layout, a message

`fragment` after the language marks a part that cannot stand alone. The name of a file must also be in
the sentence before the listing, since readers do not see the fence.
"""
import re

FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$")
LANGUAGES = {"sh", "text", "rules", "rir", "toml", "cpp", "cmake", "def", "json", "python"}
MARKS = {"fragment", "fails", "torch", "output"}
PROGRAM = re.compile(r"^\s*\$?\s*(rcc|rcc-[a-z]+|tools/\w+|cmake|lit|git|python3?)\s")


class Listing:
    """One listing: its words, its text, and the line of its first line of text."""

    def __init__(self, words, line, before):
        self.language = {"c++": "cpp"}.get(words[0], words[0]) if words else ""
        self.marks = {word for word in words[1:] if word in MARKS}
        names = [word for word in words[1:] if word not in MARKS]
        self.name = names[0] if names else ""
        self.extra = names[1:]
        self.line, self.before = line, before
        self.lines = []

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def listings(text):
    """The fenced listings of a page, in order."""
    found, open_listing, fence, indent, before = [], None, "", 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if open_listing is not None:
            if match and match[2].startswith(fence) and not match[3]:
                found.append(open_listing)
                open_listing, before = None, ""
            else:
                open_listing.lines.append(line[indent:] if not line[:indent].strip() else line)
        elif match:
            fence, indent = match[2], len(match[1])
            open_listing = Listing(match[3].split(), number + 1, before)
        elif line.strip():
            before = f"{before} {line.strip()}"
    if open_listing is not None:
        raise ValueError(f"the listing of line {open_listing.line - 1} is never closed")
    return found


def outside_listings(text):
    """Pairs of number and line, of the prose only."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if match and not fence:
            fence = match[2]
        elif match and match[2].startswith(fence) and not match[3]:
            fence = ""
        elif not fence:
            yield number, line


def form_problems(text):
    """What a page does that keeps its listings from being run."""
    for number, line in outside_listings(text):
        if re.match(r"^( {4}|\t)", line) and PROGRAM.match(line):
            yield number, "commands belong in a fence: ```sh"
    for listing in listings(text):
        if not listing.language:
            yield listing.line - 1, ("a fence says what it holds: "
                                     f"```{'|'.join(sorted(LANGUAGES))}, for instance ```text")
        elif listing.language not in LANGUAGES:
            yield listing.line - 1, (f"`{listing.language}` is none of the languages "
                                     f"{', '.join(sorted(LANGUAGES))}; see test/docs/markdown.py")
        if listing.extra:
            yield listing.line - 1, f"`{' '.join(listing.extra)}` after the name of the file"
        if listing.name and f"`{listing.name}`" not in listing.before:
            yield listing.line - 1, (f"the text before the listing must name its file, "
                                     f"`{listing.name}`")


def matches_output(expected, actual):
    """Whether the lines are equal; `...` in the expected ones stands for anything."""
    parts = []
    for line in expected.rstrip("\n").split("\n"):
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(map(re.escape, line.rstrip().split("..."))) + r"[ \t]*\n")
    return re.fullmatch("".join(parts), actual.rstrip("\n") + "\n") is not None
