"""Every command and listing of README.md and docs/*.md does what the page says.

test/docs/markdown.py describes how a page marks its listings. Each page has a scratch folder with
links to docs, passes, test, tools and build/core, and the built programs on the path.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from markdown import form_problems, listings, matches_output, outside_listings

BIN = pathlib.Path(os.environ.get("RCC_BIN", "build/core/bin")).resolve()
ROOT = pathlib.Path(os.environ.get("RCC_ROOT", ".")).resolve()
VENV = pathlib.Path(sys.executable).parent
HAS_TORCH = (BIN.parent / "lib" / "librcc_torch.so").exists()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Each passes its own tests elsewhere, or would start the tests that run this one.
SCRIPTS = re.compile(r"^(\s*)(tools/(?:demo|check|setup))\b.*$", re.M)
# What runs this test was built by them; the names of the presets must be right.
BUILD = re.compile(r"\bcmake (?:--build )?--preset (\w+)")
PRESETS = {preset["name"] for preset in
           json.loads((ROOT / "CMakePresets.json").read_text())["buildPresets"]}
QUOTED = ("docs/examples/**/*", "ir/**/*", "passes/**/*", "frontends/**/*", "test/unit/*",
          "CMakeLists.txt", "*/CMakeLists.txt")


def filecheck_folder():
    text = (BIN.parent / "lit" / "lit.site.cfg.py").read_text()
    return re.search(r'config.llvm_tools = "(.*)"', text)[1]


def compiler_flags():
    """Those of the build: what a page compiles must fit it, also where it has sanitizers."""
    cache = (BIN.parent / "CMakeCache.txt").read_text()
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache, re.M)[1]
    return re.search(rf"^CMAKE_CXX_FLAGS_{kind.upper()}:\w+=(.*)$", cache, re.M)[1]


def squeezed(text):
    """Lines without indentation and blank ones: how a listing is compared with its source."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


class Sources:
    """The files that C++ listings quote."""

    def __init__(self):
        self.texts = None

    def has(self, text):
        if self.texts is None:
            files = {f for pattern in QUOTED for f in ROOT.glob(pattern) if f.is_file()}
            self.texts = ["\n".join(squeezed(f.read_text(encoding="utf-8", errors="replace")))
                          for f in sorted(files) if f.suffix in {".cpp", ".h", ".def", ".txt"}]
        pieces, piece = [], []
        for line in [*squeezed(text), "..."]:
            if line in {"...", "// ..."}:
                pieces.append("\n".join(piece))
                piece = []
            else:
                piece.append(line)
        wanted = [piece for piece in pieces if piece]
        return any(all(f"\n{piece}\n" in f"\n{source}\n" for piece in wanted)
                   for source in self.texts)


SOURCES = Sources()


