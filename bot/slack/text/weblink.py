"""Web addresses that a model writes: whose they are, and whether they carry data.

A text that a model reads can make it write a link that hands over what it knows to
whoever owns the address: https://nvd.nist.gov/vuln/detail/CVE-2025-34072, read 2026-11.
"""

import html
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

MAX_OPAQUE_CHARS: Final = 39
"""What no word explains may be so long in one value of an address."""
MAX_OPAQUE_TOTAL_CHARS: Final = 99
MAX_QUERY_CHARS: Final = 99
"""For a query and for a fragment, percent-decoded, words or not."""
MAX_CHARS: Final = 299
"""For all behind the host, percent-decoded, words or not."""
CODE_HOSTS: Final = frozenset(
    {"bitbucket.org", "codeberg.org", "github.com", "gitlab.com"}
)
"""Where 40 hexadecimal digits are a commit; who runs them hands nothing on."""

_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_IGNORED: Final = re.compile(r"[\x00-\x20\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")
_ADDRESS: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?[/\\]*(?P<authority>[^/\\?#]*)(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_PORT: Final = re.compile(r":[0-9]*\Z")
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}")
_HOST_LIKE: Final = re.compile(r"[.%@:]|[^\x00-\x7f]")
_NAMED: Final = re.compile(
    r"(?<![\w.@-])(?:https?://)?(?:[^\s/?#<>@|]{1,99}@)?"
    r"((?:[\w-]{1,63}[.。]){1,9}[^\W\d_][\w-]{1,62})(?![\w@-])",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(r"[\w+%=.~\ufffd-]+")
_WORD: Final = re.compile(r"[^\W_]+|\ufffd+")
_LETTERS: Final = re.compile(r"[A-Za-z]{1,24}")
_UNSPEAKABLE: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{7}", re.IGNORECASE)
_NUMBERED: Final = re.compile(
    r"[0-9]{1,8}|[A-Za-z]?[a-z]+[0-9]{1,4}|[0-9]{1,4}[a-z]{1,2}"
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be shown as a link."""

    hosts: AbstractSet[str]
    """Those that people named."""
    shows_all_links: bool

    def is_refused(self, address: str) -> bool:
        """Say whether an address is shown as text."""
        return not self.shows_all_links and is_covert(address, self.hosts)


def hosts_in(text: str) -> Iterator[str]:
    """Yield the hosts that a legible text names, as `example.com` or in addresses."""
    for match in _NAMED.finditer(text):
        if host := _normalised(match[1]):
            yield host


def host_of(address: str) -> str:
    """Return the host of an address, lower case, in ASCII; empty if there is none."""
    match = _ADDRESS.match(_IGNORED.sub("", address))
    return _host(match["authority"]) if match is not None else ""


def is_covert(address: str, known_hosts: AbstractSet[str]) -> bool:
    """Say whether an address may carry data to a host that nobody named.

    The source of a link's target in Markdown will do too. A known host's subdomains
    are known; an address with a user name or a backslash never is.
    """
    if len(address) <= MAX_OPAQUE_CHARS:
        return False
    plain = _IGNORED.sub("", html.unescape(_ESCAPED.sub(r"\1", address)))
    match = _ADDRESS.match(plain)
    if match is None:
        return False
    authority = match["authority"]
    if not match.start("authority") and not _HOST_LIKE.search(authority):
        return False
    host = _host(authority)
    is_plain = "@" not in authority and "\\" not in plain
    if is_plain and is_known(host, known_hosts):
        return False
    rest = unquote(plain[match.start("authority") :])
    if len(rest) - len(host) > MAX_CHARS:
        return True
    extras = (match["query"] or "", match["fragment"] or "")
    if any(len(unquote(extra)) > MAX_QUERY_CHARS for extra in extras):
        return True
    has_commits = is_plain and is_known(host, CODE_HOSTS)
    counts = [_opaque_chars(value, has_commits=has_commits) for value in _values(rest)]
    return max(counts, default=0) > MAX_OPAQUE_CHARS or sum(counts) > (
        MAX_OPAQUE_TOTAL_CHARS
    )


def is_known(host: str, known_hosts: AbstractSet[str]) -> bool:
    """Say whether a host is among those known, or in the domain of one."""
    labels = host.split(".")
    return any(".".join(labels[at:]) in known_hosts for at in range(len(labels)))


def _host(authority: str) -> str:
    return _normalised(_PORT.sub("", authority.rpartition("@")[2]))


def _normalised(host: str) -> str:
    """Return a host as it is looked up, or nothing if it is none."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    host = host.rstrip(".").lower()
    return host if _HOST.fullmatch(host) else ""


def _values(rest: str) -> Iterator[str]:
    for match in _VALUE.finditer(rest):
        yield match.group()


def _opaque_chars(value: str, *, has_commits: bool) -> int:
    """Return how much of a value is neither words nor short numbers."""
    return sum(
        len(word)
        for word in _WORD.findall(value)
        if not _is_natural(word) and not (has_commits and _COMMIT.fullmatch(word))
    )


def _is_natural(word: str) -> bool:
    if not word.isascii():
        return "\ufffd" not in word
    if _LETTERS.fullmatch(word):
        capitals = sum(map(str.isupper, word[1:]))
        is_shouted = word.isupper() and len(word) <= 12
        is_cased = capitals * 4 <= len(word) or is_shouted
        return is_cased and not _UNSPEAKABLE.search(word)
    return _NUMBERED.fullmatch(word) is not None
