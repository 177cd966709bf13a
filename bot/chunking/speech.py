"""What of a sentence is spoken: its words, without the marks of Markdown."""

import re
from typing import Final

from bot.chunking.sentence import Sentence

NAMES: Final = {"code": "(code)", "table": "(table)"}
"""What is said once for lines that nobody wants to hear."""
_MARKERS: Final = re.compile(r"\A\s*(?:(?:>|[-+*]|#{1,6})(?:\s+|$))*(?:\[[ xX]\]\s+)?")
_DEFINITION: Final = re.compile(r"\s*\[[^\[\]]+\]:")
_INLINE: Final = re.compile(
    r"(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|!?\[(?P<label>[^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])"
    r"|<?https?://(?:[^\s/@<>]*@)?(?:www\.)?(?P<host>[\w.-]*\w)"
    r"(?:[/?#:][^\s<>、。」）]*[^\s<>、。」）.,;:!?)])?/?>?"
    r"|</?[A-Za-z][^<>]*>|<!--.*?-->"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|\*+(?=\S)|(?<=\S)\*+|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)|~~",
    re.DOTALL,
)
_LETTER: Final = re.compile(r"[^\W_]")


def spoken(sentence: Sentence) -> str:
    """Return what to say; empty if nothing is to be said.

    Code and tables are named once, by their first line. A link is its label, a bare
    URL its host, code in a sentence is read. The number of a list's item is said, other
    markers are not, nor are definitions of links and lines without letter or digit.
    What a cut left open is read as it stands. No standard says how Markdown is spoken:
    all of this is our choice.
    """
    if sentence.kind != "prose":
        return NAMES[sentence.kind] if sentence.is_first else ""
    body = sentence.body
    if _DEFINITION.match(body):
        return ""
    text = _plain(_MARKERS.sub("", body, count=1))
    return " ".join(text.split()) if _LETTER.search(text) else ""


def _plain(text: str) -> str:
    return _INLINE.sub(_words, text)


def _words(match: re.Match[str]) -> str:
    if match["label"] is not None:
        return _plain(match["label"])
    return match["code"] or match["host"] or match["escaped"] or ""
