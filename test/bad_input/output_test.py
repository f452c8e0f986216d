"""Outputs that cannot be written, or must not be: known before the work, and left as they are."""
import os
import stat
import unittest

from rcc_case import RccCase


class OutputTest(RccCase):

    def refused(self, output, *more):
        done = self.rcc("--recipe", "r.toml", "m.onnx", "-o", output, *more)
        self.assertNotIn("drop_dead_nodes", done.stderr, "a pass ran before")
        self.assert_refused(done, done.returncode, done.stderr)
        return done.returncode, done.stderr

    def test_a_pipe_or_a_device_is_not_replaced(self):
        os.mkfifo(self.folder / "pipe")
        self.assertEqual(self.refused("pipe"), (
            5, "error: `pipe` exists and is not a regular file\nhelp: write to another name\n"))
        self.assertTrue(stat.S_ISFIFO((self.folder / "pipe").stat().st_mode))
        self.assertEqual(self.refused("new.onnx", "--report", "pipe")[0], 5)
        self.assertTrue(stat.S_ISFIFO((self.folder / "pipe").stat().st_mode))

    def test_a_link_is_not_replaced(self):
        (self.folder / "link.onnx").symlink_to("m.onnx")
        self.assertEqual(self.refused("link.onnx"), (
            5, "error: `link.onnx` is a symbolic link\nhelp: name the file that it points to\n"))
        self.assertTrue((self.folder / "link.onnx").is_symlink())

    def test_the_name_of_a_failed_output_is_not_replaced(self):
        self.write("strict.toml", 'schema = 1\n[require]\nsize = "<= 1"\n'
                                  '[[pass]]\nname = "drop_dead_nodes"\n')
        os.mkfifo(self.folder / "new.onnx.failed")
        done = self.rcc("--recipe", "strict.toml", "m.onnx", "-o", "new.onnx", "-q")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("`new.onnx.failed` exists and is not a regular file", done.stderr)
        self.assertTrue(stat.S_ISFIFO((self.folder / "new.onnx.failed").stat().st_mode))
        self.assertNotIn("new.onnx.unchecked", self.files())

    def test_a_folder(self):
        (self.folder / "folder").mkdir()
        self.assertEqual(self.refused("folder"),
                         (5, "error: `folder` is a folder\nhelp: name a file\n"))
        self.assertEqual(self.refused("folder/"), (
            5, "error: `folder/` names no file\nhelp: add the name of a file\n"))

    def test_a_folder_that_is_not_there(self):
        message = ("error: the folder `none` does not exist\n"
                   "help: create it, or write to another folder\n")
        self.assertEqual(self.refused("none/new.onnx"), (5, message))
        self.assertEqual(self.refused("new.onnx", "--report", "none/report.json"), (5, message))

    def test_the_folder_is_looked_for_before_the_model_is_read(self):
        done = self.rcc("--recipe", "r.toml", "missing.onnx", "-o", "none/out.onnx")
        self.assertIn("the folder `none` does not exist", done.stderr)

    def test_a_model_with_the_name_of_a_text(self):
        message = ("error: `new.rir` would be a model with the name of a text\n"
                   "help: name it .onnx; rcc-opt writes the text of a model\n")
        self.assertEqual(self.refused("new.rir"), (2, message))
        done = self.rcc("zoo", "resnet18", "-o", "new.rir")
        self.assertEqual((done.returncode, done.stderr), (2, message))
        self.assertNotIn("new.rir", self.files())

    def test_one_file_for_the_output_and_the_report(self):
        self.assertEqual(self.refused("new.onnx", "--report", "./new.onnx"), (
            2, "error: `./new.onnx` would be the output and the report\n"
               "help: name another file for one of them\n"))


if __name__ == "__main__":
    unittest.main()
