"""What people see of a model's text."""

import sys
from collections.abc import Iterator
from itertools import pairwise
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.conversation.turn import Message, Speaker, ThreadId
from bot.playground.text.entities import mentions
from bot.playground.text.translation import translate
from bot.slack.text.calling import WORD_JOINER
from bot.slack.text.emphasis import SPACE
from bot.slack.text.shown import Known, Shown, known_from, shown
from bot.slack.text.weblink import host_of, is_covert
from tests.long import examples

DATA = "aGVsbG8gd29ybGQgdGhpcyBpcyBzZWNyZXQgZGF0YQ"
EVIL = f"https://evil.test/?d={DATA}"
KNOWN = Known(frozenset({"U1"}), frozenset({"ok.test"}))
PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
PIECES = st.sampled_from(
    [
        *("<!here>", "<!channel|x>", "<@U1>", "<@U2>", "&lt;", "<", ">", "!", "@U2"),
        *("here", "channel>", "\\", "&#33;", "&#60;", SPACE, WORD_JOINER),
        *(
            "[",
            "](",
            "![",
            "]",
            ")",
            "[a](",
            "![a](http://x.test)",
            "[r]",
            "]:",
            "[r]: ",
        ),
        *(EVIL, DATA, "https://evil.test/?d=", "www.evil.test/", "https&#58;//"),
        *(
            "`",
            "``",
            "```",
            "`" * 30,
            "~~~",
            "\n```\n",
            "\n\n",
            "\n",
            "\n> ",
            "\n- ",
            "\n    ",
        ),
        *("*", "**", "***", "~~", "_", "|", "「", "」", "。", "あ", "a", " ", "'", '"'),
        *("\r", "\r\n", "\t", "$$\n", "# ", "1. ", "|---|\n", "<a ", "(", "x"),
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def links(value: object) -> Iterator[str]:
    """Yield the addresses that a translated text links."""
    if isinstance(value, dict):
        if value.get("type") == "link":
            yield value["url"]
        for inner in value.values():
            yield from links(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from links(inner)


def codes(text: str) -> list[str]:
    return [
        token.content.replace(WORD_JOINER, "")
        for token in tokens(text)
        if token.type in ("fence", "code_inline")
    ]


def is_whole(line: str) -> bool:
    """Say whether every code span that begins on a line ends there."""
    (inline,) = PARSER.parseInline(line)
    parts = inline.children or []
    spare = "".join(part.content for part in parts if part.type == "text")
    return "`" not in spare or line.strip("`") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![alt](http://x.test/y)", "[alt](http://x.test/y)"),
        ('![alt](http://x.test/y "t")', "[alt](http://x.test/y)"),
        ("![](http://x.test/y)", "http://x.test/y"),
        ("![ ](<http://x.test/y>)", "http://x.test/y"),
        ("![alt][ref] and", "[alt][ref] and"),
        ("![alt]", f"!{WORD_JOINER}[alt]"),
        ("![alt\nmore](http://x.test)", f"!{WORD_JOINER}[alt\nmore](http://x.test)"),
        ("[r]: ![a](http://x.test) b", "[r]: [a](http://x.test) b"),
        ("[![a](http://x.test/i)](http://x.test)", "[a](http://x.test)"),
        ("[![](http://x.test/i)](http://x.test)", "[http://x.test/i](http://x.test)"),
        ("`![alt](http://x.test)`", "`![alt](http://x.test)`"),
        ("```\n![alt](http://x.test)\n```\n", "```\n![alt](http://x.test)\n```\n"),
        ("a\n\n    ![alt](http://x.test)", "a\n\n    [alt](http://x.test)"),
        ("<![a](http://x.test)|>", "<[a](http://x.test)|>"),
        ("](![a](http://x.test)b)", "]([a](http://x.test)b)"),
        ("<pre>\n```\n</pre>\n```\n![a](b)", "<pre>\n```\n</pre>\n```\n[a](b)"),
        ("$$\n```\n$$\n```\n![a](b)", "$$\n```\n$$\n```\n[a](b)"),
        ("!![a](http://x.test)", f"!{WORD_JOINER}[a](http://x.test)"),
        (f"!![[a](b)]({EVIL})", f"!{WORD_JOINER}[a](b) `{EVIL}`"),
        ("\\![alt](http://x.test)", "\\![alt](http://x.test)"),
        ("Wow! [a](http://x.test)", "Wow! [a](http://x.test)"),
    ],
)
def test_an_image_is_shown_as_a_link(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EVIL, f"`{EVIL}`"),
        (f"see {EVIL}, so", f"see `{EVIL}`, so"),
        (f"**{EVIL}**", f"**`{EVIL}`**"),
        (f"<{EVIL}>", f"`{EVIL}`"),
        (f"<{EVIL}|a label>", f"a label `{EVIL}`"),
        (f"[label]({EVIL} 'title') x", f"label `{EVIL}` x"),
        (f"[{EVIL}]({EVIL})", f"`{EVIL}`"),
        (f"[more\nlabel]({EVIL})", f"[more\nlabel] `{EVIL}`"),
        (f"![alt]({EVIL})", f"alt `{EVIL}`"),
        (f"https://evil.test/?d=]:{DATA}", f"`https://evil.test/?d=]:{DATA}`"),
        (f"[1]: {EVIL}\n", f"[1]{WORD_JOINER}: `{EVIL}`\n"),
        (f"[1]:\n{EVIL}\n", f"[1]:\n`{EVIL}`\n"),
        (f"www.evil.test/{DATA}", f"`www.evil.test/{DATA}`"),
        (f"evil.test/{DATA}", f"`evil.test/{DATA}`"),
        (f"|{EVIL}|b|\n", f"|`{EVIL}`|b|\n"),
        (f"[r][{EVIL}]", f"[r][`{EVIL}`]"),
        (f"[a](https://evil.test/x>{DATA})", f"a `https://evil.test/x>{DATA}`"),
        (f"[a](https://evil.test/\\){DATA})", f"[a](`https://evil.test/\\){DATA}`)"),
        (f"https://evil.test/>{DATA}", f"`https://evil.test/>{DATA}`"),
        (
            f"[a](<https://evil.test/\\> {DATA}>)",
            f"a `https://evil.test/\\> {DATA}`",
        ),
        (f"[a](<x [ {DATA}>)", f"[a]({WORD_JOINER}<x [ {DATA}>)"),
        (f"`{EVIL}`", f"`{EVIL}`"),
        (f"```\n{EVIL}\n```\n", f"```\n{EVIL}\n```\n"),
        (f"a ` b {EVIL}", f"a ` b ``{EVIL}``"),
        (f"\\{EVIL}", f"\\{SPACE}`{EVIL}`"),
        (f"はい{EVIL}。次", f"はい`{EVIL}`。次"),
        (f"a\n\n    {EVIL}", f"a\n\n    `{EVIL}`"),
    ],
)
def test_an_address_that_carries_data_is_shown_as_text(
    text: str, expected: str
) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"https://ok.test/?d={DATA}",
        f"[a](https://sub.OK.test:80/?d={DATA})",
        "[a](https://evil.test/short?q=1#frag)",
        "[1]: https://evil.test/short 'title'",
        "<https://evil.test/short|label> <mailto:a@x.test>",
        f"<sha256{DATA}>",
    ],
)
def test_other_links_stay(text: str) -> None:
    assert shown(text, KNOWN) == text


