"""What stands below replies: taken by Slack, and read back when pressed."""

import pytest

from bot.conversation.turn import Cut, TurnId
from bot.playground.content.blocks import check_blocks
from bot.slack.delivery import buttons
from bot.slack.delivery.buttons import Block, judged, reply_row, stop_row

TURN = TurnId("T1:C1:2.0")


def elements(blocks: list[Block]) -> list[Block]:
    return [element for block in blocks for element in block["elements"]]


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize(
    ("cut", "has_continue"),
    [("", False), ("length", True), ("break", True), ("interrupted", True)],
)
def test_a_reply_can_be_gone_on_with_if_it_is_cut(
    cut: Cut, *, has_continue: bool, is_plain: bool
) -> None:
    row = reply_row(TURN, cut, is_plain=is_plain)

    check_blocks(row)
    actions = [element["action_id"] for element in elements(row)]
    assert (buttons.CONTINUE in actions) is has_continue
    assert buttons.REGENERATE in actions
    values = {e["value"] for e in elements(row) if e["type"] == "button"}
    assert TURN in values


def test_what_grows_can_be_stopped() -> None:
    check_blocks(stop_row(TURN))

    (button,) = elements(stop_row(TURN))
    assert (button["action_id"], button["value"]) == (buttons.STOP, TURN)


def test_thumbs_of_both_kinds_say_the_same() -> None:
    (feedback, _) = elements(reply_row(TURN, "", is_plain=False))
    good, bad, _ = elements(reply_row(TURN, "", is_plain=True))

    assert feedback["positive_button"]["value"] == good["value"]
    assert feedback["negative_button"]["value"] == bad["value"]
    assert judged(good["value"]) == ("good", TURN)
    assert judged(bad["value"]) == ("bad", TURN)
    assert all(b["action_id"].startswith(buttons.FEEDBACK) for b in (good, bad))


@pytest.mark.parametrize("value", ["", "T1:C1:2.0", "fine T1:C1:2.0"])
def test_any_other_value_says_nothing(value: str) -> None:
    assert judged(value) is None
