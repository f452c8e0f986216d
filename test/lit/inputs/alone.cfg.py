# The configuration of lit for tests outside of the tree: rcc-opt and FileCheck are on the path.
import os

import lit.formats

config.name = "tests"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".rir", ".test"]
config.environment["PATH"] = os.environ["PATH"]