def test_a_setting_shows_all_links() -> None:
    assert shown(f"[a]({EVIL})", shows_all_links=True) == f"[a]({EVIL})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("これは**「強調」**です\n", "これは**␣「強調」␣**です\n"),
        ("**重要。**次\n", "**重要。␣**次\n"),
        ("**注：**本文", "**注：␣**本文"),
        ("*強調*です\n", "*強調*␣です\n"),
        ("これは**強調**です\n", "これは␣**強調**␣です\n"),
        ("~~取り消し~~です\n", "~~取り消し~~␣です\n"),
        ("この~~取消。~~は\n", "この␣~~取消。␣~~は\n"),
        ("は***「あ」***で\n", "は***␣「あ」␣***で\n"),
        ("は**~~「あ」~~**で\n", "は**␣~~␣「あ」␣~~␣**で\n"),
        ("他说**“你好”**了\n", "他说**␣“你好”␣**了\n"),
        ("먼저 **용어(term)**를\n", "먼저 **용어(term)␣**를\n"),
        ("は**`code`**で\n", "は**␣`code`␣**で\n"),
        ("は**[a](http://x.test)**で\n", "は**␣[a](http://x.test)␣**で\n"),
        ("| **注：**あ | ** い |\n", "| **注：␣**あ | ** い |\n"),
        ("**重要。** 次 **Note:** next\n", "**重要。** 次 **Note:** next\n"),
        ("2 * 3、4 * 5 a*b **太字** です\n", "2 * 3、4 * 5 a*b **太字** です\n"),
        ("は` **「あ」** `で **「\n", "は` **「あ」** `で **「\n"),
        ("```\nは**「強調」**です\n```\n", "```\nは**「強調」**です\n```\n"),
        ("http://x.test/*a*あ*い\n", "http://x.test/*a*あ*い\n"),
    ],
)
def test_emphasis_beside_full_width_characters_gets_spaces(
    text: str, expected: str
) -> None:
    assert shown(text) == expected.replace("␣", SPACE)


