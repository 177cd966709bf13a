"""Messages as parts: in their order, with their buttons, and harmless."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.page.blocks import message_parts, view_parts
from bot.playground.text.translation import translate
from bot.playground.workspace.message import Message
from tests.playground.page.test_rendering import HOSTILE, NAMES, harmless

GO = {"type": "button", "action_id": "go", "value": "1"}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def actions(*elements: dict[str, Any], kind: str = "actions") -> dict[str, Any]:
    return {"type": kind, "elements": [*elements]}


def shown(*blocks: dict[str, Any], **fields: str) -> list[tuple[str, str]]:
    message = Message(
        "C1", "1.0", "U1", **{"text": "fallback", **fields}, blocks=blocks
    )
    return [(part["kind"], part["html"]) for part in message_parts(message, NAMES)]


def button(element: dict[str, Any], kind: str = "actions") -> dict[str, Any]:
    [part] = view_parts([actions(element, kind=kind)], NAMES)
    return dict(part["buttons"][0])


def test_what_a_person_typed_is_one_text() -> None:
    typed = shown({"type": "rich_text", "elements": []}, text="*hi*")

    assert typed == [("text", "<p><strong>hi</strong></p>")]


def test_blocks_stand_in_their_order_around_the_markdown() -> None:
    blocks = (
        {"type": "header", "text": plain("Title")},
        *translate("a\n\n---\n\nb").blocks,
        actions(GO | {"text": plain("Go")}),
    )

    parts = shown(*blocks, markdown="**a**")

    assert parts == [
        ("text", "<h3>Title</h3>"),
        ("text", "<p><strong>a</strong></p>\n"),
        ("actions", ""),
    ]


@pytest.mark.parametrize(
    ("block", "kind", "html"),
    [
        (
            {"type": "section", "text": mrkdwn("*a* <@U0ANA>")},
            "section",
            '<p><strong>a</strong> <span class="mention">@ana</span></p>',
        ),
        ({"type": "section", "text": plain("*a*\nb")}, "section", "<p>*a*<br>b</p>"),
        (
            {"type": "section", "fields": [mrkdwn("a"), plain("b")]},
            "section",
            '<div class="fields"><div><p>a</p></div><div><p>b</p></div></div>',
        ),
        (
            {
                "type": "context",
                "elements": [
                    plain("a"),
                    {
                        "type": "image",
                        "image_url": "javascript:x",
                        "alt_text": "b",
                    },
                ],
            },
            "context",
            "<div><p>a</p></div><div>b</div>",
        ),
        ({"type": "divider"}, "text", "<hr>"),
    ],
)
def test_a_block_looks_as_in_slack(block: dict[str, Any], kind: str, html: str) -> None:
    assert [(p["kind"], p["html"]) for p in view_parts([block], NAMES)] == [
        (kind, html)
    ]


def test_blocks_that_are_not_known_give_way_to_the_text() -> None:
    assert shown({"type": "video"}) == [("text", "<p>fallback</p>")]


def test_what_came_without_markdown_is_shown_beside_buttons_by_its_text() -> None:
    go = actions(GO | {"text": plain("Go")})

    parts = shown(*translate("| a | b |\n|--|--|\n| **1** | 2 |").blocks, go)

    assert parts[0] == ("text", "<p>a | b<br>1 | 2</p>")
    assert parts[1][0] == "actions"


def test_a_button_has_all_that_pressing_it_needs() -> None:
    confirm = {
        "title": plain("Sure?"),
        "text": mrkdwn("*all* of it"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
        "style": "danger",
    }

    made = button(GO | {"text": plain("Go"), "style": "danger", "confirm": confirm})

    assert made.items() >= {"action_id": "go", "value": "1", "label": "Go"}.items()
    assert made["style"] == "danger"
    assert made["confirm"] == {
        "title": "Sure?",
        "html": "<p><strong>all</strong> of it</p>",
        "confirm": "Yes",
        "deny": "No",
        "style": "danger",
    }


@pytest.mark.parametrize(
    ("url", "is_led"), [("https://x.org", True), ("javascript:alert(1)", False)]
)
def test_a_button_leads_to_the_web_only(url: str, *, is_led: bool) -> None:
    assert button(GO | {"url": url})["url"] == (url if is_led else "")


def test_feedback_is_two_buttons_and_an_icon_one_for_some() -> None:
    feedback = {
        "type": "feedback_buttons",
        "action_id": "f",
        "positive_button": {"text": plain("Good"), "value": "g"},
        "negative_button": {
            "text": plain("Bad"),
            "value": "b",
            "accessibility_label": "Not good",
        },
    }
    trash = {"type": "icon_button", "action_id": "t", "icon": "trash"}
    mine = {"visible_to_user_ids": ["U0ANA"], "text": plain("Delete")}

    [part] = view_parts([actions(feedback, trash | mine, kind="context_actions")], {})

    assert part["kind"] == "quiet"
    known = ("action_id", "value", "icon", "description", "only_for")
    assert [tuple(made[name] for name in known) for made in part["buttons"]] == [
        ("f", "g", "👍", "Good", []),
        ("f", "b", "👎", "Not good", []),
        ("t", "", "🗑", "Delete", ["U0ANA"]),
    ]


@given(st.lists(st.sampled_from([*HOSTILE, "<", ">", '"', "&"])).map("".join))
def test_no_text_in_a_block_makes_a_tag_but_ours(text: str) -> None:
    blocks = [
        {"type": "header", "text": plain(text)},
        {"type": "section", "text": plain(text), "fields": [mrkdwn(text)]},
        {"type": "context", "elements": [mrkdwn(text)]},
        {"type": "image", "image_url": text, "alt_text": text},
        {"type": "markdown", "text": text},
        actions(GO | {"confirm": {"text": plain(text)}}),
        *translate(text).blocks,
    ]
    parts = view_parts(blocks, NAMES)
    confirms = [b["confirm"]["html"] for p in parts for b in p["buttons"]]

    for html in (*(part["html"] for part in parts), *confirms):
        assert harmless(html)
