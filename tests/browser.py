"""The browser in which tests look at the page."""

import os
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

needs_chromium = (
    pytest.mark.skipif(
        not CHROMIUM.exists() and not os.getenv("CI"),
        reason=f"{CHROMIUM} is missing; only CI must have it",
    ),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.no_cover,
)
"""The marks of a module whose tests use the browser, which is started once."""