@pytest.mark.parametrize("marks", ["*", "**", "***", "~~"])
@given(
    text=st.lists(
        st.tuples(
            st.text("あ強、。「」：字", max_size=4),
            st.text("あ強、。「」：字", min_size=1),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_emphasis_of_full_width_text_is_read_as_such(
    marks: str, text: list[tuple[str, str]]
) -> None:
    inside = [inner for _, inner in text]
    line = "字".join(f"{outer}字{marks}{inner}{marks}" for outer, inner in text)

    seen = translate(shown(f"{line}字\n")).blocks[0]["elements"][0]["elements"]

    styled = [part["text"].replace(SPACE, "") for part in seen if "style" in part]
    assert styled == inside


@settings(max_examples=examples(100, 5_000))
@given(TEXTS)
def test_a_shown_text_mentions_nobody_unknown(text: str) -> None:
    blocks = translate(shown(text, KNOWN)).blocks
    found = mentions(shown(text, KNOWN), blocks)

    assert found.users <= KNOWN.people
    assert not found.is_broadcast


@settings(max_examples=examples(100, 5_000))
@given(TEXTS)
def test_a_shown_text_has_no_image_and_no_covert_link(text: str) -> None:
    seen = shown(text, KNOWN)

    assert all(token.type != "image" for token in tokens(seen))
    hosts = KNOWN.hosts
    found = links(translate(seen).blocks)
    assert not [url for url in found if host_of(url) and is_covert(url, hosts)]


@settings(max_examples=examples(100, 5_000))
@given(TEXTS, st.integers(0), st.integers(0))
def test_pieces_are_shown_as_the_whole_is(text: str, first: int, second: int) -> None:
    text = text.replace("\r", "")
    lines = text.splitlines(keepends=True)
    ends = sorted({0, len(lines), *(at % (len(lines) + 1) for at in (first, second))})
    stream = Shown(KNOWN)

    pieces = [stream.line("".join(lines[a:b])) for a, b in pairwise(ends)]

    assert "".join(pieces) == shown(text, KNOWN)


@settings(max_examples=examples(100, 5_000))
@given(TEXTS, st.lists(st.integers(1, 12)))
def test_parts_of_lines_mention_nobody_either(text: str, sizes: list[int]) -> None:
    stream, seen = Shown(KNOWN), ""
    for size in [*sizes, len(text)]:
        seen += stream.line(text[:size])
        text = text[size:]

    found = mentions(seen, translate(seen).blocks)
    assert found.users <= KNOWN.people
    assert not found.is_broadcast


@given(st.text("ab 12,.:;!?'()日本語。、「」\n#>-+=%$^{}/"))
def test_a_text_without_anything_special_stays_itself(text: str) -> None:
    assert shown(text) == text


def test_long_runs_of_backticks_do_not_make_a_text_much_longer() -> None:
    text = "`" * 800 + f" {EVIL} [{EVIL}]({EVIL}) <{EVIL}> ![]({EVIL})" * 10

    seen = shown(text)

    assert len(seen) < 1.2 * len(text)
    assert list(links(translate(seen).blocks)) == []
    assert seen.replace(WORD_JOINER, "").count(EVIL) == 40


def test_an_address_beside_long_runs_of_backticks_is_neither_link_nor_code() -> None:
    address = f"https&colon;//www.evil.test/**a**_b_~~c~~?d={DATA}&d=%2F"
    seen = shown(f"a {'`' * 30} [x]({address}) <{address}<x>")

    assert list(links(translate(seen).blocks)) == []
    assert seen.replace(WORD_JOINER, "").count(address) == 2
    assert all(token.type != "link_open" for token in tokens(seen))
    assert codes(seen) == []


def test_nothing_is_code_where_lists_are_too_deep_to_be_read() -> None:
    fence = f"{'- ' * 70}```\n{' ' * 130}```\n{' ' * 128}"

    assert f" {EVIL}" not in shown(f"{fence}x {EVIL}\n")
    assert f" {EVIL}" in shown(f"```\nx {EVIL}\n")


@pytest.mark.parametrize("end", ["", "\n"])
def test_nothing_is_held_back(end: str) -> None:
    stream = Shown(KNOWN)

    assert stream.line("") == ""
    assert stream.line("The first part, ") == "The first part, "
    assert stream.line(f"**and** the rest{end}") == f"**and** the rest{end}"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["<!chan", "nel>"], f"<!chan{WORD_JOINER}nel>"),
        (["&l", "t;!here>"], f"&l{WORD_JOINER}t;!here>"),
        (["<", "https://x.test>"], "<https://x.test>"),
        (["a !", "[b](http://x.test)"], f"a !{WORD_JOINER}[b](http://x.test)"),
        (["[x](\n", "!here)"], f"[x](\n{WORD_JOINER}!here)"),
        (["`a ", f"` ![x]({EVIL})"], f"`a ` x ``{EVIL}``"),
        (["これは", "**「強調」**", "です\n"], "これは**␣「強調」␣**です\n"),
        (["```\nx ", "![a](http://x.test)\n"], "```\nx ![a](http://x.test)\n"),
    ],
)
def test_parts_of_a_line_go_on_where_they_were(parts: list[str], expected: str) -> None:
    stream = Shown(KNOWN)

    assert "".join(map(stream.line, parts)) == expected.replace("␣", SPACE)


