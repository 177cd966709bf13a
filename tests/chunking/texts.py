"""Markdown texts for properties of the chunkers, and ways to feed them."""

from collections.abc import Sequence
from typing import Protocol

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.chunking import UNLIMITED, Chunk, utf8_bytes, utf16_units

COMMONMARK = MarkdownIt("commonmark").enable("table")
LIMITS = st.one_of(st.integers(64, 400), st.integers(64, 11_000), st.just(UNLIMITED))
"""Small ones are cut often."""
LENGTHS = st.sampled_from([len, utf8_bytes, utf16_units])

_LINE_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "", " "])
_PIECES = st.one_of(
    st.sampled_from(
        [
            *("- item", "1. one", "2) two", "  - sub", "    deep", "\tx", "* * *"),
            *("| a | b |", "|---|---|", "a | b", "---", "===", "# Title", "> quote"),
            *("> - x", "<div>", "</div>", "<!-- c", "-->", "$$", "\\[", "\\]"),
            *("```", "```py", "~~~", "````", "  ```", "      ```", "> ```", "- ```"),
            *("[foo]: /url", "[foo]", "[l](http://x.y/z)", "**bold", "b*", "`", "]("),
        ]
    ),
    st.text(
        st.sampled_from(
            "ab. `~\t\r\0あ漢。「」🎉é\u00a0\u2028\u3000\u202e\ud83d\udc00"
        ),
        max_size=40,
    ),
    st.integers(30, 500).map("word ".__mul__),
    st.integers(30, 500).map("字".__mul__),
    st.integers(2, 200).map(" ".__mul__),
    st.integers(2, 200).map("\n".__mul__),
    st.integers(17, 90).map("`".__mul__),
)
anything = st.lists(st.tuples(_PIECES, _LINE_ENDS).map("".join), max_size=25).map(
    "".join
)
"""Text of every kind, Markdown or not."""

_WORDS = st.lists(
    st.sampled_from(
        [
            *(
                "word",
                "two words",
                "漢字。",
                "e.g. this",
                "Done.",
                "3.14",
                "snake_case",
            ),
            *("**bold**", "*em*", "`code`", "[link](http://x.y)", "<b>tag</b>", "5*3"),
            *("2 * 3", "a & b", "`` ` ``", "[x]", "\\*", "_a_", "~~no~~", "🎉👨‍👩‍👧"),
        ]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)
_PARAGRAPHS = st.lists(_WORDS.map("p {}".format), min_size=1, max_size=4).map("\n".join)
_CODE_LINES = st.lists(
    st.sampled_from(
        ["x = 1", "", "    deep", "- no item", "# no title", "| a |", "``"]
    ),
    max_size=6,
)


def _indented(text: str, indent: str, first: str) -> str:
    head, *rest = text.split("\n")
    return "\n".join([first + head, *(indent + line if line else "" for line in rest)])


@st.composite
def _fences(draw: st.DrawFn) -> str:
    marker = draw(st.sampled_from(["```", "~~~", "````"]))
    info = draw(st.sampled_from(["", "py", " js title"]))
    return "\n".join([marker + info, *draw(_CODE_LINES), marker])


@st.composite
def _tables(draw: st.DrawFn) -> str:
    rows = draw(st.lists(_WORDS.map("| {} | b |".format), max_size=6))
    return "\n".join(["| a | b |", "|---|:-:|", *rows])


@st.composite
def _lists(draw: st.DrawFn) -> str:
    marker = draw(st.sampled_from(["-", "*", "1.", "2)"]))
    gap = draw(st.sampled_from(["\n", "\n\n"]))
    inside = st.one_of(_WORDS, _PARAGRAPHS, _fences(), _items_with_children())
    items = draw(st.lists(inside, min_size=1, max_size=4))
    indent = " " * (len(marker) + 1)
    return gap.join(_indented(item, indent, f"{marker} ") for item in items)


def _items_with_children() -> st.SearchStrategy[str]:
    return st.tuples(_WORDS, st.sampled_from(["-", "1)"]), _WORDS).map(
        lambda parts: f"{parts[0]}\n{parts[1]} {parts[2]}\n{parts[1]} other"
    )


_BLOCKS = st.one_of(
    _PARAGRAPHS,
    _fences(),
    _tables(),
    _lists(),
    _lists(),
    st.one_of(_PARAGRAPHS, _fences(), _lists()).map(
        lambda text: _indented(text, "> ", "> ")
    ),
    _WORDS.map("## {}".format),
    _WORDS.map("{}\n===".format),
    st.sampled_from(["***", "<div>\n*html*\n</div>", "<!-- a\n\nb -->"]),
    st.sampled_from(["    code\n\n    more", "$$\na\n- b\n$$", "\\[\nx\n\\]"]),
)
TABLES = st.lists(st.one_of(_tables(), _PARAGRAPHS), max_size=4).map("\n\n".join)
_GAPS = st.sampled_from(["\n", "\n\n", "\n\n", "\n\n\n"])


def documents() -> st.SearchStrategy[str]:
    """Return Markdown of whole blocks; CommonMark decides what they make together."""
    return st.lists(st.tuples(_BLOCKS, _GAPS).map("".join), max_size=8).map("".join)


def begun_documents() -> st.SearchStrategy[str]:
    """Return the same with blank lines between all blocks, and perhaps no end.

    Without blank lines the number of a list may be text that a cut makes a list, and
    HTML over the limit takes in a fence that its rest, a chunk later, shows as code.
    """
    text = st.lists(_BLOCKS.map("{}\n\n".format), max_size=8).map("".join)
    return st.tuples(text, st.integers(0, 40)).map(_begun)


def _begun(drawn: tuple[str, int]) -> str:
    text, left_out = drawn
    return text[: max(len(text) - left_out, 0)]


class Chunker(Protocol):
    """Any of the three."""

    def push(self, fragment: str) -> tuple[Chunk, ...]: ...
    def finish(self) -> tuple[Chunk, ...]: ...


def chunks_of(chunker: Chunker, fragments: Sequence[str]) -> list[Chunk]:
    """Return all chunks of a text that comes in these fragments."""
    pushed = [chunk for part in fragments for chunk in chunker.push(part)]
    return [*pushed, *chunker.finish()]


def split_at(text: str, places: Sequence[int]) -> list[str]:
    """Return the text in fragments, some of them empty, cut at these places."""
    stops = sorted(place % (len(text) + 1) for place in places)
    return [text[a:b] for a, b in zip([0, *stops], [*stops, len(text)], strict=True)]


def code_of(text: str) -> str:
    """Return what stands in the fenced blocks, one behind the other."""
    return "".join(t.content for t in COMMONMARK.parse(text) if t.type == "fence")


def leaves_a_fence_open(text: str) -> bool:
    tokens = COMMONMARK.parse(f"{text}\n\nbehind")
    return any(t.type == "fence" and "behind" in t.content for t in tokens)


def lists_of(text: str) -> list[tuple[str, str]]:
    """Return each top-level list: with the headings that lead it, and by itself."""
    lines = text.splitlines(keepends=True)
    found: list[tuple[str, str]] = []
    led_from: int | None = None
    for token in COMMONMARK.parse(text):
        if token.level or token.map is None:
            continue
        begin, end = token.map
        start = begin if led_from is None else led_from
        led_from = start if token.type == "heading_open" else None
        if token.type.endswith("_list_open"):
            itself = "".join(lines[begin:end]).rstrip("\n")
            found.append(("".join(lines[start:end]), itself))
    return found
