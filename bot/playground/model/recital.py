"""The offline model's words: what it answers to whom, decided from the messages alone.

Pure but for the samples, which are read once from the package.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from bot.playground.model.summary import kept

CONTINUE_MARK = "Continue exactly behind this beginning:"
"""A line in a person's message; all text behind it is the beginning of the answer."""

GO_ON = re.compile(r"\bGo on exactly behind its last character\b")
"""In a person's message: the assistant's message before it is the beginning."""

MAX_SUMMARY_CHARS = 600
"""So that a memory of summaries stays bounded, however long the thread."""

MAX_COUNT = 1_000
QUOTE_CHARS = 60
SUMMARY_WORDS_CHARS = 40
RECALLED_CHARS = 400


@dataclass(frozen=True, slots=True)
class ModelMessage:
    """One message of a prompt."""

    role: str
    """`system`, `user` or `assistant`."""
    text: str


@dataclass(frozen=True, slots=True)
class _Topic:
    sample: str
    pattern: re.Pattern[str]


def _topic(sample: str, english: str, japanese: str) -> _Topic:
    return _Topic(sample, re.compile(rf"\b(?:{english})\b|{japanese}", re.IGNORECASE))


# The first that matches is recited, so that "a nested list" comes before "a list".
_TOPICS = (
    _topic("nested", r"nested|outline|sub-?lists?", "入れ子"),
    _topic("table", r"tables?|compare|comparison", "表(?!示|現|情)|比較"),
    _topic("code", r"code|python|program|function|script", "コード|プログラム"),
    _topic("long", r"long|longer|essay|everything", "長い|長文"),
    _topic("list", r"lists?|bullets?|steps?", "箇条書き|リスト"),
    _topic("japanese", r"japanese|nihongo", "日本語"),
    _topic("short", r"short|haiku|brief|one line", "俳句|短い|短く"),
    _topic("prose", r"prose|text|story|explain|paragraphs?|lines", "文章|説明"),
)

_SPEAKER = re.compile(r"\[([^\]\n]{1,80})\] ")
_ECHO = re.compile(
    r"\s*(?:(?:<@\w+>|@\w+|please)[\s,:]*)*echo\b:?(?:[ \t]*\n|[ \t])?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_COUNT = re.compile(
    r"\bcount (?:up )?to (\d{1,6})\b|(\d{1,6}) ?まで数えて", re.IGNORECASE
)
_REMEMBER = re.compile(
    r"\bremember\b|\bwhat (?:did|have) I (?:say|said|ask|asked)\b|\bmy first\b"
    r"|覚えて|最初に",
    re.IGNORECASE,
)
_RECALL = re.compile(r"\brecall (\w[\w-]*)", re.IGNORECASE)
_SUMMARIZE = re.compile(r"\bsummar(?:y|ize|ise)\b|要約", re.IGNORECASE)
_KEEPS_MEMORY = re.compile(r"\bmaintain the memory of\b", re.IGNORECASE)


def recite(messages: Sequence[ModelMessage]) -> str:
    """Return the whole answer, or its exact rest where a beginning is given.

    A beginning is the last message if that is the assistant's, or the one before
    `GO_ON`, or the text behind `CONTINUE_MARK` in it. The rest of a complete answer is
    empty.
    """
    talk = [message for message in messages if message.role != "system"]
    orders = "\n".join(m.text for m in messages if m.role == "system")
    if _KEEPS_MEMORY.search(orders):
        data = talk[0].text if talk else ""
        memory = kept(orders, data)
        return _summary(talk) if memory is None else memory
    if talk and (recall := _RECALL.search(talk[-1].text)):
        return _recalled(recall[1], messages[:-1])
    if not talk:
        return _answer("", ())
    last = talk[-1]
    if (asked := begun(talk)) is not None:
        return _rest(talk[len(asked)].text, asked)
    before, mark, beginning = last.text.partition(CONTINUE_MARK + "\n")
    if mark:
        asked = [*talk[:-1], ModelMessage("user", before.rstrip("\n"))]
        return _rest(beginning, asked)
    return _answer(last.text, talk[:-1])


