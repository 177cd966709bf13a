"""Addresses that an app may answer an interaction at, without any token.

Source: https://docs.slack.dev/interactivity/handling-user-interaction, read 2026-11:
five answers within thirty minutes.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.playground.answer import Answer, RefusedError
from bot.playground.content.rules import Content, read_content
from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.message import Message, app_message
from bot.playground.workspace.state import Workspace

RESPONSE_LIFE_S = 1800.0
MAX_RESPONSES = 5


@dataclass(slots=True)
class _ResponseUrl:
    user: str
    channel: str
    ends_s: float
    original_ts: str
    """Of the message with what was pressed; empty for a command."""
    uses: int = 0


class ResponseUrls:
    """The addresses that were given out, and what comes of answers there."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        """`clock` returns seconds and never goes back."""
        self._workspace = workspace
        self._clock = clock
        self._urls: dict[str, _ResponseUrl] = {}

    def issue(self, user: str, channel: str, original_ts: str = "") -> str:
        """Return the key of a new address."""
        key = secrets.token_hex(12)
        ends_s = self._clock() + RESPONSE_LIFE_S
        self._urls[key] = _ResponseUrl(user, channel, ends_s, original_ts)
        return key

    def respond(self, key: str, body: JsonObject) -> Answer:
        """Take an answer; a refused one counts as a use (not documented).

        What an unknown, an old and a used address say is not documented either.
        """
        address = self._urls.get(key)
        if address is None:
            return Answer({"ok": False, "error": "invalid_url"}, 404)
        if self._clock() > address.ends_s:
            return Answer({"ok": False, "error": "expired_url"}, 404)
        if address.uses >= MAX_RESPONSES:
            return Answer({"ok": False, "error": "used_url"}, 404)
        address.uses += 1
        try:
            self._act(address, body)
        except RefusedError as error:
            return Answer(error.body, 400)
        return Answer({"ok": True})

    def answer(self, user: str, channel: str, body: JsonObject) -> None:
        """Take the answer that came along with an acknowledgement.

        One that Slack would refuse is dropped: nobody is told (not documented).
        """
        self.respond(self.issue(user, channel), body)

    def _act(self, address: _ResponseUrl, body: JsonObject) -> None:
        original = self._original(address)
        if body.get("delete_original") is True:
            if original is not None:
                self._remove(original)
            return
        fields = {name: body.get(name) for name in ("text", "blocks", "attachments")}
        # https://github.com/vercel/chat/issues/440, read 2026-11: Markdown is no text.
        if not any(fields.values()):
            raise RefusedError("no_text")
        content = read_content(fields)
        if body.get("replace_original") is True and original is not None:
            self._put(content.into(original))
        else:
            self._add(address, body, content)

    def _add(self, address: _ResponseUrl, body: JsonObject, content: Content) -> None:
        ts, thread_ts = self._workspace.next_ts(), str(body.get("thread_ts") or "")
        message = content.into(app_message(address.channel, ts, thread_ts))
        if body.get("response_type") == "in_channel":
            self._workspace.add(message)
        else:
            only_here = replace(message, only_for=address.user)
            self._workspace.add_ephemeral(only_here)

    def _original(self, address: _ResponseUrl) -> Message | None:
        place = address.user, address.channel, address.original_ts
        return self._workspace.shown_message(*place)

    def _put(self, message: Message) -> None:
        if message.only_for:
            self._workspace.replace_ephemeral(message)
        else:
            self._workspace.edit(message)

    def _remove(self, message: Message) -> None:
        if message.only_for:
            self._workspace.remove_ephemeral(message)
        else:
            self._workspace.delete(message.channel, message.ts)
