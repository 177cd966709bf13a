"""How links, images, code spans and addresses are written in a line of Markdown.

No pattern crosses a line or takes more than linear time.

Source: https://spec.commonmark.org/0.31.2/#inlines and
https://github.github.com/gfm/#autolinks-extension-
"""

import re
from typing import Final

_COLON = r"\\?(?::|&colon;|&#0{0,6}58;|&#x0{0,6}3a;)"
_SLASH = r"\\?(?:[/\\]|&sol;|&bsol;|&#0{0,6}(?:47|92);|&#x0{0,6}(?:2f|5c);)"
_URL = (
    rf"(?:[a-z][a-z0-9+.-]{{1,31}}{_COLON}{_SLASH}{{2}}|(?<![a-z0-9.-])(?:www\."
    r"|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}(?::[0-9]{1,5})?[/?#]))"
    r"[^\s<、。，「」『』（）]{0,2000}"
)
TOKEN: Final = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])|(?P<ticks>`+)|(?P<open>!?\[)|(?P<close>\])"
    rf"|(?P<angle><)|(?P<url>{_URL})|(?P<marks>\*+|~~)|(?P<bar>\|)",
    re.IGNORECASE,
)
TICKS: Final = re.compile(r"`+")
_TITLE = r"(?:\"[^\"`\[\]]*\"|'[^'`\[\]]*'|\([^()`\[\]]*\))"
TARGET: Final = re.compile(
    r"\([ \t]*(?P<url><(?:[^<>\n`\[\]\\]|\\[^`])*>|(?!<)[^\s()`\[\]\\]*"
    r"(?:\([^\s()`\[\]\\]*\)[^\s()`\[\]\\]*)*)"
    rf"(?:[ \t]+{_TITLE})?[ \t]*\)"
)
ANGLE_TARGET: Final = re.compile(r"\([ \t]*(?=<)")
REFERENCE: Final = re.compile(r"\[[^\[\]]")
ANGLE: Final = re.compile(
    rf"<(?P<url>(?:www\.|[a-z][a-z0-9+.-]{{1,31}}{_COLON})[^<>\s|`\[\]\\]*)"
    r"(?:\|(?P<label>[^<>\n`\[\]]*))?>",
    re.IGNORECASE,
)
TAG: Final = re.compile(r"<[^<>]*>?")
DEFINITION: Final = re.compile(
    r"(?P<label>[\s>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+){0,9}\[(?!\^)[^\[\]`\\]+\]):"
    r"[ \t]*(?P<url><[^<>\n`\[\]\\]*>|(?!<)[^\s\[\]`]+(?!\S))"
)
URL_STOP: Final = re.compile(r"!?\[|\](?=\()|[|`]")
URL_TAIL: Final = ".,;:!?'\"*_~)]>"


def bare(url: str) -> str:
    """Return the target of a link without the brackets around it."""
    return url[1:-1] if url.startswith("<") else url
