"""tools/update_checks.py: what it writes, what it keeps, what it refuses."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BIN = pathlib.Path(os.environ.get("RCC_BIN", "build/core/bin")).resolve()
ROOT = pathlib.Path(os.environ.get("RCC_ROOT", ".")).resolve()

HEAD = """// RUN: rcc-opt %s --passes=drop_identity --remarks 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t
"""
GRAPH = """graph @{0}(%x: f32[2]) {{
  %a = identity(%x)
  %y = relu(%a)
  return %y
}}
"""
MADE = """// CHECK-LABEL: graph @{0}(
// CHECK-NEXT:    %y = relu(%x) : f32[2]
// CHECK-NEXT:    return %y
"""


class UpdateChecksTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        shutil.copy(ROOT / "test" / "lit" / "inputs" / "alone.cfg.py", self.folder / "lit.cfg.py")
        self.file = self.folder / "sample.rir"

    def update(self, text, name="sample.rir"):
        """The file after the tool, its exit status and what it said."""
        self.file = self.folder / name
        self.file.write_text(text)
        done = subprocess.run(
            [sys.executable, ROOT / "tools" / "update_checks.py", "--build", BIN.parent, self.file],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return self.file.read_text(), done.returncode, done.stdout

    def changed(self, text, expected, name="sample.rir"):
        found, status, said = self.update(text, name)
        self.assertEqual(found, expected, said)
        self.assertEqual(status, 0, said)
        again, status, said = self.update(found, name)
        self.assertEqual(again, found)
        self.assertIn("holds", said)

    def test_writes_the_checks_of_a_new_test(self):
        remark = "// REMARK: remark: drop_identity: 1 rewritten\n"
        self.changed(HEAD + "\n" + remark + "\n// The copy goes.\n" + GRAPH.format("drops"),
                     HEAD + "\n" + remark + "\n// The copy goes.\n//\n" + MADE.format("drops")
                     + GRAPH.format("drops"))

    def test_writes_remarks_without_a_label(self):
        self.changed(HEAD + "\n" + MADE.format("drops") + "//\n// REMARK: nothing\n"
                     + GRAPH.format("drops"),
                     HEAD + "\n" + MADE.format("drops")
                     + "//\n// REMARK:       remark: drop_identity: 1 rewritten, 0 declined\n"
                     + GRAPH.format("drops"))

    def test_a_second_graph_gets_its_block(self):
        head = HEAD.splitlines()[0] + "\n"
        first = MADE.format("one") + GRAPH.format("one")
        self.changed(head + first + "\n" + GRAPH.format("two"),
                     head + first + "\n" + MADE.format("two") + GRAPH.format("two"))

    def test_a_block_that_was_deleted_stays_away(self):
        head = HEAD.splitlines()[0] + "\n// RUN: rcc-opt %s | FileCheck %s --check-prefix=SAME\n"
        same = "//\n// SAME-LABEL: graph @one(\n// SAME: identity\n"
        text = head + MADE.format("one") + same + GRAPH.format("one") + MADE.format("two") \
            + GRAPH.format("two")
        self.changed(text, text)

    def test_keeps_what_holds_and_rewrites_what_does_not(self):
        head = HEAD.splitlines()[0] + "\n"
        holds = ("// Written by hand.\n// CHECK-LABEL: graph @one\n// CHECK-NOT: identity\n"
                 "// CHECK: %[[Y:[a-z]+]] = relu(%x)\n// CHECK: return %[[Y]]\n")
        stale = ("// Why it matters.\n// CHECK-LABEL: graph @two\n// CHECK-NOT:     sigmoid\n"
                 "// CHECK-NEXT:    %y = tanh(%x)\n// CHECK-NEXT:    return %y\n")
        self.changed(
            head + holds + GRAPH.format("one") + "\n" + stale + GRAPH.format("two"),
            head + holds + GRAPH.format("one") + "\n"
            + stale.replace("tanh(%x)", "relu(%x) : f32[2]") + GRAPH.format("two"))

    def test_brackets_and_folders_become_patterns(self):
        self.changed(
            "RUN: echo '[[pass]] in %S/x.toml {{a}}' | FileCheck %s --strict-whitespace\n\nCHECK: nothing\n",
            "RUN: echo '[[pass]] in %S/x.toml {{a}}' | FileCheck %s --strict-whitespace\n\n"
            "     CHECK:{{[[][[]}}pass]] in {{.*}}/x.toml {{[{][{]}}a}}\n", "sample.test")

    def refused(self, text, reason):
        found, status, said = self.update(text)
        self.assertEqual(found, text)
        self.assertEqual(status, 1)
        self.assertIn(reason, said)

    def test_refuses_what_fails(self):
        text = HEAD.replace("drop_identity", "drop_nothing") + GRAPH.format("drops")
        self.refused(text, "a RUN line fails before its CHECK lines are looked at")
        self.refused(text, "unknown pass `drop_nothing`")

    def test_refuses_what_reads_no_checks(self):
        self.refused("// RUN: rcc-opt %s\n" + GRAPH.format("drops"), "no RUN line reads CHECK lines")

    def test_refuses_what_is_never_the_same(self):
        self.refused("// RUN: date +%%N | FileCheck %s\n// CHECK: 0.5 ms\n",
                     "its output changes from run to run")

    def test_refuses_a_label_that_is_gone(self):
        self.refused(HEAD.splitlines()[0] + "\n// CHECK-LABEL: graph @gone\n// CHECK: x\n"
                     + GRAPH.format("drops"), "the output has no line with `graph @gone`")


if __name__ == "__main__":
    unittest.main()