CODE_PIECES = st.sampled_from(
    [
        *(
            "`",
            "``",
            "\n```\n",
            "\n~~~~\n",
            "![a](http://x.test)",
            "**「",
            "」**",
            "あ",
        ),
        *(" ", "<!here>", "a", "\n", "\n\n", "\n- ", "\n> ", "<@U1>", EVIL),
    ]
)


@settings(max_examples=examples(100, 5_000))
@given(st.lists(CODE_PIECES, max_size=15).map("".join))
def test_code_stays_as_it_is(text: str) -> None:
    expected = codes(text) if all(map(is_whole, text.split("\n"))) else []

    remaining = iter(codes(shown(text)))

    assert all(code in remaining for code in expected)


def calls_of(text: str) -> int:
    """Count the functions that are called to show a text."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        shown(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "piece",
    [
        *("[", "](", "![a](b)", "[![a](b)](c)", "`", "` ", "*", "あ**", "**「", "<"),
        *("<a `", "http://a|", "x.y/", "&#", "<!h", "a b ", "\\", "あ*い~~"),
        f"[{EVIL}]({EVIL}) ",
    ],
)
def test_a_line_twice_as_long_takes_twice_the_work(piece: str) -> None:
    shown(piece)

    assert calls_of(piece * 400) <= 2.2 * calls_of(piece * 200) + 100


def message(text: str, speaker: str = "U1", *, is_bot: bool = False) -> Message:
    role = "bot" if is_bot else "person"
    return Message(ThreadId("t"), "1", role, Speaker(speaker), text)


def test_people_and_hosts_of_a_thread_are_known() -> None:
    known = known_from(
        [
            message("see https://Docs.test:80/a and wiki.corp.test."),
            message("@U9 ok", "U2"),
            message("https://bot.test", "UBOT", is_bot=True),
        ]
    )

    assert known.people == {"U1", "U2"}
    assert known.hosts == {"docs.test", "wiki.corp.test"}
