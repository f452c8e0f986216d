# One test is one file. RUN lines see rcc, rcc-opt and FileCheck on the path, and %python.
import os
import pathlib

import lit.formats

config.name = "rcc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.test_source_root = str(pathlib.Path(config.rcc_source) / "test" / "lit")
config.suffixes = [".rir", ".rules", ".toml", ".test"]
config.excludes = ["inputs"]
config.available_features.update(filter(None, config.rcc_features))
config.substitutions.append(("%python", config.rcc_python))
config.substitutions.append(("%passes", str(pathlib.Path(config.rcc_source) / "passes")))
config.substitutions.append(("%inputs", str(pathlib.Path(config.test_source_root) / "inputs")))

# tools/update_checks.py puts a FileCheck of its own first.
config.environment["PATH"] = os.pathsep.join(filter(None, [
    lit_config.params.get("path_first"), config.rcc_bin, config.llvm_tools,
    config.environment.get("PATH")]))
config.environment["FILECHECK_OPTS"] = (
    "--enable-var-scope --dump-input=fail --allow-unused-prefixes=false")
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
