"""The channels file: what an installation sets for single channels."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

from bot.conversation.ports import SetupError
from bot.conversation.turn import Turn
from bot.slack.api.address import Address

Wish = Literal["lines", "edits", "stream", "auto"]
"""How replies should come; `bot.slack.delivery.delivery` says what each means."""

_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,}")
_PLACE = re.compile(r"(.*) \(at line (\d+), column \d+\)", re.DOTALL)
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What is set for one channel; None is what holds everywhere."""

    delivery: Wish | None = None
    system_prompt: str | None = None
    model: str | None = None


FIELDS = tuple(field.name for field in fields(ChannelSettings))
NOTHING = ChannelSettings()


@dataclass(frozen=True, slots=True)
class ChannelBook:
    """The settings of all channels."""

    channels: Mapping[str, ChannelSettings]
    """By the id of a channel or DM."""
    file: "_File | None" = None

    def settings(self, channel: str) -> ChannelSettings:
        """Return what is set for a channel."""
        return self.channels.get(channel, NOTHING)

    def of(self, turn: Turn) -> ChannelSettings:
        """Return what is set where a turn was asked."""
        return self.settings(Address.load(turn.address).channel)

    def models(self) -> Mapping[str, str]:
        """Return the models that are named, each with the place of its first name."""
        places = dict[str, str]()
        for channel, chosen in self.channels.items():
            model = chosen.model
            if self.file is not None and model is not None and model not in places:
                places[model] = f"{self.file.place(channel, 'model')}: model"
        return places

    def system_prompts(self) -> tuple[str, ...]:
        """Return the instructions that are set anywhere."""
        prompts = (chosen.system_prompt for chosen in self.channels.values())
        return tuple(prompt for prompt in prompts if prompt)


def load(path: Path | None) -> ChannelBook:
    """Return what a file says, or nothing where there is none.

    Raises:
        SetupError: naming the line and the field that are wrong; never a value.
    """
    if path is None:
        return ChannelBook({})
    try:
        # Windows' editor begins a file with a mark.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SetupError(f"{path} (LINEFEED_CHANNELS): {reason}.") from error
    except UnicodeError as error:
        raise SetupError(f"{path} (LINEFEED_CHANNELS) is not UTF-8.") from error
    return _File(path, text).book()


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str

    def book(self) -> ChannelBook:
        """Read the file.

        Raises:
            SetupError: as `load`.
        """
        try:
            tables = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise SetupError(self._broken(str(error))) from None
        return ChannelBook({c: self._channel(c, t) for c, t in tables.items()}, self)

    def place(self, *key: str) -> str:
        """Return the file and the line where a key stands."""
        return f"{self.path}, line {self._line(key)}"

    def _broken(self, error: str) -> str:
        """Return a sentence for what is no TOML."""
        match = _PLACE.fullmatch(error)
        lines = self.text.rstrip().split("\n")
        reason, number = (match[1], int(match[2])) if match else (error, len(lines))
        field = _KEY.match(lines[min(number, len(lines)) - 1])
        name = f"{field[1]}: " if field else ""
        return f"{self.path}, line {number}: {name}{reason}."

    def _channel(self, channel: str, table: object) -> ChannelSettings:
        if not _CHANNEL.fullmatch(channel):
            raise self._error(
                f"{channel} is no channel's id (C…, D… or G…; at the end of the"
                " channel's details)",
                channel,
            )
        if not isinstance(table, dict):
            raise self._error(f"{channel} must be a table, [{channel}]", channel)
        chosen = cast("dict[str, Any]", table)
        for field, value in chosen.items():
            problem = _problem(field, value)
            if problem:
                raise self._error(f"{field} {problem}", channel, field)
        return ChannelSettings(**chosen)

    def _error(self, sentence: str, *key: str) -> SetupError:
        return SetupError(f"{self.place(*key)}: {sentence}.")

    def _line(self, key: tuple[str, ...]) -> int:
        """Return the line, from 1, where the statement with a key begins.

        tomllib tells no lines, so ever more of the file is read until the key is there.
        """
        lines = self.text.split("\n")
        low, high = 0, len(lines)
        while high - low > 1:
            middle = (low + high) // 2
            if any(_has(table, key) for table in _beginnings(lines, middle)):
                high = middle
            else:
                low = middle
        # A text of several lines begins behind the last that can be read without it.
        return next(n for n in range(high, 0, -1) if _is_toml(lines[: n - 1]))


def _beginnings(lines: list[str], count: int) -> Iterator[dict[str, Any]]:
    """Yield the longest beginning that can be read, of at most so many lines."""
    for end in range(count, -1, -1):
        if _is_toml(lines[:end]):
            yield tomllib.loads("\n".join(lines[:end]))
            return


def _is_toml(lines: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _has(table: object, key: tuple[str, ...]) -> bool:
    for part in key:
        if not isinstance(table, dict) or part not in table:
            return False
        table = cast("dict[str, object]", table)[part]
    return True


def _problem(field: str, value: object) -> str:
    """Return what is wrong with a field, or nothing."""
    if field not in FIELDS:
        return f"is none of {', '.join(FIELDS)}"
    if field == "delivery" and value not in get_args(Wish):
        return f"must be one of {', '.join(get_args(Wish))}"
    if not isinstance(value, str) or not value.strip():
        return "must be a text that is not empty"
    return ""
