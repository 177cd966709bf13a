"""Messages as HTML: as Slack shows them, and harmless whatever they contain."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.page.rendering import render, render_markdown, render_mrkdwn
from bot.playground.workspace.message import Message

NAMES = {"U0ANA": "ana", "C0DEV": "dev", "U0EVIL": "<b>evil</b>"}
LINK = 'target="_blank" rel="noopener noreferrer"'


def markdown(text: str) -> str:
    return render_markdown(text, NAMES)


def mrkdwn(text: str) -> str:
    return render_mrkdwn(text, NAMES)


def test_markdown_is_preferred_where_there_is_some() -> None:
    message = Message("C1", "1.0", "U1", "*text*", markdown="**source**")

    assert render(message, NAMES) == "<p><strong>source</strong></p>\n"


def test_people_write_mrkdwn() -> None:
    message = Message("C1", "1.0", "U1", "*bold* 1 * 2 * 3")

    assert render(message, NAMES) == "<p><strong>bold</strong> 1 * 2 * 3</p>"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("_em_ ~del~", "<p><em>em</em> <del>del</del></p>"),
        ("*a _b_*", "<p><strong>a <em>b</em></strong></p>"),
        ("snake_case_name 2*3*4", "<p>snake_case_name 2*3*4</p>"),
        ("`a *b* <https://x.org>`", "<p><code>a *b* https://x.org</code></p>"),
        ("a &lt;b&gt; &amp;amp;", "<p>a &lt;b&gt; &amp;amp;</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("&gt; a\n> b\nc", "<blockquote>a<br>b</blockquote><p>c</p>"),
        ("x\n```\n*a*\n```\ny", "<p>x</p><pre><code>*a*</code></pre><p>y</p>"),
        ("<@U0ANA>", '<p><span class="mention">@ana</span></p>'),
        ("<@U0NEW|eve>", '<p><span class="mention">@eve</span></p>'),
        ("<@U0NEW>", '<p><span class="mention">@U0NEW</span></p>'),
        ("<#C0DEV>", '<p><span class="mention">#dev</span></p>'),
        ("<!channel>", '<p><span class="mention broadcast">@channel</span></p>'),
        (
            "<https://x.org/?a=1&amp;b=2|x &amp; y>",
            f'<p><a href="https://x.org/?a=1&amp;b=2" {LINK}>x &amp; y</a></p>',
        ),
        ("<mailto:a@x.org>", f'<p><a href="mailto:a@x.org" {LINK}>a@x.org</a></p>'),
    ],
)
def test_mrkdwn_looks_as_in_slack(text: str, html: str) -> None:
    assert mrkdwn(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# T", "<h1>T</h1>\n"),
        ("one\ntwo", "<p>one<br />\ntwo</p>\n"),
        ("~~a~~", "<p><s>a</s></p>\n"),
        ("[a](https://x.org)", f'<p><a href="https://x.org" {LINK}>a</a></p>\n'),
        (
            "![cat](https://x.org/c)",
            f'<p><a href="https://x.org/c" {LINK}>cat</a></p>\n',
        ),
        (
            "[![cat](https://x.org/c)](https://y.org)",
            f'<p><a href="https://y.org" {LINK}>cat</a></p>\n',
        ),
        ("hi <@U0ANA>", '<p>hi <span class="mention">@ana</span></p>\n'),
        ("https://x.org", "<p>https://x.org</p>\n"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert markdown(text) == html


def test_a_table_scrolls_within_itself_and_has_no_style_attribute() -> None:
    html = markdown("| a | b |\n|---|--:|\n| 1 | 2 |")

    assert html.startswith('<div class="table" tabindex="0"><table>')
    assert '<th class="left">a' in html
    assert '<td class="right">2' in html
    assert "style=" not in html


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](javascript:alert(1))",
    "[x](data:text/html;base64,AAAA)",
    "[x](vbscript:x)",
    '[x](https://x.org/"onmouseover="alert(1))',
    "<javascript:alert(1)>",
    "<javascript:alert(1)|click>",
    "<https://x.org/\"onclick='a'|<b>>",
    "<@U0EVIL>",
    '<!x|"><script>>',
    '```"><script>\n</code></pre><script>\n```',
    "`</code><script>`",
    '| a |\n|---|\n| <b onclick="x"> |',
    "&lt;script&gt;",
    "*<svg/onload=x>*",
    "<>",
    "<@>",
    "<|>",
)

SAFE_TAG = re.compile(
    r"</?(?:p|h\d|strong|em|del|s|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr)>"
    r"|<(?:br|hr) ?/?>|<code class=\"[^\"<>]*\">|<t[hd] class=\"[^\"<>]*\">|</t[hd]>"
    r'|<ol start="\d+">|<div(?: class="(?:table" tabindex="0|fields)")?>|</div>'
    r'|<span class="mention(?: broadcast)?">|</span>|</a>'
    rf'|<a href="(?:https?://|mailto:)[^"<>]*" {LINK}>',
    re.IGNORECASE,
)


def harmless(html: str) -> bool:
    """Say whether there is no tag in it that could do anything."""
    return not re.search("[<>]", SAFE_TAG.sub("", html))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_tag_but_ours(text: str) -> None:
    for html in (markdown(text), mrkdwn(text)):
        assert harmless(html)


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "<", ">", '"', "'", "*", "_", "`", "\n", "|", "](", "&"]
        )
        | st.text(max_size=5)
    ).map("".join)
)
def test_no_text_makes_a_tag_but_ours(text: str) -> None:
    for html in (markdown(text), mrkdwn(text)):
        assert harmless(html)
