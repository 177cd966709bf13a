"""Real processes that start at once: forked from one that has imported everything.

A bot's libraries take seconds to import, which would be most of what such a test costs.
What the command line does before, tests/test_main.py sees.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["bot.__main__", "bot.app", "bot.llm.model", "tests.forks", "tests.storage.killed"]
)


@dataclass(frozen=True, slots=True)
class Command:
    """A call of the command line, as another process makes it."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    """The file that gets all it writes."""

    def start(self) -> ForkServerProcess:
        """Start the process."""
        process = FORKS.Process(target=self.run)
        process.start()
        return process

    def run(self) -> None:
        """Become this process: its environment, its folder, its output."""
        os.environ.clear()  # noqa: TID251 - no bot
        os.environ.update(self.environment)  # noqa: TID251
        os.chdir(self.folder)
        written = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for output in (sys.stdout, sys.stderr):
            os.dup2(written, output.fileno())
        sys.argv = ["linefeed", *self.arguments]
        from bot.__main__ import main  # noqa: PLC0415 - not where it is only started

        main()
