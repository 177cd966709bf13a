"""One reply's waiting lines: everything becomes messages, once and in order."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chunking import Chunk, LineChunker
from bot.conversation.ports import DeliveryError
from bot.slack.api.refusals import MISSING
from bot.slack.api.web import RefusedError
from bot.slack.delivery.lines import LinesWriter
from bot.slack.delivery.outlet import ReplyOutlet
from bot.slack.delivery.poster import Post, Source
from bot.slack.text.limits import (
    MAX_BLOCKS,
    MAX_MARKDOWN_CHARS,
    MAX_PLAIN_CHARS,
    estimated_blocks,
    has_table,
)
from tests.chunking.texts import leaves_a_fence_open
from tests.long import examples
from tests.slack.delivery.test_outlet import TURN

REFUSED = RefusedError("invalid_blocks")
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"
LINES = st.text(st.sampled_from("ab&é漢 "), max_size=9)
SIZES = st.sampled_from([1, 1, 1, 100, 400, 1_250])


@st.composite
def pieces(draw: st.DrawFn) -> list[str]:
    """Draw lines as they come from the core."""
    lines = draw(st.lists(st.tuples(LINES, SIZES), max_size=12))
    chunker = LineChunker(3_000)
    chunks = chunker.push("\n".join(line * times for line, times in lines))
    return [chunk.text for chunk in (*chunks, *chunker.finish())]


class Reply:
    """A writer of lines, who is ready, and the messages that it gave."""

    def __init__(self) -> None:
        self.ready: list[Source] = []
        self.done = 0
        self.outlet = ReplyOutlet(TURN, 0, lambda _: self.writer)
        self.writer = LinesWriter(self.outlet, self.ready.append, done=self._do)
        self.outlet.write_with(self.writer)

    def _do(self) -> None:
        self.done += 1

    def add(self, *texts: str) -> None:
        for text in texts:
            self.writer.add(text)

    def stored(self) -> list[str]:
        """Store all that waits; return the texts."""
        texts: list[str] = []
        while self.writer.has_text:
            texts.append(self.writer.take().text)
            self.writer.stored(f"1.{len(texts)}")
        return texts


@pytest.fixture
def reply() -> Reply:
    return Reply()


def visible(text: str) -> str:
    return "".join(text.split())


def delivered(reply: Reply, coming: list[str], data: st.DataObject) -> list[Post]:
    """Let a reply come and be posted in a drawn order, with a few troubles."""
    writer, troubles = reply.writer, 3
    stored: list[Post] = []
    while coming or writer.has_text:
        if not writer.has_text or (coming and data.draw(st.booleans())):
            writer.add(coming.pop(0))
            if not coming:
                writer.end()
            continue
        post = writer.take()
        outcome = data.draw(st.sampled_from(["stored", "give_back", "refused"]))
        if troubles and outcome == "give_back":
            writer.give_back()
        elif troubles and outcome == "refused" and not post.is_plain:
            writer.refused(post, REFUSED)
        else:
            writer.stored("1.1")
            stored.append(post)
        troubles -= outcome != "stored"
    return stored


@settings(max_examples=examples(40, 2000))
@given(pieces(), st.data())
def test_all_is_posted_once_and_in_order_whatever_happens(
    sent: list[str], data: st.DataObject
) -> None:
    reply = Reply()

    posts = delivered(reply, list(sent), data)

    text = "".join(sent)
    assert all(visible(post.text) for post in posts)
    assert all(
        len(post.text) <= (MAX_PLAIN_CHARS if post.is_plain else 11_000)
        for post in posts
    )
    assert visible("".join(post.text for post in posts)) == visible(text)
    assert "".join(post.source for post in posts).rstrip() == text.rstrip()
    assert [post.seq for post in posts] == sorted({post.seq for post in posts})
    assert reply.done == bool(sent)


def test_neighbouring_lines_share_a_message_up_to_the_limit(reply: Reply) -> None:
    reply.add(*["x" * 4_999 + "\n"] * 3)

    assert len(reply.writer.take().text) == 9_999


def test_blocks_share_a_message_up_to_what_slack_takes(reply: Reply) -> None:
    reply.add(*(f"Part {n}\n\n---\n\n" for n in range(40)))
    reply.writer.end()

    texts = reply.stored()
    assert "Part 39" in texts[-1]
    assert max(map(estimated_blocks, texts)) <= MAX_BLOCKS


def test_two_tables_never_share_a_message(reply: Reply) -> None:
    reply.add("Before.\n\n", TABLE, "\n", "and\n", "\n", TABLE, "\nBehind.\n")
    reply.writer.end()

    texts = reply.stored()
    assert [has_table(text) for text in texts] == [True, True]
    assert visible("".join(texts)) == visible(f"Before.{TABLE}and{TABLE}Behind.")


def test_each_piece_of_a_long_table_is_one_table_of_few_rows(reply: Reply) -> None:
    rows = "".join(f"| {n} | {'x' * 60} |\n" for n in range(200))
    reply.add(TABLE, rows)
    reply.writer.end()

    texts = reply.stored()
    assert all(text.count("|---|---|") == 1 for text in texts)
    assert all(text.count("\n") <= 100 for text in texts)
    assert "| 199 |" in texts[-1]


def test_a_long_code_block_is_closed_and_opened_again(reply: Reply) -> None:
    code = "".join(f"value_{n} = {n}\n" for n in range(900))
    reply.add("```py\n", code, "```\n")
    reply.writer.end()

    texts = reply.stored()
    assert len(texts) > 1
    assert not any(map(leaves_a_fence_open, texts))
    assert all(text.startswith("```py\n") for text in texts)


def test_white_space_alone_is_no_message(reply: Reply) -> None:
    reply.add(" \n", "\n")
    reply.writer.end()

    assert not reply.writer.has_text
    assert (reply.ready, reply.done) == ([], 1)


def test_white_space_waits_for_the_line_behind_it(reply: Reply) -> None:
    reply.add("\n", "line\n")

    assert reply.ready == [reply.writer]
    post = reply.writer.take()
    assert (post.text, post.source) == ("line", "\nline\n")


def test_a_post_calls_nobody(reply: Reply) -> None:
    reply.add("<!channel> <@U1>\n")

    text = reply.writer.take().text
    assert "<!channel>" not in text
    assert "<@U1>" not in text


def test_what_grows_too_long_where_it_is_made_harmless_is_divided(
    reply: Reply,
) -> None:
    reply.add("\n", "<@U1> " * 1_800 + "\n", "<@U2> " * 1_800 + "\n")
    reply.writer.end()

    posts: list[Post] = []
    while reply.writer.has_text:
        posts.append(reply.writer.take())
        reply.writer.stored("1.1")
    assert max(len(post.text) for post in posts) <= MAX_MARKDOWN_CHARS
    sources = "".join(post.source for post in posts)
    assert sources == "\n" + "<@U1> " * 1_800 + "\n" + "<@U2> " * 1_800 + "\n"


def test_a_remark_closes_what_is_open_and_stands_apart(reply: Reply) -> None:
    reply.add("one\n", "```py\n", "x = 1\n")
    reply.writer.remark("I was interrupted.")
    reply.add("two\n")

    texts = reply.stored()
    assert visible("".join(texts)) == "one```pyx=1```_Iwasinterrupted._two"


def test_a_remark_is_none_of_the_models_words(reply: Reply) -> None:
    reply.writer.remark("Aha.")

    assert reply.writer.take().source.strip() in {"", "_Aha._"}


def test_what_is_given_back_goes_first(reply: Reply) -> None:
    reply.add("one\n")
    reply.writer.take()
    reply.add("two\n")

    reply.writer.give_back()

    assert reply.writer.take() == Post(1, "one\ntwo", "one\ntwo\n")


def test_while_a_message_is_on_its_way_there_is_no_other(reply: Reply) -> None:
    reply.add("one\n")
    reply.writer.take()
    reply.add("two\n")

    assert not reply.writer.has_text
    reply.writer.stored("1.1")
    assert reply.writer.has_text


def test_plain_pieces_are_not_mixed_with_what_follows(reply: Reply) -> None:
    reply.add("one\n")
    first = reply.writer.take()
    reply.add("two\n")

    reply.writer.refused(first, REFUSED)

    assert reply.writer.take() == Post(1, "one", "one\n", is_plain=True)
    reply.writer.stored("1.1")
    assert reply.writer.take() == Post(2, "two", "two\n")


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "missing_scope"])
def test_where_the_place_is_gone_nothing_is_tried(reply: Reply, error: str) -> None:
    reply.add("one\n")

    reply.writer.refused(reply.writer.take(), RefusedError(error))

    with pytest.raises(DeliveryError, match=error):
        reply.outlet.send(Chunk("two\n"))
    assert not reply.writer.has_text


def test_a_plain_text_that_is_refused_too_ends_the_reply(reply: Reply) -> None:
    reply.add("one\n")
    reply.writer.refused(reply.writer.take(), REFUSED)
    reply.writer.refused(reply.writer.take(), REFUSED)

    with pytest.raises(DeliveryError, match="invalid_blocks"):
        reply.outlet.send(Chunk("two\n"))


def test_what_nobody_knows_of_is_said_to_be_perhaps_missing(reply: Reply) -> None:
    reply.add("one\n")
    reply.writer.take()
    reply.add("two\n")

    reply.writer.lost()

    assert reply.stored() == [f"_{MISSING}_\ntwo"]


def test_the_end_is_told_when_the_last_message_is_stored(reply: Reply) -> None:
    reply.add("one\n")
    reply.writer.take()
    reply.writer.end()
    assert reply.done == 0

    reply.writer.stored("1.1")

    assert reply.done == 1


def test_a_reply_given_up_has_nothing_more(reply: Reply) -> None:
    reply.add("one\n")
    reply.writer.give_up()
    reply.add("two\n")

    assert not reply.writer.has_text


def test_by_itself_it_settles_its_outlet() -> None:
    async def play() -> None:
        outlet = ReplyOutlet(
            TURN, 0, lambda outlet: LinesWriter(outlet, lambda source: source.take())
        )
        outlet.send(Chunk("\n"))
        await outlet.drained()

    asyncio.run(play())
