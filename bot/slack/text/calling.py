"""Words that notify people: how a text can spell them, and how they are undone.

Slack reads `<!channel>`, `<@U…>` and the like as mentions; `markdown` blocks are
parsed before, so entities, backslashes and link targets can spell them too.

Source: https://docs.slack.dev/messaging/formatting-message-text, read 2026-11. How
Slack treats such spellings is not documented: all of them are undone, in code as well.
"""

import re
from collections.abc import Set as AbstractSet
from typing import Final

import regex

WORD_JOINER: Final = "\u2060"
"""Invisible; between `<` and what follows it unmakes an entity."""
MAX_TAIL_CHARS: Final = 200
"""Longer is no beginning of a mention, however it is spelled."""

_INVISIBLE = r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2061-\u2064\ufe0f\ufeff]{0,9}"
_AMPERSAND = r"&(?:amp;|#0{0,6}38;|#x0{0,6}26;){0,9}"
_KEYWORDS = ("here", "channel", "everyone", "group", "subteam")


def _spelled(char: str, name: str = "") -> str:
    """Return a pattern of the ways to write a character."""
    codes = {ord(char.lower()), ord(char.upper())}
    numbers = "|".join(f"#0{{0,6}}{code}|#x0{{0,6}}{code:x}" for code in sorted(codes))
    names = f"|{name}" if name else ""
    raw = char if char.isalpha() else rf"\\?{re.escape(char)}"
    return rf"(?:{raw}|{_AMPERSAND}(?:{numbers}{names});){_INVISIBLE}"


def _word(word: str) -> str:
    return "".join(_spelled(char) for char in word)


_AT = _spelled("@", "commat") + rf"(?:[UWBS]{_INVISIBLE}[A-Z0-9&]|{_AMPERSAND}#)"
_BANG = _spelled("!", "excl") + f"(?:{'|'.join(map(_word, _KEYWORDS))})"
_CALL = f"{_INVISIBLE}(?:{_BANG}|{_AT})"
_LESS_THAN = rf"(?:<|{_AMPERSAND}(?:lt|#0{{0,6}}60|#x0{{0,6}}3c);)"
_TARGET = r"\](?:\(|:)[ \t]{0,99}<?"
# `regex` and not `re`: it tells what may become a match with what follows.
_CALLING: Final = regex.compile(
    rf"(?P<opener>{_LESS_THAN}|{_TARGET})(?={_CALL})", regex.IGNORECASE
)
_COMPLETE: Final = regex.compile(
    rf"(?:{_LESS_THAN}|{_TARGET}){_CALL}", regex.IGNORECASE
)
_LATE: Final = regex.compile(rf"(?P<opener>[\s>]{{0,99}}<?)(?={_CALL})", regex.I)
_TARGET_END: Final = re.compile(r"\](?:\(|:)[ \t]{0,99}<?\s{0,99}\Z")
_PERSON: Final = re.compile(r"@([UW][A-Z0-9]+)[|>]")
_SUSPICIOUS: Final = re.compile(r"[<&]|\][(:]")
_BEGINNING: Final = re.compile(r"[<&\]]")


def quiet(text: str, people: AbstractSet[str] = frozenset()) -> str:
    """Return a text that mentions nobody but `people`, by their ids.

    What it looks like stays the same. Doing it twice changes nothing.
    """
    if not _SUSPICIOUS.search(text):
        return text

    def undone(match: regex.Match[str]) -> str:
        opener = match["opener"]
        person = _PERSON.match(text, match.end())
        if opener == "<" and person is not None and person[1] in people:
            return opener
        return opener + WORD_JOINER

    return _CALLING.sub(undone, text)


def quiet_target(text: str) -> str:
    """Return a line that follows one at whose end the target of a link is awaited."""
    match = _LATE.match(text)
    if match is None:
        return text
    return text[: match.end()] + WORD_JOINER + text[match.end() :]


def is_target_awaited(line: str) -> bool:
    """Say whether the target of a link may stand at the beginning of the next line."""
    return _TARGET_END.search(line[-MAX_TAIL_CHARS:]) is not None


def is_parted(before: str, text: str) -> bool:
    """Say whether a mention may begin in what came before and go on in a text."""
    tail = before[-MAX_TAIL_CHARS:]
    both = tail + text[:MAX_TAIL_CHARS]
    found = (
        _COMPLETE.match(both, match.start(), partial=True)
        for match in _BEGINNING.finditer(tail)
    )
    return any(match is not None and match.end() > len(tail) for match in found)
