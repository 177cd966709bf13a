"""Run every check: format, lint, types, import rules, tests with branch coverage.

`python -m tests` takes minutes; `python -m tests --long` runs the randomised tests
with many more examples.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
CHECKS = (
    (PYTHON, "-m", "ruff", "format", "--check", "."),
    (PYTHON, "-m", "ruff", "check", "."),
    (PYTHON, "-m", "codespell_lib", "bot", "tests", "README.md", "manifest.yaml"),
    (PYTHON, "-m", "mypy"),
    (PYTHON, "-m", "pyright", "--pythonpath", PYTHON),
    (str(Path(PYTHON).with_name("lint-imports")),),
    (PYTHON, "-m", "pytest", "-n", "auto", "--cov", "--cov-report="),
    (PYTHON, "-m", "coverage", "report"),
)


def main() -> int:
    """Run the checks in order up to the first that fails; return its exit code."""
    environment = dict(os.environ)
    if "--long" in sys.argv[1:]:
        environment["LINEFEED_TESTS_LONG"] = "1"
        environment["PYTEST_ADDOPTS"] = "--timeout=1800"
    for check in CHECKS:
        print("$", " ".join(check[1:] or check), flush=True)
        code = subprocess.run(check, cwd=ROOT, env=environment).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
