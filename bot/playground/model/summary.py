"""The offline model as the keeper of a thread's memory: it loses no marker. Pure.

Asked to write a memory again with further messages in it, it keeps the first words of
each message and, however long that becomes, every marker: a word that holds a digit.
"""

import re

ASCII_CHARS_PER_TOKEN = 4
DEFAULT_LIMIT_TOKENS = 200
SAFE_SHARE = 0.9
"""Of the limit, since nobody counts tokens like another."""
WORDS_CHARS = 40
MARKERS = "Kept: "

_LIMIT = re.compile(r"\bat most (\d+)\s+tokens", re.IGNORECASE)
_PARTS = re.compile(
    r"<memory>\n(.*?)\n?</memory>\s*<messages>\n(.*?)\n?</messages>", re.DOTALL
)
_MESSAGE = re.compile(r"^(?:\([^)\n]*\) )?\[([^\]\n]{1,80})\] ", re.MULTILINE)
_MARKER = re.compile(r"[^\s,;:“”]*\d[^\s,;:“”]*")


def kept(orders: str, data: str) -> str | None:
    """Return the new memory; None if the data is not a memory and messages."""
    parts = _PARTS.search(data)
    if parts is None:
        return None
    lines = [line for line in parts[1].splitlines() if line.strip()]
    known = [line for line in lines if line.startswith(MARKERS)]
    told = [line for line in lines if not line.startswith(MARKERS)]
    markers = "".join(known).removeprefix(MARKERS).split()
    for speaker, text in _messages(parts[2]):
        markers += _MARKER.findall(text)
        told.append(f"- {speaker}: {_first_words(text)}")
    limit = _LIMIT.search(orders)
    limit_tokens = int(limit[1]) if limit else DEFAULT_LIMIT_TOKENS
    return _within(told, list(dict.fromkeys(markers)), SAFE_SHARE * limit_tokens)


def _within(told: list[str], markers: list[str], limit_tokens: float) -> str:
    """Drop the oldest lines, then the oldest markers, until the rest fits."""
    while True:
        ending = [MARKERS + " ".join(markers)] if markers else []
        text = "\n".join([*told, *ending])
        if _tokens(text) <= limit_tokens or not (told or markers):
            return text
        (told or markers).pop(0)


def _messages(talk: str) -> list[tuple[str, str]]:
    """Return who said what; what follows a name is its text, whatever its lines."""
    _, *rest = _MESSAGE.split(talk)
    return list(zip(rest[::2], rest[1::2], strict=True))


def _first_words(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= WORDS_CHARS else words[: WORDS_CHARS - 1] + "…"


def _tokens(text: str) -> int:
    ascii_chars = len(text.encode("ascii", "ignore"))
    return -(-ascii_chars // ASCII_CHARS_PER_TOKEN) + len(text) - ascii_chars + 4
