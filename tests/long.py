"""How many examples a property is tried with: few in every run, many in a long one."""

import os

LONG_VARIABLE = "LINEFEED_TESTS_LONG"


def examples(short: int, long: int) -> int:
    """Return `long` if the environment asks for a long run, else `short`."""
    return long if os.environ.get(LONG_VARIABLE) else short  # noqa: TID251 - no bot