def begun(messages: Sequence[ModelMessage]) -> Sequence[ModelMessage] | None:
    """Return what was asked before a beginning that is a message, if there is one.

    The message behind what was asked is the beginning.
    """
    end = len(messages)
    if messages and GO_ON.search(messages[-1].text):
        end -= 1
    if end and messages[end - 1].role == "assistant":
        return messages[: end - 1]
    return None


def _rest(beginning: str, asked: Sequence[ModelMessage]) -> str:
    """Return what follows `beginning` in the answer to the newest fitting question."""
    for index in range(len(asked) - 1, -1, -1):
        if asked[index].role == "user":
            answer = _answer(asked[index].text, asked[:index])
            if answer.startswith(beginning):
                return answer[len(beginning) :]
    return "\n\nThat beginning is not mine: I am the offline model and cannot go on.\n"


def _answer(question: str, earlier: Sequence[ModelMessage]) -> str:
    _, text = _speaker_and_text(question)
    if (echo := _ECHO.fullmatch(text)) and echo[1]:
        return echo[1]
    if count := _COUNT.search(text):
        last = min(int(count[1] or count[2]), MAX_COUNT)
        return "\n".join(str(number) for number in range(1, last + 1))
    if _REMEMBER.search(text):
        return _memory(earlier)
    if _SUMMARIZE.search(text):
        return _summary(earlier)
    for topic in _TOPICS:
        if topic.pattern.search(text):
            return _sample(topic.sample)
    return _introduction(text, earlier)


def _introduction(text: str, earlier: Sequence[ModelMessage]) -> str:
    quote = f"You said “{_cut(text, QUOTE_CHARS)}”.\n\n" if text.strip() else ""
    said = "I am the offline model: I recite samples, I do not think.\n\n"
    return f"{said}{quote}{_sample('menu')}\n\n{_memory(earlier)}"


def _memory(earlier: Sequence[ModelMessage]) -> str:
    first = next((m.text for m in earlier if m.role == "user"), None)
    if first is None:
        return "I was given no earlier message of this thread."
    speaker, text = _speaker_and_text(first)
    who = f"{speaker} asked" if speaker else "it began with"
    count = f"{len(earlier)} earlier message" + ("s" if len(earlier) > 1 else "")
    quote = _cut(text, QUOTE_CHARS)
    return f"I was given {count} of this thread; first, {who}: “{quote}”."


def _recalled(word: str, known: Sequence[ModelMessage]) -> str:
    """Quote what the prompt holds of a word, in instructions and memory too."""
    lines = [line for message in known for line in message.text.splitlines()]
    found = [line for line in lines if word.lower() in line.lower()]
    quotes = "\n".join(f"- {_cut(line, RECALLED_CHARS)}" for line in found)
    return f"I was given:\n\n{quotes}" if found else f"I was given nothing of {word}."


def _summary(talk: Sequence[ModelMessage]) -> str:
    """List who spoke and the first words of each message, the oldest first."""
    if not talk:
        return "Nothing was said yet."
    lines = list[str]()
    for message in talk:
        speaker, text = _speaker_and_text(message.text)
        who = speaker or ("Linefeed" if message.role == "assistant" else "someone")
        lines.append(f"- {who}: {_cut(text, SUMMARY_WORDS_CHARS)}")
    return _cut("\n".join(lines), MAX_SUMMARY_CHARS, is_one_line=False)


def _speaker_and_text(text: str) -> tuple[str, str]:
    """Part `[ana] hello` into its two halves; the speaker may be missing."""
    if prefix := _SPEAKER.match(text):
        return prefix[1], text[prefix.end() :]
    return "", text


def _cut(text: str, max_chars: int, *, is_one_line: bool = True) -> str:
    shown = " ".join(text.split()) if is_one_line else text
    return shown if len(shown) <= max_chars else shown[: max_chars - 1] + "…"


@cache
def _sample(name: str) -> str:
    path = resources.files("bot.playground.model") / "samples" / f"{name}.md"
    return path.read_text(encoding="utf-8").rstrip("\n")
