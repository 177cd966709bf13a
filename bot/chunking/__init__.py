"""Pure text: fragments of a model's answer go in, chunks that people can read come out.

`LineChunker` lets out every completed line, for one message that grows; `BlockChunker`
makes chunks that are messages of their own, by lines or by whole blocks of Markdown;
`SentenceChunker` makes sentences where a paragraph runs long, or to be spoken: then
`spoken` gives the words of each. All are fed with `push(fragment)`, ended with
`finish()`, and give tuples of `Chunk`. A limit is a number and a function that
measures text: `len`, `utf8_bytes`, `utf16_units`, or any whose values add up.
Wrong use raises a `ChunkingError`.

Who lays lines out on messages alone reads them with `MarkdownState`: `closing` and
`reopening` give what a cut needs before and behind it.

Nothing here waits, reads a clock or knows where the chunks go, so a chunker can be
lifted out of Linefeed as it is.
"""

from bot.chunking.blocks import BlockChunker, Hold
from bot.chunking.chunk import Chunk, joined
from bot.chunking.errors import ChunkingError, FinishedError, LimitError
from bot.chunking.limit import (
    MIN_LIMIT,
    UNLIMITED,
    Length,
    fitting_chars,
    utf8_bytes,
    utf16_units,
)
from bot.chunking.lines import LineChunker
from bot.chunking.markdown import MarkdownState
from bot.chunking.resumption import closing, reopening
from bot.chunking.seam import Seam
from bot.chunking.sentence import Sentence
from bot.chunking.sentences import SentenceChunker
from bot.chunking.speech import spoken
from bot.chunking.split import lines_of

__all__ = [
    "MIN_LIMIT",
    "UNLIMITED",
    "BlockChunker",
    "Chunk",
    "ChunkingError",
    "FinishedError",
    "Hold",
    "Length",
    "LimitError",
    "LineChunker",
    "MarkdownState",
    "Seam",
    "Sentence",
    "SentenceChunker",
    "closing",
    "fitting_chars",
    "joined",
    "lines_of",
    "reopening",
    "spoken",
    "utf8_bytes",
    "utf16_units",
]
