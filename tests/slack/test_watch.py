"""What people saw, and what they should not have."""

from typing import Any

import pytest

from bot.playground.people.composer import Speech, say
from bot.playground.webapi import chat
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace
from tests.slack.watch import Watch, visible


class Scene:
    """A workspace, and who watches it."""

    def __init__(self) -> None:
        self.now_s = 1.0
        self.workspace: Workspace = new_workspace(lambda: self.now_s)
        self.watch = Watch(self.workspace, lambda: self.now_s)
        self.question = say(self.workspace, Speech("U0ANA", "C0DEV", "q"))

    def post(self, markdown: str, **arguments: Any) -> dict[str, Any]:
        """Post Markdown; return what names the message."""
        content = {"blocks": [{"type": "markdown", "text": markdown}], "text": "t"}
        place = {"channel": "C0DEV", "thread_ts": self.question.ts}
        answer = chat.post_message(self.workspace, place | content | arguments)
        return {"channel": "C0DEV", "ts": answer["ts"]}

    def edit(self, place: dict[str, Any], text: str) -> None:
        """Edit it a second later."""
        self.now_s += 1
        blocks = [{"type": "markdown", "text": text}]
        chat.update(self.workspace, place | {"blocks": blocks, "text": "t"})


def test_what_is_visible_are_the_bots_messages_of_one_place() -> None:
    scene = Scene()
    scene.post("**a**")
    gone = scene.post("b")
    scene.post("", blocks=[], text="1 &lt; 2")
    scene.post("root", thread_ts="")
    say(scene.workspace, Speech("U0BEN", "C0DEV", "c", scene.question.ts))
    chat.delete(scene.workspace, gone)

    thread = scene.question.ts
    assert visible(scene.workspace, "C0DEV", thread) == ["**a**", "1 < 2"]
    assert visible(scene.workspace, "C0DEV") == ["root"]


def test_every_state_of_a_message_is_kept_with_its_time() -> None:
    scene = Scene()
    place = scene.post("a")
    scene.edit(place, "a\nb")
    scene.edit(place, "a\nb")
    chat.delete(scene.workspace, place)

    assert scene.watch.of(("C0DEV", place["ts"])) == ["a", "a\nb"]
    assert scene.watch.sights[-1].text is None
    assert scene.watch.first_seen_s("b") == 2.0
    with pytest.raises(LookupError):
        scene.watch.first_seen_s("c")


@pytest.mark.parametrize(
    "states",
    [
        ("a", "a\nb", "a\nb\nc"),
        ("a\n", "a\nb", "a\nb\nc"),
        ("```\na\n```", "```\na\nb\n```", "```\na\nb\nc\n```"),
        ("a", "a\nb", "c"),
    ],
)
def test_a_message_may_grow_and_end_as_it_likes(states: tuple[str, ...]) -> None:
    scene = Scene()
    place = scene.post(states[0])
    for text in states[1:]:
        scene.edit(place, text)

    assert scene.watch.regressions() == []


@pytest.mark.parametrize("older", ["a", "a\nB", "a\nbb"])
def test_an_older_or_other_text_before_the_last_is_a_regression(older: str) -> None:
    scene = Scene()
    place = scene.post("a\nb")
    scene.edit(place, older)
    scene.edit(place, "a\nb\nc")

    assert ("a\nb", older) in scene.watch.regressions()
