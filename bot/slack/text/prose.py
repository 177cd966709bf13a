"""One line of prose: images become links, addresses that carry data become code."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from bot.slack.text import linksyntax as syntax
from bot.slack.text.calling import WORD_JOINER
from bot.slack.text.emphasis import SPACE, Marks, is_wide, spaced
from bot.slack.text.weblink import Policy

_SPECIAL: Final = re.compile(r"[`*~\[\]<&\\]")
_LONG_WORD: Final = re.compile(r"[!-;=?-~]{40}")
_PLAIN: Final = re.compile(r"[\w:/?#.@$&'+,;=%-]+")
"""An address that has no meaning of its own in Markdown."""
_MAX_TICKS: Final = 20
"""Longer marks around every address would make a long text of a short one."""
_JOINTS: Final = re.compile(r"[]!&.:<@\[\\]")
"""What makes an address, a link or a mention with what stands behind."""


def is_special(text: str) -> bool:
    """Say whether a line may be shown otherwise than it is written."""
    return (
        _SPECIAL.search(text) is not None
        or "//" in text
        or "www." in text.lower()
        or _LONG_WORD.search(text) is not None
    )


@dataclass(slots=True)
class _Bracket:
    """A `[` that a `]` may close."""

    at: int
    """Its place among the pieces."""
    start: int
    """Where its text begins in the line."""
    images: list[tuple[int, int, str]] = field(
        default_factory=list[tuple[int, int, str]]
    )
    """Places of the brackets of the images in it, and what to show without text."""


class ProseLine:
    """Rewrites one line, or the part of one."""

    def __init__(
        self,
        text: str,
        before: str,
        policy: Policy,
        open_ticks: AbstractSet[int],
        *,
        is_sure: bool,
    ) -> None:
        """Read a text behind `before`, the last character of the line so far.

        `open_ticks` are the lengths of the backtick runs that earlier lines left open.
        Where one may end here, or without `is_sure`, what looks like code may be none,
        and so is not spared.
        """
        self.open_ticks = set(open_ticks)
        """Those, and the runs that this line leaves open."""
        self._text = text
        self._before = before
        self._policy = policy
        self._out: list[str] = []
        self._brackets: list[_Bracket] = []
        self._runs: list[Marks | None] = []
        found = [(m.start(), len(m.group())) for m in syntax.TICKS.finditer(text)]
        self._closers: dict[int, list[int]] = {}
        for start, length in reversed(found):
            self._closers.setdefault(length, []).append(start)
        self._is_sure = is_sure and open_ticks.isdisjoint(self._closers)
        self._ticks = "`" * (max([*open_ticks, *self._closers], default=0) + 1)

    def rewritten(self) -> str:
        """Return the line as it is shown."""
        at = self._define()
        text, out = self._text, self._out
        while (match := syntax.TOKEN.search(text, at)) is not None:
            if match.start() > at:
                out.append(text[at : match.start()])
            at = self._take(match)
        out.append(text[at:])
        for bracket in self._brackets:
            self._unmake_image(bracket)
        if self._is_sure:
            for place, run in spaced(self._runs).items():
                out[place] = run
        return "".join(out)

    def _define(self) -> int:
        """Read the definition of a link at the beginning; return where it ends."""
        match = None if self._before else syntax.DEFINITION.match(self._text)
        if match is None:
            return 0
        if self._policy.is_refused(syntax.bare(match["url"])):
            self._out += [match["label"], f"{WORD_JOINER}: "]
            self._add_code(syntax.bare(match["url"]), match.end())
        else:
            self._out.append(match.group())
        return match.end()

    def _take(self, match: re.Match[str]) -> int:
        """Add what a token becomes; return where it ends."""
        kind, end = match.lastgroup, match.end()
        if kind == "url":
            return self._take_url(match)
        if kind == "angle":
            return self._take_angle(match.start())
        if kind == "ticks":
            return self._take_ticks(match)
        if kind == "close":
            return self._take_close(end)
        self._note(match)
        self._out.append(match.group())
        return end

    def _note(self, match: re.Match[str]) -> None:
        """Remember a token that means something only with a later one."""
        kind = match.lastgroup
        if kind == "open":
            self._brackets.append(_Bracket(len(self._out), match.end()))
        elif kind == "bar":
            self._runs.append(None)
        elif kind == "marks":
            self._runs.append(self._marks(match))

    def _take_ticks(self, match: re.Match[str]) -> int:
        """Add a code span, or the backticks that begin none."""
        length = len(match.group())
        starts = self._closers.get(length, [])
        while starts and starts[-1] < match.end():
            starts.pop()
        end = match.end()
        if starts and self._is_sure:
            end = starts[-1] + length
        elif not starts or not self._is_sure:
            self.open_ticks.add(length)
        self._out.append(self._text[match.start() : end])
        return end

    def _take_close(self, end: int) -> int:
        """Add a `]` and the target behind it, if it closes something."""
        bracket = self._brackets.pop() if self._brackets else None
        target = syntax.TARGET.match(self._text, end)
        is_refused = target and self._policy.is_refused(syntax.bare(target["url"]))
        if target is not None and is_refused:
            self._refuse(bracket, target)
            return target.end()
        if target is not None and bracket is not None:
            self._link(bracket, target, self._text[end - 1 : target.end()])
            return target.end()
        self._out.append("]")
        angle = syntax.ANGLE_TARGET.match(self._text, end)
        if angle is not None:
            # A target that cannot be judged as a whole: it must not be one.
            self._out.append(angle.group() + WORD_JOINER)
            end = angle.end()
        if bracket is None:
            return end
        if syntax.REFERENCE.match(self._text, end) is None:
            self._unmake_image(bracket)
        elif self._out[bracket.at] == "![":
            self._out[bracket.at] = f"{self._guard(bracket)}["
        return end

    def _link(self, bracket: _Bracket, target: re.Match[str], source: str) -> None:
        """Add the end of a link or an image, or what stands for it."""
        out, url = self._out, syntax.bare(target["url"])
        for opener, closer, text in bracket.images:
            out[opener], out[closer] = "", text
        is_image = out[bracket.at] == "!["
        if not is_image:
            out.append(source)
            return
        out[bracket.at] = f"{self._guard(bracket)}["
        is_empty = not self._text[bracket.start : target.start() - 1].strip()
        if is_empty:
            out[bracket.at :] = [""]
        if self._brackets:
            place = (bracket.at, len(out), url if is_empty else "")
            self._brackets[-1].images.append(place)
        if not is_empty:
            out.append(f"]({target['url']})")
        elif _PLAIN.fullmatch(url):
            out.append(url)
        else:
            self._add_code(url, target.end())

    def _refuse(self, bracket: _Bracket | None, target: re.Match[str]) -> None:
        """Add the end of a link as a text and a code span."""
        out, url = self._out, syntax.bare(target["url"])
        if bracket is None:
            out.append("] ")
        else:
            label = self._text[bracket.start : target.start() - 1]
            out[bracket.at] = self._guard(bracket)
            if label.strip() == url:
                del out[bracket.at :]
                self._runs = [
                    run for run in self._runs if run is None or run.at < bracket.at
                ]
            elif label.strip():
                out.append(" ")
        self._add_code(url, target.end())

    def _take_angle(self, start: int) -> int:
        """Add an autolink, or the `<` that begins none."""
        text = self._text
        tag = syntax.TAG.match(text, start)
        if tag is not None and "`" in tag.group():
            # Its backticks begin no code, if Slack reads it.
            self._is_sure = False
        match = syntax.ANGLE.match(text, start)
        if match is None:
            self._out.append("<")
            return start + 1
        if not self._policy.is_refused(match["url"]):
            self._out.append(match.group())
        else:
            self._out.append(f"{match['label']} " if match["label"] else "")
            self._add_code(match["url"], match.end())
        return match.end()

    def _take_url(self, match: re.Match[str]) -> int:
        """Add a bare address."""
        whole = match["url"]
        stop = syntax.URL_STOP.search(whole)
        url = whole if stop is None else whole[: stop.start()]
        url = url.rstrip(syntax.URL_TAIL) or url
        if not self._policy.is_refused(url):
            is_link_end = stop is not None and self._ends_link(
                match.start() + stop.start()
            )
            if stop is None or is_link_end or not self._policy.is_refused(whole):
                self._out.append(url)
                return match.start() + len(url)
            url = whole
        end = match.start() + len(url)
        self._add_code(url, end)
        return end

    def _ends_link(self, at: int) -> bool:
        """Say whether the text of a link ends here, and no address goes on."""
        is_end = bool(self._brackets) and self._text[at] == "]"
        return is_end and syntax.TARGET.match(self._text, at + 1) is not None

    def _add_code(self, text: str, end: int) -> None:
        """Add a text as a code span that ends at `end` of the line.

        No other backticks may touch it or end it. Where they would have to be very many
        it gets a character that nobody sees behind each mark instead.
        """
        ticks = self._ticks
        if len(ticks) > _MAX_TICKS:
            self._out.append(_disjointed(text))
            return
        while ticks in text:
            ticks += "`"
        last = next((piece[-1] for piece in reversed(self._out) if piece), self._before)
        is_edged = text.startswith("`") or text.endswith("`")
        edge = " " if is_edged else ""
        lead = SPACE if last in ("`", "\\") else ""
        tail = SPACE if self._text.startswith("`", end) else ""
        self._out.append(f"{lead}{ticks}{edge}{text}{edge}{ticks}{tail}")

    def _guard(self, bracket: _Bracket) -> str:
        """Return what keeps a `!` before a bracket from beginning another image."""
        start = bracket.start - len(self._out[bracket.at])
        last = self._text[start - 1] if start > 0 else self._before
        return WORD_JOINER if last == "!" else ""

    def _unmake_image(self, bracket: _Bracket) -> None:
        """Let no image begin where its end is not known."""
        if self._out[bracket.at] == "![":
            self._out[bracket.at] = f"!{WORD_JOINER}["

    def _marks(self, match: re.Match[str]) -> Marks:
        text, start, end = self._text, match.start(), match.end()
        before = text[start - 1] if start else self._before
        behind = text[end : end + 1]
        if not behind and before and is_wide(before):
            # It may be a letter, and this has to fit then too.
            behind = SPACE
        return Marks(len(self._out), match.group(), before, behind)


def _disjointed(text: str) -> str:
    """Return an address that is no link, and neither begins nor ends one, or code."""
    apart = WORD_JOINER + text.replace("`", "%60")
    return _JOINTS.sub(rf"\g<0>{WORD_JOINER}", apart)
