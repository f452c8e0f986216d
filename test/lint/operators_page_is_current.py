#!/usr/bin/env python3
"""docs/operators.md is what tools/gen/operators_page.py prints."""
import pathlib
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
done = subprocess.run([sys.executable, root / "tools" / "gen" / "operators_page.py"],
                      capture_output=True, text=True, check=False)
page = root / "docs" / "operators.md"
if done.returncode != 0:
    sys.exit(done.stderr)
if not page.is_file() or page.read_text(encoding="utf-8") != done.stdout:
    sys.exit("docs/operators.md: run tools/gen/operators_page.py > docs/operators.md")
