"""Run every check: format, lint, types, import rules, tests with branch coverage.

`python -m tests` takes minutes; `python -m tests --long` runs the randomised tests
with many more examples.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
COVERAGE = ("--cov", "--cov-report=")
STATIC_CHECKS = (
    (PYTHON, "-m", "mypy"),
    (PYTHON, "-m", "pyright", "--pythonpath", PYTHON),
    (PYTHON, "-m", "ruff", "format", "--check", "."),
    (PYTHON, "-m", "ruff", "check", "."),
    (PYTHON, "-m", "codespell_lib", "bot", "tests", "README.md", "manifest.yaml"),
    (str(Path(PYTHON).with_name("lint-imports")),),
)
"""Each uses one core: they run beside each other, those that take longest first."""

TESTS = (
    # Neighbours share a browser or a server, so they stay on one worker while both
    # are busy.
    (PYTHON, "-m", "pytest", *("-n", "auto", "--dist", "worksteal"), *COVERAGE),
    (PYTHON, "-m", "coverage", "report"),
)


def main() -> int:
    """Run all static checks, then the tests; return the exit code of what failed."""
    environment = dict(os.environ)
    # Many processes import the same modules; each would compile them again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if "--long" in sys.argv[1:]:
        environment["LINEFEED_TESTS_LONG"] = "1"
        environment["PYTEST_ADDOPTS"] = "--timeout=1800"
    return _checked(environment) or _tested(environment)


def _checked(environment: Mapping[str, str]) -> int:
    def run(check: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            check,
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = []
        for check, ran in zip(STATIC_CHECKS, pool.map(run, STATIC_CHECKS), strict=True):
            _tell(check)
            print(ran.stdout, end="", flush=True)
            codes.append(ran.returncode)
    return next(filter(None, codes), 0)


def _tested(environment: Mapping[str, str]) -> int:
    for check in TESTS:
        _tell(check)
        code = subprocess.run(check, cwd=ROOT, env=environment).returncode
        if code:
            return code
    return 0


def _tell(check: Sequence[str]) -> None:
    print("$", " ".join(check[1:] or check), flush=True)


if __name__ == "__main__":
    sys.exit(main())
