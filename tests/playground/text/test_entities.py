"""Entities are found where Slack finds them, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from bot.playground.text.entities import Mentions, decode, elements, encode, mentions


@given(st.text())
def test_what_is_encoded_holds_no_entity_and_decodes_to_itself(text: str) -> None:
    encoded = encode(text)

    assert decode(encoded) == text
    assert all(part["type"] == "text" for part in elements(encoded))


def test_every_kind_of_entity_becomes_its_element() -> None:
    text = "a <@U1|ana><!here|here><!subteam^S1><#C1|dev><https://x.y|z><https://q>"

    assert elements(text) == [
        {"type": "text", "text": "a "},
        {"type": "user", "user_id": "U1"},
        {"type": "broadcast", "range": "here"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "link", "url": "https://x.y", "text": "z"},
        {"type": "link", "url": "https://q"},
    ]


def test_a_text_notifies_whom_it_names() -> None:
    assert mentions("<@U1> and <@W2>") == Mentions(frozenset({"U1", "W2"}))
    assert mentions("<!channel>") == Mentions(is_broadcast=True)
    assert mentions("&lt;!channel&gt;") == Mentions()


def test_blocks_notify_as_texts_do() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "<!everyone>"}}
    user = {"type": "user", "user_id": "U1"}
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [user]}],
    }

    assert mentions("", [section]) == Mentions(is_broadcast=True)
    assert mentions("", [rich]) == Mentions(frozenset({"U1"}))
