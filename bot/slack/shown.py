"""Placeholder until the real one is merged."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    people: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()


NOBODY = Known()


class Shown:
    def __init__(self, known: Known = NOBODY, *, shows_all_links: bool = False) -> None:
        self._known = known

    def line(self, text: str) -> str:
        from bot.slack import markup

        quiet = markup._CALLING.sub(rf"\1{markup.WORD_JOINER}", text)
        return markup._CALLING_LINK.sub(rf"\1{markup.WORD_JOINER}", quiet)


def shown(text: str, known: Known = NOBODY, *, shows_all_links: bool = False) -> str:
    return Shown(known).line(text)


def known_from(messages: object) -> Known:
    return NOBODY
