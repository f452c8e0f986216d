"""Models that are none, and places where nothing can be written."""
import os
import unittest
import zipfile

from rcc_case import BIN, RECIPE, RccCase


class ModelFileTest(RccCase):
    def first_line(self, done):
        self.assertNotIn("out.onnx", self.files())
        self.assertEqual(done.stdout, "")
        return done.stderr.splitlines()[0]

    def test_empty_file(self):
        self.write("empty.onnx", b"")
        done = self.run_recipe("r.toml", "empty.onnx")
        self.assertEqual(done.returncode, 3)
        self.assertIn("empty", self.first_line(done))

    def test_truncated_model(self):
        whole = (self.folder / "m.onnx").read_bytes()
        for length in range(1, len(whole), 37):
            with self.subTest(length=length):
                self.write("cut.onnx", whole[:length])
                done = self.run_recipe("r.toml", "cut.onnx")
                self.assertEqual(done.returncode, 3)
                self.assertTrue(self.first_line(done).startswith("error: "))
                self.assertIn("cut.onnx", done.stderr)

    def test_zip_file(self):
        with zipfile.ZipFile(self.folder / "weights.pt", "w") as archive:
            archive.writestr("archive/data.pkl", b"x")
        done = self.run_recipe("r.toml", "weights.pt")
        self.assertEqual(done.returncode, 3)
        self.assertIn("zip", self.first_line(done))

    def test_model_that_does_not_exist(self):
        done = self.run_recipe("r.toml", "n.onnx")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(self.first_line(done), "error: the file `n.onnx` does not exist")

    def test_inspect_of_a_missing_model(self):
        done = self.rcc("inspect", "n.onnx")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(self.first_line(done), "error: the file `n.onnx` does not exist")


class OutputNameTest(RccCase):
    def test_default_name_is_not_overwritten(self):
        self.write("m.r.onnx", b"mine")
        done = self.rcc("--recipe", "r.toml", "m.onnx")
        self.assert_refused(done, 2,
                            "error: the output `m.r.onnx` is there already\n"
                            "help: name another with -o, or overwrite it with --force\n")
        self.assertEqual((self.folder / "m.r.onnx").read_bytes(), b"mine")
        self.assertEqual(self.rcc("--recipe", "r.toml", "m.onnx", "--force").returncode, 0)
        self.assertNotEqual((self.folder / "m.r.onnx").read_bytes(), b"mine")

    def test_named_output_is_overwritten(self):
        self.write("out.onnx", b"old")
        self.assertEqual(self.run_recipe().returncode, 0)
        self.assertNotEqual((self.folder / "out.onnx").read_bytes(), b"old")

    def test_a_failed_run_keeps_the_old_output(self):
        self.write("out.onnx", b"old")
        self.write("r.toml", "[[pass]]\nname = \"insert_distill_hooks\"\nlayers = [\"zzz\"]\n")
        self.assertEqual(self.run_recipe().returncode, 2)
        self.assertEqual((self.folder / "out.onnx").read_bytes(), b"old")

    def test_unmet_requirement(self):
        self.write("r.toml", "[require]\nsize_ratio = \">= 7\"\n\n" + RECIPE.split("\n\n")[1])
        done = self.run_recipe()
        self.assertEqual(done.returncode, 1)
        self.assertIn("error: a requirement is not met: `size_ratio` is ", done.stderr)
        self.assertIn("required is at least 7\n", done.stderr)
        self.assertIn("note: the model is in `out.onnx.failed`\n", done.stderr)
        self.assertNotIn("out.onnx", self.files())
        self.assertIn("out.onnx.failed", self.files())

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            import subprocess
            done = subprocess.run([BIN / "rcc", "--help"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 5)


class ImageTest(RccCase):
    DATA = ('[data]\neval = "images:data"\nnormalize = { mean = [0, 0, 0], std = [1, 1, 1] }\n\n'
            '[[pass]]\nname = "measure"\n')

    def test_image_of_no_bytes(self):
        if not (BIN.parent / "lib" / "librcc_torch.so").is_file():
            self.skipTest("needs the LibTorch module")
        for label in "abcd":
            self.write(f"data/{label}/0.png", b"")
        self.write("r.toml", self.DATA)
        done = self.run_recipe()
        self.assertEqual(done.returncode, 3)
        self.assertIn("data/a/0.png", done.stderr)
        self.assertNotIn("out.onnx", self.files())

    def test_without_a_backend(self):
        self.write("r.toml", self.DATA)
        os.environ["RCC_MODULE_PATH"] = str(self.folder / "nowhere")
        self.addCleanup(os.environ.pop, "RCC_MODULE_PATH")
        done = self.run_recipe()
        self.assertEqual(done.returncode, 5)
        self.assertIn("the LibTorch module `librcc_torch.so` is not installed in", done.stderr)
        self.assertIn("tools/setup installs LibTorch", done.stderr)
        self.assertNotIn("out.onnx", self.files())


if __name__ == "__main__":
    unittest.main()
