"""Markdown-like texts for properties of the chunker, and ways to split them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from bot.chunking import BlockChunker, Chunk

LIMITS = st.one_of(st.integers(64, 400), st.integers(64, 11_000))
"""Small ones are cut often."""

_LINE_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", ""])
_INDENTS = st.sampled_from(["", "", " ", "   ", "    ", "\t", "      "])
_MARKERS = st.sampled_from(["```", "~~~", "````", "~~~~~", "``"])
_INFOS = st.sampled_from(["", "", "py", " js title", "c++", "a`b"])
_WORDS = st.one_of(
    st.sampled_from(
        ["- item", "1. one", "| a | b |", "|---|---|", "# Title", "`code`", "> quote"]
    ),
    st.text(
        st.sampled_from("ab  `~\t\r\0あ漢。🎉é\u00a0\u2028\ud83d\udc00"), max_size=40
    ),
    st.integers(30, 500).map("word ".__mul__),
    st.integers(30, 500).map("字".__mul__),
    st.integers(2, 200).map(" ".__mul__),
    st.integers(2, 200).map("\n".__mul__),
)
_FENCES = st.builds(lambda *parts: "".join(parts), _INDENTS, _MARKERS, _INFOS)

markdown = st.lists(
    st.tuples(st.one_of(_WORDS, _WORDS, _FENCES), _LINE_ENDS).map("".join), max_size=25
).map("".join)

_SHORT_LINES = st.text(st.sampled_from("ab cあ🎉\0|"), max_size=20)
_PARAGRAPHS = st.one_of(
    _SHORT_LINES.map(lambda line: f"p{line}\n"), st.just("\n"), st.just("\n\n")
)


@st.composite
def _block(draw: st.DrawFn) -> str:
    """Draw a fenced block outside any container, as CommonMark reads it too."""
    indents = st.sampled_from(["", " ", "   "])
    marker = draw(st.sampled_from(["```", "~~~", "````"]))
    inside = st.one_of(
        _SHORT_LINES, st.sampled_from(["``", "~~", "    deep", "- a", f"{marker} x"])
    )
    lines = draw(st.lists(inside, max_size=12))
    info = draw(st.sampled_from(["", "py", " js"]))
    opener = draw(indents) + marker + info
    closer = draw(indents) + marker + draw(st.sampled_from(["", marker[0], "  "]))
    return "".join(f"{line}\n" for line in (opener, *lines, closer))


documents = st.lists(st.one_of(_PARAGRAPHS, _block()), max_size=12).map("".join)
"""Markdown that CommonMark and the chunker read alike; may be cut at any place."""


def chunks_of(fragments: Sequence[str], limit_chars: int) -> tuple[Chunk, ...]:
    """Return all chunks of a text that comes in these fragments."""
    chunker = BlockChunker(limit_chars)
    pushed = [chunk for part in fragments for chunk in chunker.push(part)]
    return (*pushed, *chunker.finish())


def split_at(text: str, places: Sequence[int]) -> list[str]:
    """Return the text in fragments, some of them empty, cut at these places."""
    stops = sorted(place % (len(text) + 1) for place in places)
    return [text[a:b] for a, b in zip([0, *stops], [*stops, len(text)], strict=True)]
