"""Measure the chunkers against a floor: `python -m tests.benchmarks.chunking`.

The floor looks for a newline and keeps a list of parts, nothing else. Ratios of CPU
time count, medians of interleaved rounds. Files given as arguments are measured too:
how often rendering chunk by chunk is rendering the whole, and what is kept whole.
"""

import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.chunking import (
    UNLIMITED,
    BlockChunker,
    Chunk,
    LineChunker,
    SentenceChunker,
    utf8_bytes,
    utf16_units,
)

ROUNDS = 9
LIMIT = 11_000
GROWTH_LIMIT = 4_000
"""Texts of 10 kB reach it too: a cut has its price, in short texts and in long ones."""
SENTENCE_LIMIT = 250
COMMONMARK = MarkdownIt("commonmark").enable("table")
PROSE = (
    "The quick fox jumps over the dog. It was **not** amused, was it? See `code`. ",
    "Plain words follow each other here without any mark at all, e.g. this one. ",
    "これは日本語の文章です。句読点、括弧「はい。」なども含みます。",
    "もう一つの文があります！本当ですか？はい。",
)


class Pushing(Protocol):
    """What takes fragments."""

    def push(self, fragment: str) -> Sequence[object]: ...


class Floor:
    """The least that a splitter can do."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def push(self, fragment: str) -> Sequence[object]:
        if "\n" not in fragment:
            self.parts.append(fragment)
            return ()
        *ended, rest = fragment.split("\n")
        lines: list[str] = []
        for part in ended:
            lines.append("".join([*self.parts, part, "\n"]))
            self.parts = []
        self.parts = [rest] if rest else []
        return lines


MAKES: dict[str, Callable[[], Pushing]] = {
    "floor": Floor,
    "lines": lambda: LineChunker(LIMIT),
    "blocks, hold=lines": lambda: BlockChunker(LIMIT),
    "blocks, hold=whole": lambda: BlockChunker(LIMIT, hold="whole"),
    "sentences": lambda: SentenceChunker(SENTENCE_LIMIT),
    "lines, UTF-8": lambda: LineChunker(LIMIT, length=utf8_bytes),
    "blocks, UTF-8": lambda: BlockChunker(LIMIT, length=utf8_bytes),
    "blocks, UTF-16": lambda: BlockChunker(LIMIT, length=utf16_units),
}
GROWING: dict[str, Callable[[], Pushing]] = {
    "lines": lambda: LineChunker(GROWTH_LIMIT),
    "blocks, hold=lines": lambda: BlockChunker(GROWTH_LIMIT),
    "blocks, hold=whole": lambda: BlockChunker(GROWTH_LIMIT, hold="whole"),
    "sentences": MAKES["sentences"],
}
TARGETS = {
    "lines": 2.7,
    "blocks, hold=lines": 6.0,
    "blocks, hold=whole": 6.0,
    "sentences": 5.0,
}


def mixed(chars: int, chance: random.Random) -> str:
    """Return prose, lists, code, headings and tables, English and Japanese."""
    parts: list[str] = []
    size = 0
    while size < chars:
        kind = chance.random()
        if kind < 0.5:
            block = "".join(chance.choices(PROSE, k=chance.randint(1, 5)))
        elif kind < 0.7:
            block = "\n".join(f"- **Item**: {chance.choice(PROSE)}" for _ in range(4))
        elif kind < 0.85:
            block = "```python\n" + "    value = compute(key='x')  # step\n" * 9 + "```"
        elif kind < 0.92:
            block = "## A heading"
        else:
            block = "| name | value |\n|---|---|\n" + "| row | 3 |\n" * 6
        parts.append(f"{block}\n\n")
        size += len(block) + 2
    return "".join(parts)[:chars]


def fragments(text: str, chance: random.Random) -> list[str]:
    """Return a text in fragments of one to five characters."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        end = at + chance.randint(1, 5)
        parts.append(text[at:end])
        at = end
    return parts


def cost_ns(make: Callable[[], Pushing], parts: Sequence[str]) -> float:
    """Return the CPU time per fragment."""
    push = make().push
    begun = time.process_time_ns()
    for part in parts:
        push(part)
    return (time.process_time_ns() - begun) / len(parts)


def measure_speed(chance: random.Random) -> None:
    parts = fragments(mixed(1_000_000, chance), chance)
    costs: dict[str, list[float]] = {name: [] for name in MAKES}
    for _ in range(ROUNDS):
        for name, make in MAKES.items():
            costs[name].append(cost_ns(make, parts))
    show(f"1 MB of mixed documents, {len(parts)} fragments, {ROUNDS} rounds")
    for name in MAKES:
        median = statistics.median(costs[name])
        pairs = zip(costs[name], costs["floor"], strict=True)
        ratio = statistics.median(cost / floor for cost, floor in pairs)
        target = f" (at most {TARGETS[name]}x)" if name in TARGETS else ""
        show(f"  {name:20} {median:6.0f} ns a fragment, {ratio:.2f}x{target}")


