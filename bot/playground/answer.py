"""What a Web API method answers, and how it refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.state import Workspace

Run = Callable[[Workspace, JsonObject], JsonObject]
"""A Web API method: takes a call's arguments and returns the answer's fields.

It raises `RefusedError` if Slack would refuse the call.
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of the Web API."""

    body: JsonObject
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class RefusedError(Exception):
    """A call that Slack would refuse, with Slack's own word for it."""

    def __init__(self, error: str, **details: object) -> None:
        super().__init__(error)
        self.body: JsonObject = {"ok": False, "error": error, **details}


def warnings(*names: str) -> JsonObject:
    """Return the fields that warn of something in an answer that is ok.

    Source: https://docs.slack.dev/apis/web-api/#responses, read 2026-11.
    """
    if not names:
        return {}
    listed = {"warnings": list(names)}
    return {"warning": ",".join(names), "response_metadata": listed}
