"""A workspace and a clock of its own for the playground's rules."""

import pytest

from bot.playground.workspace import Workspace, new_workspace


class FakeClock:
    """Shows the time that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def workspace(clock: FakeClock) -> Workspace:
    return new_workspace(clock)
