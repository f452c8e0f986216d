"""Passes outside the tree: the installed package, a module built against it, and modules refused."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import onnx

BIN = pathlib.Path(os.environ.get("RCC_BIN", "build/core/bin")).resolve()
ROOT = pathlib.Path(os.environ.get("RCC_ROOT", ".")).resolve()
BUILD = BIN.parent
EXAMPLE = ROOT / "docs" / "examples" / "pass_module"
LIT = pathlib.Path(sys.executable).parent / "lit"

# Modules that something is wrong with. `loud` would say so if any of its code ran.
MODULES = {
    "loud": """
        #include <cstdio>
        struct Loud { Loud() { std::fputs("LOUD\\n", stderr); } } loud;
        static rcc::Result<void> run(rcc::Graph&, const rcc::NoOptions&, rcc::PassContext&) {
          return {};
        }
        static rcc::PassDef loud_pass() { return rcc::graph_pass<rcc::NoOptions>({}, run); }
        RCC_PASS_MODULE({.name = "loud", .family = "tests", .doc = "Do nothing.",
                         .make = &loud_pass});
        """,
    "taken": """
        RCC_PASS_MODULE({.name = "drop_identity", .family = "tests", .doc = "Do nothing.",
                         .rules = "# Drop nothing."});
        """,
    "unfinished": """
        void nowhere_to_be_found();
        const char* stamp() { nowhere_to_be_found(); return rcc::kModuleStamp; }
        """,
    "antique": """
        RCC_PASS_MODULE({.name = "antique", .family = "tests", .doc = "Do nothing.",
                         .rules = "# Drop nothing."});
        """,
    "mute": """
        const char* stamp() { return rcc::kModuleStamp; }
        """,
    "nameless": """
        RCC_PASS_MODULE({.name = "Wrong-Name", .family = "tests", .doc = "Do nothing.",
                         .rules = "# Drop nothing."});
        """,
}
# A rule with a condition that the module defines.
FUNCTIONS = """
    #include "passes/rules/rule.h"
    static rcc::DatumResult has_even_batch(const rcc::FunctionCall& call) {
      return rcc::Datum::of(call.value(0)->type().dims[0].size() % 2 == 0 ? 1 : 0);
    }
    static rcc::PassDef merge_even_relu() {
      auto functions = rcc::FunctionTable::extended_builtin();
      const auto added = functions->add({.name = "has_even_batch", .parameters = "v", .result = 'c',
                                         .named = "", .evaluate = has_even_batch,
                                         .help = "whether the first axis is a multiple of 2"});
      RCC_CHECK(added);
      auto pass = rcc::rules_pass(
          "rule merge_even_relu effect exact { match { y = relu(relu(x)); } "
          "where has_even_batch(x) else \\"the batch is odd\\"; replace y with relu(x); }",
          "merge_even_relu.rules", *rcc::OpTable::builtin(), functions);
      RCC_CHECK(pass, "{}", pass.error().message());
      return std::move(*pass);
    }
    RCC_PASS_MODULE({.name = "merge_even_relu", .family = "tests",
                     .doc = "Merge two rectifiers of an even batch.", .make = &merge_even_relu});
    """
RULES = """
    RCC_PASS_MODULE(
        {.name = "merge_relu", .family = "clean", .doc = "Merge two rectifiers in a row.",
         .rules = "rule merge_relu effect exact { match { y = relu(relu(x)); } "
                  "replace y with relu(x); }",
         .rules_path = "merge_relu.rules"},
        {.name = "merge_sigmoid", .family = "clean", .doc = "Is wrong.",
         .rules = "rule merge_sigmoid effect exact { match { y = sigmoid(sigmoid(x)); } "
                  "replace y with sigmoid(x); }",
         .rules_path = "merge_sigmoid.rules"});
    """
GRAPH = "graph @g(%x: f32[4]) {\n  %a = OP(%x)\n  %y = OP(%a)\n  return %y\n}\n"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode:
        raise AssertionError(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout


def cached(name):
    return re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]


def configure(source, build, prefix):
    """With the options that rcc itself was compiled with."""
    kind = cached("CMAKE_BUILD_TYPE")
    flags = f"CMAKE_CXX_FLAGS_{kind.upper()}"
    return run("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
               f"-DCMAKE_BUILD_TYPE={kind}", f"-D{flags}={cached(flags)}")


def write_modules(folder):
    lines = ["cmake_minimum_required(VERSION 3.25)", "project(modules LANGUAGES CXX)",
             "find_package(rcc REQUIRED)"]
    for name, text in {**MODULES, "rules": RULES, "functions": FUNCTIONS}.items():
        (folder / f"{name}.cpp").write_text('#include "passes/pass_module.h"\n' + text)
        lines += [f"add_library({name} MODULE {name}.cpp)",
                  f"target_link_libraries({name} PRIVATE rcc::rcc)"]
    lines.append("target_compile_definitions(antique PRIVATE _GLIBCXX_USE_CXX11_ABI=0)")
    (folder / "CMakeLists.txt").write_text("\n".join(lines) + "\n")


class PassModuleTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.prefix = cls.folder / "prefix"
        must("cmake", "--install", BUILD, "--prefix", cls.prefix)
        modules = cls.folder / "modules"
        modules.mkdir()
        write_modules(modules)
        for source, build in ((EXAMPLE, "example"), (modules, "built")):
            done = configure(source, cls.folder / build, cls.prefix)
            if done.returncode:
                raise AssertionError(done.stdout + done.stderr)
            must("cmake", "--build", cls.folder / build)
        cls.example = cls.folder / "example" / "libshare_equal_weights.so"

    def module(self, name):
        return self.folder / "built" / f"lib{name}.so"

    def installed(self, program, *arguments):
        return run(self.prefix / "bin" / program, *arguments, cwd=self.folder)

    def load(self, module):
        """rcc-opt --list-passes with that module; the same through rcc."""
        done = self.installed("rcc-opt", f"--load-pass={module}", "--list-passes")
        other = self.installed("rcc", "passes", f"--load-pass={module}")
        self.assertEqual(other.stderr, done.stderr)
        self.assertEqual(other.returncode, done.returncode)
        return done

    def refused(self, module, message, code=5):
        done = self.load(module)
        self.assertEqual(done.stderr, message)
        self.assertEqual(done.returncode, code)
        self.assertEqual(done.stdout, "")

    def patched(self, name, old, new):
        """A copy of a module with another stamp."""
        contents = self.module(name).read_bytes()
        self.assertEqual(contents.count(old), 1)
        path = self.folder / f"{name}-patched.so"
        path.write_bytes(contents.replace(old, new))
        return path

    def stamp(self):
        """Version, digest of the headers, library: what both sides must agree on."""
        found = re.search(rb"rcc pass module, format 1\nrcc (.*)\nheaders (.*)\ncompiled for (.*)\n",
                          self.module("loud").read_bytes())
        return [part.decode() for part in found.groups()]

    # ------------------------------------------------------------------------- what is installed

    def test_the_package(self):
        for path in ("bin/rcc", "bin/rcc-opt", "lib/librcc.so", "lib/cmake/rcc/rccConfig.cmake",
                     "include/rcc/ir/graph.h", "include/rcc/ir/op.def", "include/rcc/passes/pass.h",
                     "include/rcc/passes/module_stamp.h"):
            self.assertTrue((self.prefix / path).exists(), path)
        self.assertFalse((self.prefix / "include/rcc/ir/graph_storage.h").exists())
        version = must(self.prefix / "bin" / "rcc", "--version").split()[1]
        self.assertEqual(self.stamp()[0], version)
        for file in (self.prefix / "lib" / "cmake").rglob("*.cmake"):
            self.assertNotIn(str(ROOT), file.read_text(), file)

    def test_the_headers_need_no_others(self):
        include = self.prefix / "include" / "rcc"
        headers = sorted(include.rglob("*.h"))
        self.assertGreater(len(headers), 30)
        source = self.folder / "headers.cpp"
        source.write_text("".join(f'#include "{h.relative_to(include)}"\n' for h in headers))
        must("c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", include,
             source)

    def test_another_version_is_not_found(self):
        source = self.folder / "newer"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(newer LANGUAGES CXX)\n"
            "find_package(rcc 0.0.1 REQUIRED)\n")
        done = configure(source, self.folder / "newer-build", self.prefix)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('compatible with requested version "0.0.1"', " ".join(done.stderr.split()))

    # ------------------------------------------------------------------------------- the example

    def test_the_example_passes_its_own_test(self):
        path = os.pathsep.join([str(self.prefix / "bin"), self.filecheck(), os.environ["PATH"]])
        done = run(LIT, "-v", f"--param=module={self.example}", EXAMPLE / "test",
                   env={**os.environ, "PATH": path})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"Passed: 1\b")

    @staticmethod
    def filecheck():
        text = (BUILD / "lit" / "lit.site.cfg.py").read_text()
        return re.search(r'config.llvm_tools = "(.*)"', text)[1]

    def test_loaded_passes_are_listed_and_explained(self):
        done = self.load(self.example)
        self.assertEqual(done.stderr, "")
        self.assertRegex(done.stdout, r"\nexamples:\n  share_equal_weights +exact   Let layers with "
                                      r"equal weights read one constant\.\n")
        for explained in (self.installed("rcc", "explain", "share_equal_weights",
                                         f"--load-pass={self.example}"),
                          self.installed("rcc-opt", "--explain=share_equal_weights",
                                         f"--load-pass={self.example}")):
            self.assertEqual(explained.stderr, "")
            self.assertIn(f"from the module {self.example}\n", explained.stdout)
            self.assertIn("  min_bytes  leave smaller constants alone\n"
                          "             integer >= 0; default 1024\n", explained.stdout)
        unloaded = self.installed("rcc", "explain", "share_equal_weights")
        self.assertIn("error: unknown pass `share_equal_weights`\n", unloaded.stderr)

    def test_options_are_checked_like_those_of_built_in_passes(self):
        done = self.installed("rcc-opt", f"--load-pass={self.example}", "x.rir",
                              "--passes=share_equal_weights{min_byte=1}")
        self.assertIn("error: unknown key `min_byte` in pass `share_equal_weights`\n", done.stderr)
        self.assertIn("help: did you mean `min_bytes`?\n", done.stderr)
        self.assertEqual(done.returncode, 2)

    def test_a_module_adds_a_function_to_the_language_of_rules(self):
        for batch, left, remark in ((4, 1, "1 rewritten"), (3, 2, "%y declined: the batch is odd")):
            (self.folder / "e.rir").write_text(
                GRAPH.replace("OP", "relu").replace("f32[4]", f"f32[{batch}]"))
            done = self.installed("rcc-opt", "e.rir", f"--load-pass={self.module('functions')}",
                                  "--passes=merge_even_relu", "--verify=numeric", "--remarks")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.count("relu("), left)
            self.assertIn(f"remark: merge_even_relu: {remark}", done.stderr)

    # --------------------------------------------------------------------------------- in a recipe

    def recipe(self, text, *arguments):
        (self.folder / "r.toml").write_text(text)
        (self.folder / "m.rir").write_text(GRAPH.replace("OP", "relu"))
        output = self.folder / "out.onnx"
        output.unlink(missing_ok=True)
        return self.installed("rcc", "--recipe", "r.toml", "m.rir", "-o", output, "--no-cache",
                              "--verify=numeric", *arguments)

    def test_a_recipe_names_a_pass_of_a_module(self):
        text = 'schema = 1\n[[pass]]\nname = "merge_relu"\n'
        done = self.recipe(text, f"--load-pass={self.module('rules')}", "--report=report.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1/1 merge_relu", done.stderr)
        self.assertTrue((self.folder / "out.onnx").is_file())
        report = json.loads((self.folder / "report.json").read_text())
        (step,) = report["passes"]
        self.assertEqual(step["file"], str(self.module("rules")))
        self.assertRegex(step["file_digest"], "^xxh128:[0-9a-f]{32}$")
        metadata = {row.key: row.value for row in onnx.load(self.folder / "out.onnx").metadata_props}
        self.assertEqual(metadata["rcc.pass.01.file"], step["file_digest"])
        done = self.recipe(text)
        self.assertIn("error: unknown pass `merge_relu`\n", done.stderr)
        self.assertEqual(done.returncode, 2)

    def test_a_recipe_loads_a_module_only_when_that_is_allowed(self):
        shutil.copy(self.module("rules"), self.folder / "mine.so")
        text = 'schema = 1\nload_pass = "mine.so"\n[[pass]]\nname = "merge_relu"\n'
        done = self.recipe(text)
        self.assertTrue(done.stderr.startswith(
            "error: the recipe loads a pass module, which runs its code\n"
            "  --> r.toml:2:1\n"
            "   |\n"
            " 2 | load_pass = \"mine.so\"\n"
            "   | ^^^^^^^^^\n"
            "   |\n"
            "help: if you trust the file, allow it: --allow-load-pass\n"), done.stderr)
        self.assertEqual(done.returncode, 2)
        self.assertFalse((self.folder / "out.onnx").exists())
        done = self.recipe(text, "--allow-load-pass")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1/1 merge_relu", done.stderr)
        done = self.recipe(text.replace('"mine.so"', '["mine.so", "other.so"]'), "--allow-load-pass")
        self.assertIn("other.so", done.stderr)
        self.assertIn("  --> r.toml:2:25\n", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_a_module_that_breaks_its_promise_is_not_a_defect_of_rcc(self):
        (self.folder / "s.rir").write_text(GRAPH.replace("OP", "sigmoid"))
        done = self.installed("rcc-opt", "s.rir", f"--load-pass={self.module('rules')}",
                              "--passes=merge_sigmoid", "--verify=numeric",
                              f"--reproducer-dir={self.folder / 'left'}")
        self.assertIn("rule `merge_sigmoid` is wrong at %y", done.stderr)
        self.assertNotIn("defect of rcc", done.stderr)
        self.assertIn(f"--load-pass='{self.module('rules')}'", done.stderr)
        self.assertEqual(done.returncode, 2)

    # ------------------------------------------------------------------------------- what is refused

    def test_another_version(self):
        version, headers, library = self.stamp()
        other = "9" + version[1:]
        module = self.patched("loud", f"\nrcc {version}\n".encode(), f"\nrcc {other}\n".encode())
        self.assertIn("LOUD", self.load(self.module("loud")).stderr)
        self.refused(module,
                     f"error: `{module}` is a module of another version of rcc\n"
                     "help: build the module again, with CMAKE_PREFIX_PATH at the package of this rcc "
                     "and a compiler like its own\n"
                     f"note: the module: rcc {other}, headers {headers}, compiled for {library}\n"
                     f"note: this rcc: rcc {version}, headers {headers}, compiled for {library}\n")

    def test_other_headers(self):
        headers = self.stamp()[1]
        other = "0123456789abcdef"
        module = self.patched("loud", headers.encode(), other.encode())
        done = self.load(module)
        self.assertIn(f"error: `{module}` was compiled with other headers of rcc\n", done.stderr)
        self.assertIn(f"headers {other}", done.stderr)
        self.assertIn(f"headers {headers}", done.stderr)
        self.assertNotIn("LOUD", done.stderr)
        self.assertEqual(done.returncode, 5)

    def test_another_standard_library(self):
        module = self.patched("loud", b"compiled for libstdc++", b"compiled for libnewlib")
        done = self.load(module)
        self.assertIn(f"error: `{module}` was compiled with a library or options that do not fit "
                      "this rcc\n", done.stderr)
        self.assertIn("compiled for libnewlib", done.stderr)
        self.assertNotIn("LOUD", done.stderr)
        self.assertEqual(done.returncode, 5)

    def test_a_module_that_was_compiled_for_other_strings(self):
        module = self.module("antique")
        version, headers, library = self.stamp()
        theirs = library.replace("libstdc++", "libstdc++ with the strings of GCC 4")
        self.refused(module,
                     f"error: `{module}` was compiled with a library or options that do not fit this "
                     "rcc\n"
                     "help: build the module again, with CMAKE_PREFIX_PATH at the package of this rcc "
                     "and a compiler like its own\n"
                     f"note: the module: rcc {version}, headers {headers}, compiled for {theirs}\n"
                     f"note: this rcc: rcc {version}, headers {headers}, compiled for {library}\n")

    def test_a_stamp_that_is_cut_off(self):
        contents = self.module("loud").read_bytes()
        module = self.folder / "cut.so"
        module.write_bytes(contents[:contents.index(b"rcc pass module, format 1\n") + 32])
        done = self.load(module)
        self.assertIn("is a module of another version of rcc\n", done.stderr)
        self.assertNotIn("LOUD", done.stderr)

    HOW_TO = ("help: a pass module is a shared library that links rcc::rcc and has RCC_PASS_MODULE in "
              "one file; see docs/add_a_pass.md\n")

    def test_a_file_that_is_no_library(self):
        path = self.folder / "text.so"
        path.write_text("not a library")
        self.refused(path, f"error: `{path}` is not a shared library\n" + self.HOW_TO)

    def test_a_library_that_is_no_module(self):
        path = next(pathlib.Path("/lib").rglob("libm.so.6")).resolve()
        self.refused(path, f"error: `{path}` is not a pass module of rcc: it has no stamp\n"
                     + self.HOW_TO)

    def test_a_file_that_is_not_there(self):
        done = self.load(self.folder / "missing.so")
        self.assertIn("missing.so", done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_a_module_without_its_function(self):
        path = self.module("mute")
        self.refused(path, f"error: `{path}` does not export `rcc_pass_module`\n" + self.HOW_TO)
        path = self.prefix / "lib" / "librcc.so"
        self.refused(path, f"error: `{path}` does not export `rcc_pass_module`\n" + self.HOW_TO)

    def test_a_module_that_misses_a_symbol(self):
        path = self.module("unfinished")
        done = self.load(path)
        self.assertTrue(done.stderr.startswith(
            f"error: `{path}` cannot be loaded\nhelp: link the module to all that it uses\nnote: "),
            done.stderr)
        self.assertIn("nowhere_to_be_found", done.stderr)
        self.assertEqual(done.returncode, 5)

    def test_a_name_that_is_taken(self):
        path = self.module("taken")
        self.refused(path, f"error: the pass module `{path}` has a pass `drop_identity`, and there is "
                     "one already\nhelp: give the pass of the module another name\n"
                     "note: it is built in\n", 2)
        rules = self.module("rules")
        done = self.installed("rcc-opt", f"--load-pass={rules}", f"--load-pass={rules}",
                              "--list-passes")
        self.assertIn(f"note: `{rules}` has it\n", done.stderr)
        self.assertEqual(done.returncode, 2)

    def test_a_row_that_says_too_little(self):
        path = self.module("nameless")
        self.refused(path, f"error: the pass module `{path}` calls a pass `Wrong-Name`\n"
                     "help: the name of a pass is snake_case\n", 2)


if __name__ == "__main__":
    unittest.main()
