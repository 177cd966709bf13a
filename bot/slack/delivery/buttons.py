"""What people may press below a reply, as Slack's blocks.

Sources: https://docs.slack.dev/reference/block-kit/blocks/context-actions-block, which
takes feedback buttons and icons only (and of icons there is but the trash), and
https://docs.slack.dev/reference/block-kit/blocks/actions-block, both read 2026-11.
"""

from typing import Any, Final, get_args

from bot.conversation.turn import Cut, TurnId
from bot.conversation.turnstore import Opinion

STOP: Final = "linefeed_stop"
REGENERATE: Final = "linefeed_regenerate"
CONTINUE: Final = "linefeed_continue"
FEEDBACK: Final = "linefeed_feedback"
"""The actions of the buttons; that of plain feedback has an opinion behind it."""

Block = dict[str, Any]

_LABELS: Final[dict[Opinion, tuple[str, str]]] = {
    "good": ("👍", "This answer is good"),
    "bad": ("👎", "This answer is bad"),
}


def stop_row(turn: TurnId) -> list[Block]:
    """Return what stands below a message while it grows."""
    return [_actions(_button(STOP, "Stop", turn))]


def reply_row(turn: TurnId, cut: Cut, *, is_plain: bool) -> list[Block]:
    """Return what stands below a reply: it can be gone on with only if it is cut.

    A row that `is_plain` has buttons of the kind that Slack shows everywhere.
    """
    buttons = [_button(REGENERATE, "Regenerate", turn)]
    if cut:
        buttons.append(_button(CONTINUE, "Continue", turn))
    if is_plain:
        return [_actions(*map(_thumb, get_args(Opinion), [turn] * 2), *buttons)]
    feedback = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": _side("good", turn),
        "negative_button": _side("bad", turn),
    }
    return [{"type": "context_actions", "elements": [feedback]}, _actions(*buttons)]


def judged(value: str) -> tuple[Opinion, TurnId] | None:
    """Return what a pressed thumb says of which turn; None for any other value."""
    said, _, turn = value.partition(" ")
    opinion = next((each for each in get_args(Opinion) if each == said), None)
    return None if opinion is None else (opinion, TurnId(turn))


def _side(opinion: Opinion, turn: TurnId) -> Block:
    label, description = _LABELS[opinion]
    return {
        "text": _plain(label),
        "accessibility_label": description,
        "value": f"{opinion} {turn}",
    }


def _thumb(opinion: Opinion, turn: TurnId) -> Block:
    side = _side(opinion, turn)
    return {"type": "button", "action_id": f"{FEEDBACK}_{opinion}", **side}


def _button(action: str, label: str, turn: TurnId) -> Block:
    text = _plain(label)
    return {"type": "button", "action_id": action, "text": text, "value": turn}


def _actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}