class Page:
    """Runs the listings of one page in order and collects what is wrong."""

    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.problems = []
        self.output = None
        for name in ("docs", "passes", "test", "tools"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "build").mkdir()
        (folder / "build" / "core").symlink_to(BIN.parent)
        (folder / "home").mkdir()
        self.environment = {
            **os.environ, "HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "home"),
            "CXXFLAGS": compiler_flags(),
            "PATH": os.pathsep.join([str(BIN), str(VENV), filecheck_folder(), os.environ["PATH"]])}

    def report(self, line, message, detail=""):
        place = f"{self.path.relative_to(ROOT)}:{line}: {message}"
        self.problems.append(place + ("\n" + detail.rstrip() if detail else ""))

    def run(self):
        text = self.path.read_text(encoding="utf-8")
        for line, message in form_problems(text):
            self.report(line, message)
        for listing in listings(text):
            check = getattr(self, f"check_{listing.language}", None)
            if check is not None:
                check(listing)
            if listing.language != "sh" and "output" not in listing.marks:
                self.output = None

    # ------------------------------------------------------------------------------- commands

    def shell(self, script):
        return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, text=True,
                              errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=300, env=self.environment)

    def check_sh(self, listing):
        self.output = None
        if "torch" in listing.marks and not HAS_TORCH:
            return
        script = SCRIPTS.sub(r"\1\2 --help >/dev/null", listing.text)
        script = BUILD.sub(lambda build: "true" if build[1] in PRESETS else "false", script)
        done = self.shell(script)
        if (done.returncode != 0) != ("fails" in listing.marks):
            what = "these commands succeeded, and the page says `sh fails`" \
                if done.returncode == 0 else f"these commands failed (exit status {done.returncode})"
            self.report(listing.line, what, f"{listing.text}---- output\n{done.stdout}----")
        self.output = done.stdout

    def check_text(self, listing):
        if "output" not in listing.marks:
            return
        if self.output is None:
            if HAS_TORCH:
                self.report(listing.line, "output of no commands: no `sh` listing stands before it")
        elif not matches_output(listing.text, self.output):
            self.report(listing.line, "the commands before wrote something else (a line `...` stands "
                        "for any lines)", f"---- page\n{listing.text}---- output\n{self.output}----")
        self.output = None

    # ---------------------------------------------------------------------------------- files

    def write(self, listing, suffix):
        """The listing as a file: under its name, or a name of this test's own."""
        path = self.folder / (listing.name or f"listing-{listing.line}{suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(listing.text)
        return path

    def must_run(self, listing, what, script):
        done = self.shell(script)
        if done.returncode:
            self.report(listing.line, what, f"---- output\n{done.stdout}----")
        return done.returncode == 0

    def check_rules(self, listing):
        if "fragment" in listing.marks:
            return
        path = self.write(listing, ".rules")
        if self.must_run(listing, "this rule file does not load, or one of its tests fails (a part of "
                         "a file is marked ```rules fragment)", f"rcc-rules test '{path}'"):
            self.must_run(listing, "a rule of this file is wrong", f"rcc-rules check '{path}'")

    def check_rir(self, listing):
        if "fragment" in listing.marks:
            return
        path = self.write(listing, ".rir")
        self.must_run(listing, "this graph does not parse or verify (a part of one is marked ```rir "
                      "fragment)", f"rcc-opt '{path}'")

    def check_toml(self, listing):
        if "fragment" in listing.marks:
            return
        path = self.write(listing, ".toml")
        # The recipe is checked whole before the model is opened.
        done = self.shell(f"rcc --recipe '{path}' no-such-model.onnx -o never.onnx")
        if done.returncode != 3 or not done.stdout.startswith("error: ") \
                or "no-such-model.onnx" not in done.stdout.splitlines()[0]:
            self.report(listing.line, "this recipe has a mistake (a part of one is marked ```toml "
                        "fragment)", f"---- output\n{done.stdout}----")

    def check_quoted(self, listing):
        if listing.name:
            self.write(listing, "")
        elif "fragment" not in listing.marks and not SOURCES.has(listing.text):
            self.report(listing.line, f"this {listing.language} listing is not part of a file that is "
                        "built; quote docs/examples or the source line by line, with `...` where "
                        f"something is left out, or mark it ```{listing.language} fragment")

    check_cpp = check_cmake = check_def = check_quoted

    def check_python(self, listing):
        try:
            compile(listing.text, str(self.path), "exec")
        except SyntaxError as error:
            self.report(listing.line, f"this Python does not compile: {error}")
        if listing.name:
            self.write(listing, "")

    def check_json(self, listing):
        try:
            json.loads(listing.text)
        except ValueError as error:
            if "fragment" not in listing.marks:
                self.report(listing.line, f"this JSON does not parse: {error}")


# ---------------------------------------------------------------------------------- names and links

LINK = re.compile(r"\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
# Of programs that are not ours.
FOREIGN_OPTIONS = {"--build", "--install", "--prefix", "--preset", "--param", "--check-prefix",
                   "--dump-input", "--toggle-collect", "--help", "--version", "--target"}


def anchors(path):
    for _, line in outside_listings(path.read_text(encoding="utf-8")):
        if line.startswith("#"):
            title = re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower())
            yield title.strip().replace(" ", "-")


def says(*command):
    return subprocess.run([*map(str, command), "--help"], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=ROOT).stdout


def help_text():
    """What all our programs and scripts say about their options."""
    texts = []
    for program in [BIN / "rcc", *sorted(BIN.glob("rcc-*"))]:
        texts.append(says(program))
        texts += [says(program, name) for name in re.findall(r"^  (\w+) ", texts[-1], re.M)
                  if name != "rcc"]
    texts += [says(ROOT / "tools" / name) for name in ("demo", "check", "setup")]
    texts += [says(sys.executable, script) for script in sorted((ROOT / "tools").glob("*.py"))
              if "argparse" in script.read_text()]
    return "\n".join(texts)


def link_problems(path):
    for number, line in outside_listings(path.read_text(encoding="utf-8")):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if "://" in target:
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists():
                yield f"{path.relative_to(ROOT)}:{number}: there is no {target}"
            elif anchor and anchor not in set(anchors(there)):
                yield f"{path.relative_to(ROOT)}:{number}: {file or path.name} has no #{anchor}"


class PagesTest(unittest.TestCase):
    def test_links_lead_somewhere(self):
        self.assertEqual([p for path in PAGES for p in link_problems(path)], [])

    def test_options_exist(self):
        known = set(OPTION.findall(help_text())) | FOREIGN_OPTIONS
        unknown = []
        for path in PAGES:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                for span in re.findall(r"`([^`]+)`", line):
                    unknown += [f"{path.relative_to(ROOT)}:{number}: no program has {option}"
                                for option in OPTION.findall(span) if option not in known]
        self.assertEqual(unknown, [])

    def test_recipes_are_sound(self):
        recipes = sorted((ROOT / "docs" / "recipes").glob("*.toml"))
        self.assertGreater(len(recipes), 0)
        with tempfile.TemporaryDirectory() as folder:
            page = Page(ROOT / "README.md", pathlib.Path(folder))
            for recipe in recipes:
                done = page.shell(f"rcc --recipe '{recipe}' no-such-model.onnx -o never.onnx")
                self.assertIn("no-such-model.onnx", done.stdout.splitlines()[0])
                self.assertEqual(done.returncode, 3, done.stdout)


def add_page(path):
    def test(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Page(path, pathlib.Path(folder))
            page.run()
            if page.problems:
                self.fail("\n\n" + "\n\n".join(page.problems))

    setattr(PagesTest, f"test_{path.stem}", test)


for page_path in PAGES:
    add_page(page_path)

if __name__ == "__main__":
    unittest.main()
