# lit test --param=module=build/libshare_equal_weights.so, with rcc-opt and FileCheck on the path.
import os

import lit.formats

config.name = "share_equal_weights"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".rir"]
config.test_exec_root = os.path.join(os.path.dirname(lit_config.params["module"]), "lit")
config.environment["PATH"] = os.environ["PATH"]
config.substitutions.append(("%module", os.path.abspath(lit_config.params["module"])))
