"""Pure text: fragments of a model's answer go in, chunks of whole lines come out.

Nothing here waits, reads a clock or knows where the chunks go, so a chunker can be
lifted out of Linefeed as it is.
"""

from bot.chunking.blocks import BlockChunker
from bot.chunking.chunk import Chunk, joined

__all__ = ["BlockChunker", "Chunk", "joined"]
