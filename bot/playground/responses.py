"""Addresses that an app may answer a person's deed at, without any token.

Source: https://docs.slack.dev/interactivity/handling-user-interaction, read 2026-11:
five answers within thirty minutes.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.playground.answer import Answer, RefusedError
from bot.playground.content import read_content
from bot.playground.workspace import (
    BOT_ID,
    BOT_USER,
    JsonObject,
    Message,
    Workspace,
)

RESPONSE_LIFE_S = 1800.0
MAX_RESPONSES = 5


@dataclass(slots=True)
class _Address:
    user: str
    channel: str
    ends_s: float
    original_ts: str
    """Of the message with what was pressed; empty for a command."""
    uses: int = 0


class Responses:
    """The addresses that were given out, and what comes of answers there."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        """`clock` returns seconds and never goes back."""
        self._workspace = workspace
        self._clock = clock
        self._addresses: dict[str, _Address] = {}

    def issue(self, user: str, channel: str, original_ts: str = "") -> str:
        """Return the key of a new address."""
        key = secrets.token_hex(12)
        ends_s = self._clock() + RESPONSE_LIFE_S
        self._addresses[key] = _Address(user, channel, ends_s, original_ts)
        return key

    def respond(self, key: str, body: JsonObject) -> Answer:
        """Take an answer; a refused one counts as a use (not documented).

        What an unknown, an old and a used address say is not documented either.
        """
        address = self._addresses.get(key)
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

    def _act(self, address: _Address, body: JsonObject) -> None:
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
            self._put(
                replace(
                    original,
                    text=content.text,
                    blocks=content.blocks,
                    markdown=content.markdown,
                )
            )
            return
        is_public = body.get("response_type") == "in_channel"
        message = Message(
            channel=address.channel,
            ts=self._workspace.next_ts(),
            user=BOT_USER,
            text=content.text,
            thread_ts=str(body.get("thread_ts") or ""),
            blocks=content.blocks,
            markdown=content.markdown,
            bot_id=BOT_ID,
            only_for="" if is_public else address.user,
        )
        add = self._workspace.add if is_public else self._workspace.add_ephemeral
        add(message)

    def _original(self, address: _Address) -> Message | None:
        here = self._workspace.message(address.channel, address.original_ts)
        shown = (
            message
            for message in self._workspace.ephemerals
            if (message.channel, message.ts) == (address.channel, address.original_ts)
        )
        return here or next(shown, None)

    def _put(self, message: Message) -> None:
        if not message.only_for:
            self._workspace.edit(message)
            return
        shown = self._workspace.ephemerals
        places = [index for index, each in enumerate(shown) if each.ts == message.ts]
        shown[places[0]] = message

    def _remove(self, message: Message) -> None:
        if message.only_for:
            self._workspace.ephemerals.remove(message)
        else:
            self._workspace.delete(message.channel, message.ts)
