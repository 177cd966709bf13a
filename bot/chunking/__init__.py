from bot.chunking.blocks import BlockChunker
from bot.chunking.chunk import Chunk, joined

__all__ = ["BlockChunker", "Chunk", "joined"]
