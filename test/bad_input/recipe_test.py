"""Mistakes in recipes: exit code, message with place and caret, and no output."""
import unittest

from rcc_case import RECIPE, RccCase


class RecipeTest(RccCase):
    def check(self, text, message, code=2):
        self.write("r.toml", text)
        self.assert_refused(self.run_recipe(), code, message)

    def test_a_good_recipe_works(self):
        done = self.run_recipe()
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        self.assertIn("out.onnx", self.files())

    def test_typo_in_a_key(self):
        self.check("schema = 1\n\n[[pass]]\nname = \"measure\"\nacuracy = false\n",
                   "error: unknown key `acuracy` in pass `measure`\n"
                   "  --> r.toml:5:1\n"
                   "   |\n"
                   " 5 | acuracy = false\n"
                   "   | ^^^^^^^\n"
                   "   |\n"
                   "help: did you mean `accuracy`?\n"
                   "note: keys of pass `measure`: accuracy, min_top1, max_params, max_macs\n")

    def test_a_share_written_as_percent(self):
        self.check("schema = 1\n\n[[pass]]\nname = \"measure\"\nmin_top1 = 50\n",
                   "error: `min_top1` of pass `measure` must be between 0 and 1, not 50\n"
                   "  --> r.toml:5:12\n"
                   "   |\n"
                   " 5 | min_top1 = 50\n"
                   "   |            ^^\n"
                   "   |\n"
                   "help: did you mean 0.5 or \"50%\"?\n")

    def test_unknown_pass(self):
        self.check("[[pass]]\nname = \"drop_dead_node\"\n",
                   "error: unknown pass `drop_dead_node`\n"
                   "  --> r.toml:2:8\n"
                   "   |\n"
                   " 2 | name = \"drop_dead_node\"\n"
                   "   |        ^^^^^^^^^^^^^^^^\n"
                   "   |\n"
                   "help: did you mean `drop_dead_nodes`?\n")

    def test_unknown_key_of_the_recipe(self):
        self.check("schema = 1\nsede = 3\n" + RECIPE.split("\n", 1)[1],
                   "error: unknown key `sede` of the recipe\n"
                   "  --> r.toml:2:1\n"
                   "   |\n"
                   " 2 | sede = 3\n"
                   "   | ^^^^\n"
                   "   |\n"
                   "help: did you mean `seed`?\n"
                   "note: keys of a recipe: schema, name, seed, data, target, require, load_pass, pass\n")

    def test_all_mistakes_are_reported_together(self):
        self.write("r.toml", "schema = 2\nseed = \"x\"\n\n[target]\nruntme = \"onednn\"\n\n"
                             "[[pass]]\nname = \"measure\"\naccuracy = 1\nmin_top1 = -1\n")
        done = self.run_recipe()
        self.assertEqual(done.returncode, 2)
        self.assertEqual([line for line in done.stderr.splitlines() if line.startswith("error:")], [
            "error: schema 2 is newer than this rcc, which reads 1",
            "error: `seed` is an integer, not text",
            "error: unknown key `runtme` in [target]",
            "error: `accuracy` of pass `measure` must be true or false, not 1",
            "error: `min_top1` of pass `measure` must be between 0 and 1, not -1",
        ])

    def test_selector_that_matches_nothing(self):
        self.check("schema = 1\n\n[[pass]]\nname = \"insert_distill_hooks\"\n"
                   "layers = [\"relo\"]\n",
                   "error: insert_distill_hooks: `relo` matches no layer\n"
                   "  --> r.toml:5:11\n"
                   "   |\n"
                   " 5 | layers = [\"relo\"]\n"
                   "   |           ^^^^^^\n"
                   "   |\n"
                   "help: did you mean `relu`?\n"
                   "note: in pass `insert_distill_hooks`\n")

    def test_duplicate_key(self):
        self.check("schema = 1\nseed = 1\nseed = 2\n",
                   "error: `seed` is given twice\n"
                   "  --> r.toml:3:1\n"
                   "   |\n"
                   " 3 | seed = 2\n"
                   "   | ^^^^\n"
                   "   |\n"
                   "help: keep one of them; a pass begins with [[pass]], in double brackets\n"
                   "note: cannot redefine existing integer 'seed'\n")

    def test_empty_recipe(self):
        self.check("", "error: the recipe is empty\n"
                       "  --> r.toml\n"
                       "help: begin with schema = 1 and a [[pass]] table\n")

    def test_recipe_that_does_not_exist(self):
        done = self.run_recipe("other/r.toml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("error: the file `other/r.toml` does not exist\n", done.stderr)

    def test_a_model_in_place_of_the_recipe(self):
        self.assert_refused(self.run_recipe("m.onnx", "r.toml"), 2,
                            "error: `m.onnx` is a model, not a recipe\n"
                            "help: write `rcc --recipe RECIPE.toml MODEL.onnx`\n")

    def test_a_key_of_thirty_thousand_parts(self):
        self.write("r.toml", "a" + ".a" * 30000 + " = 1\n")
        done = self.run_recipe()
        self.assertEqual(done.returncode, 4)
        self.assertTrue(done.stderr.startswith("error: a key of more than 33 parts\n"))

    def test_deep_brackets(self):
        self.write("r.toml", "a = " + "[" * 100000)
        done = self.run_recipe()
        self.assertEqual(done.returncode, 4)
        self.assertTrue(done.stderr.startswith("error: brackets nested deeper than 32\n"))

    def test_a_requirement_on_accuracy_without_images(self):
        self.check("[require]\ntop1_drop = \"<= 1%\"\n\n" + RECIPE.split("\n\n")[1],
                   "error: [require] is about accuracy, but [data] has no `eval`\n"
                   "help: say which images to measure on: eval = \"images:FOLDER\"\n")

    def test_a_drop_without_a_percent_sign(self):
        self.check("[require]\ntop1_drop = \"<= 1.5\"\n",
                   "error: `top1_drop` of [require] is a share of all images\n"
                   "  --> r.toml:2:13\n"
                   "   |\n"
                   " 2 | top1_drop = \"<= 1.5\"\n"
                   "   |             ^^^^^^^^\n"
                   "   |\n"
                   "help: did you mean \"<= 1.5%\"?\n")


class OverrideTest(RccCase):
    def check(self, override, message):
        self.assert_refused(self.run_recipe("r.toml", "m.onnx", "--set", override), 2, message)

    def test_unknown_pass(self):
        self.check("drop_dead_node.x=1",
                   "error: the recipe has no pass `drop_dead_node`\n"
                   "  --> --set:1:1\n"
                   "   |\n"
                   " 1 | drop_dead_node.x=1\n"
                   "   | ^^^^^^^^^^^^^^\n"
                   "   |\n"
                   "help: did you mean `drop_dead_nodes`?\n")

    def test_unknown_option(self):
        self.write("r.toml", "[[pass]]\nname = \"measure\"\naccuracy = false\n")
        self.check("measure.min_top=0.5",
                   "error: unknown key `min_top` in pass `measure`\n"
                   "  --> --set:1:9\n"
                   "   |\n"
                   " 1 | measure.min_top=0.5\n"
                   "   |         ^^^^^^^\n"
                   "   |\n"
                   "help: did you mean `min_top1`?\n"
                   "note: keys of pass `measure`: accuracy, min_top1, max_params, max_macs\n")

    def test_pass_that_occurs_twice(self):
        self.write("r.toml", RECIPE + "\n[[pass]]\nname = \"drop_dead_nodes\"\n")
        self.check("drop_dead_nodes.x=1",
                   "error: the recipe has `drop_dead_nodes` 2 times\n"
                   "  --> --set:1:1\n"
                   "   |\n"
                   " 1 | drop_dead_nodes.x=1\n"
                   "   | ^^^^^^^^^^^^^^^\n"
                   "   |\n"
                   "help: write drop_dead_nodes#1 to drop_dead_nodes#2\n")

    def test_no_value(self):
        self.check("seed",
                   "error: an override has the form key=value\n"
                   "  --> --set:1:1\n"
                   "   |\n"
                   " 1 | seed\n"
                   "   | ^^^^\n"
                   "   |\n"
                   "help: for example --set seed=1 or --set remove_channels.round_to=16\n")


if __name__ == "__main__":
    unittest.main()