def measure_growth(chance: random.Random) -> None:
    small = mixed(10_000, chance)
    texts = {
        "mixed, 1 MB": (small, small * 100),
        "no newline, 100 kB": ("a1B/" * 2_500, "a1B/" * 25_000),
        "code, 100 kB": ("```\n" + "x = 1\n" * 1_600, "```\n" + "x = 1\n" * 16_000),
        "a table, 100 kB": (
            "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 1_000,
            "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 10_000,
        ),
    }
    show(
        f"CPU per fragment, against 10 kB of the same (at most 1.3x), with a limit of"
        f" {GROWTH_LIMIT}, sentences of {SENTENCE_LIMIT}"
    )
    for label, (short, long) in texts.items():
        ratios: list[str] = []
        pieces = fragments(short, chance), fragments(long, chance)
        for name, make in GROWING.items():
            rounds = [[cost_ns(make, p) for p in pieces] for _ in range(ROUNDS)]
            ratio = statistics.median(most / least for least, most in rounds)
            ratios.append(f"{name} {ratio:.2f}x")
        show(f"  {label:20} {', '.join(ratios)}")


def latencies(
    make: Callable[[], Pushing], parts: Sequence[str], ends: Sequence[int]
) -> list[int]:
    """Return how many fragments each place waits, from its own to its chunk's."""
    chunker = make()
    came: dict[int, int] = {}
    waits: list[int] = []
    size = left = seen = passed = 0
    for number, part in enumerate(parts):
        size += len(part)
        while passed < len(ends) and ends[passed] <= size:
            came[ends[passed]] = number
            passed += 1
        left += sum(len(chunk.body) for chunk in pushed(chunker, part))
        while seen < passed and ends[seen] <= left:
            waits.append(number - came[ends[seen]])
            seen += 1
    return waits


def pushed(chunker: Pushing, part: str) -> list[Chunk]:
    return [chunk for chunk in chunker.push(part) if isinstance(chunk, Chunk)]


def places(pattern: str, text: str) -> list[int]:
    return [match.end() for match in re.finditer(pattern, text, re.MULTILINE)]


def measure_latency(chance: random.Random) -> None:
    text = mixed(300_000, chance)
    parts = fragments(text, chance)
    prose = "".join(chance.choices(PROSE[:2], k=2_000))
    spoken = "".join(chance.choices(PROSE[2:], k=2_000))
    lines, sentences = MAKES["lines"], MAKES["sentences"]
    rows: dict[str, list[int]] = {
        "lines, every line but blank ones and headers": latencies(
            lines, parts, places(r"^(?!\| name ).*\S\n", text)
        ),
        "lines, headers of tables": latencies(
            lines, parts, places(r"^\| name .*\n", text)
        ),
        "sentences, 。！？ outside brackets": latencies(
            sentences, fragments(spoken, chance), places(r"[。！？](?!」)", spoken)
        ),
        "sentences, Latin": latencies(
            sentences, fragments(prose, chance), places(r"(?<!e\.g)[.?](?= )", prose)
        ),
    }
    show("Fragments between what completes a place and its chunk")
    for label, waits in rows.items():
        ranked = sorted(waits)
        p50, p95 = ranked[len(ranked) // 2], ranked[len(ranked) * 95 // 100]
        show(f"  {label:45} p50 {p50}, p95 {p95}, max {ranked[-1]} of {len(ranked)}")


def rendered(chunks: Sequence[Chunk]) -> str:
    return "".join(COMMONMARK.render(chunk.text) for chunk in chunks)


def chunked(text: str, limit: int) -> list[Chunk]:
    chunker = BlockChunker(limit, hold="whole")
    return [*chunker.push(text), *chunker.finish()]


def counted(tokens: Sequence[Token]) -> dict[str, int]:
    """Return how many fences, tables and top-level lists there are."""
    return {
        "fences": sum(t.type == "fence" for t in tokens),
        "tables": sum(t.type == "table_open" for t in tokens),
        "lists": sum(t.type.endswith("list_open") and t.level == 0 for t in tokens),
    }


def measure_files(paths: Sequence[str]) -> None:
    texts = [Path(path).read_text("utf-8", "replace") for path in paths]
    plain = [text for text in texts if not has_definitions(text)]
    equal = sum(
        rendered(chunked(text, UNLIMITED)) == COMMONMARK.render(text) for text in plain
    )
    show(f"{len(texts)} files, {len(plain)} without definitions: {equal} render equal")
    for limit in (4_000, 12_000):
        show(f"  limit {limit}: {kept_whole(texts, limit)}")


def has_definitions(text: str) -> bool:
    environment: dict[str, object] = {}
    COMMONMARK.parse(text, environment)
    return bool(environment.get("references"))


def kept_whole(texts: Sequence[str], limit: int) -> str:
    """Say how many blocks are whole: what is cut adds one block for each part."""
    whole = dict.fromkeys(("fences", "tables", "lists"), 0)
    parts = dict.fromkeys(whole, 0)
    for text in texts:
        for kind, number in counted(COMMONMARK.parse(text)).items():
            whole[kind] += number
        for chunk in chunked(text, limit):
            for kind, number in counted(COMMONMARK.parse(chunk.text)).items():
                parts[kind] += number
    return ", ".join(f"{whole[k]} {k} in {parts[k]} parts" for k in whole)


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    chance = random.Random(20261122)  # noqa: S311 - not for secrets
    if paths := sys.argv[1:]:
        measure_files(paths)
        return
    measure_speed(chance)
    measure_growth(chance)
    measure_latency(chance)


if __name__ == "__main__":
    main()
