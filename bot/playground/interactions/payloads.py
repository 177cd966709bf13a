"""What people do to the app: commands, buttons, modals, the Home tab.

Sources: https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/interactivity/implementing-slash-commands, read 2026-11.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from bot.playground.interactions.responseurls import ResponseUrls
from bot.playground.interactions.triggers import Triggers
from bot.playground.interactions.views import View, Views
from bot.playground.jsonobject import JsonObject
from bot.playground.manifest import Features
from bot.playground.socketmode.envelopes import Envelope
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import APP, DOMAIN, TEAM
from bot.playground.workspace.message import Message
from bot.playground.workspace.state import Workspace
from bot.playground.workspace.wire import message_json


@dataclass(slots=True)
class Interactions:
    """What people do; each returns its envelope, None if the app is not told.

    The app is not told of what its manifest does not declare: the person sees an
    error at once. An unacknowledged envelope `is_lost` after three seconds: then, too,
    the person sees an error.
    """

    workspace: Workspace
    views: Views
    triggers: Triggers
    responses: ResponseUrls
    send: Callable[[Envelope], None]
    features: Features = field(default_factory=Features)
    origin: str = ""
    """`http://HOST:PORT` of the addresses for answers."""

    def command(
        self, user: str, channel: str, command: str, text: str = ""
    ) -> Envelope | None:
        """Type a slash command in a channel; in threads Slack knows none."""
        if command not in self.features.commands:
            return None
        place = self.workspace.channels[channel]
        payload = {
            **self._frame(user),
            "team_id": TEAM,
            "team_domain": DOMAIN,
            "channel_id": channel,
            "channel_name": _name(place),
            "user_id": user,
            "user_name": self.workspace.people[user].name,
            "command": command,
            "text": text,
            "is_enterprise_install": "false",
            "response_url": self._response_url(user, channel),
        }
        return self._sent(Envelope(payload, "slash_commands", is_answerable=True))

    def press(
        self, user: str, channel: str, ts: str, action_id: str, value: str = ""
    ) -> Envelope | None:
        """Press a button of the app's message, `value` tells equal ones apart.

        Raises:
            LookupError: if the person finds no such message, or no such button in it.
        """
        message = self.workspace.shown_message(user, channel, ts)
        if message is None:
            raise LookupError(ts)
        action = self._action(message.blocks, action_id, value)
        place = self.workspace.channels[channel]
        details = {
            "channel": {"id": channel, "name": _name(place)},
            "container": _container(message),
            "response_url": self._response_url(user, channel, ts),
        }
        if not message.only_for:
            details["message"] = message_json(self.workspace, message)
        return self._interact(
            "block_actions",
            user,
            {**details, "actions": [action], "state": {"values": {}}},
        )

    def press_in_view(
        self, user: str, view: View, action_id: str, value: str = ""
    ) -> Envelope | None:
        """Press a button of a modal or a Home tab.

        Raises:
            LookupError: if there is no such button.
        """
        details = {
            "view": view.json,
            "container": {"type": "view", "view_id": view.id},
            "actions": [self._action(view.json["blocks"], action_id, value)],
        }
        return self._interact("block_actions", user, details)

    def press_home(self, user: str, action_id: str, value: str = "") -> Envelope | None:
        """Press a button of the person's Home tab.

        Raises:
            LookupError: if they have none, or there is no such button.
        """
        return self.press_in_view(user, self.views.homes[user], action_id, value)

    def submit(self, user: str, values: Mapping[str, object]) -> Envelope | None:
        """Submit the modal on top, with what was entered by action id.

        A text is what was typed; of other inputs give the whole state.

        Raises:
            LookupError: if no modal is open, or a required input got nothing.
        """
        view = self.views.stack(user)[-1]
        state = {
            block["block_id"]: {
                block["element"]["action_id"]: _entered(block["element"], values)
            }
            for block in view.json["blocks"]
            if block["type"] == "input" and _is_filled(block, values)
        }
        view.json["state"] = {"values": state}
        details = {"view": view.json, "response_urls": list[str]()}
        return self._interact("view_submission", user, details)

    def close_view(self, user: str) -> Envelope | None:
        """Close the modal on top; the app is told only if it asked to be.

        Raises:
            LookupError: if no modal is open.
        """
        view = self.views.stack(user)[-1]
        closed = self.views.close(view)
        if not view.json["notify_on_close"]:
            return None
        is_cleared = len(closed) > 1 or view.json["clear_on_close"]
        details = {"view": view.json, "is_cleared": is_cleared}
        return self._interact("view_closed", user, details, has_trigger=False)

    def open_home(
        self, user: str, tab: Literal["home", "messages"] = "home"
    ) -> JsonObject | None:
        """Open the app's own place; return the event that tells of it, if one does.

        Source: https://docs.slack.dev/reference/events/app_home_opened, read 2026-11.

        Raises:
            LookupError: if the person has no DM with the app.
        """
        if tab == "home" and not self.features.has_home_tab:
            return None
        direct = self.workspace.direct_channel(user)
        if direct is None:
            raise LookupError(user)
        home = self.views.homes.get(user)
        return {
            "type": "app_home_opened",
            "user": user,
            "channel": direct.id,
            "tab": tab,
            "event_ts": self.workspace.next_ts(),
            **({"view": home.json} if home and tab == "home" else {}),
        }

    def take_answer(self, envelope: Envelope) -> None:
        """Do what came along with an acknowledgement."""
        payload, answer = envelope.payload, envelope.answer
        if envelope.kind == "slash_commands" and answer:
            user, channel = payload["user_id"], payload["channel_id"]
            self.responses.answer(user, channel, answer)
        elif payload.get("type") == "view_submission":
            view = self.views.find(payload["view"]["id"])
            if view is not None:
                self.views.take_answer(view, answer)

    def _interact(
        self, kind: str, user: str, details: JsonObject, *, has_trigger: bool = True
    ) -> Envelope | None:
        if not self.features.is_interactive:
            return None
        person = self.workspace.people[user]
        payload = {
            **self._frame(user, has_trigger=has_trigger),
            "type": kind,
            "team": {"id": TEAM, "domain": DOMAIN},
            "user": {
                "id": user,
                "username": person.name,
                "name": person.name,
                "team_id": person.team,
            },
            "enterprise": None,
            "is_enterprise_install": False,
            **details,
        }
        is_answerable = kind == "view_submission"
        return self._sent(Envelope(payload, "interactive", is_answerable))

    def _frame(self, user: str, *, has_trigger: bool = True) -> JsonObject:
        frame: JsonObject = {"token": "playground", "api_app_id": APP}
        if has_trigger:
            frame["trigger_id"] = self.triggers.issue(user)
        return frame

    def _action(
        self, blocks: Iterable[JsonObject], action_id: str, value: str
    ) -> JsonObject:
        for block in blocks:
            for element in _elements(block):
                pressed = _pressed(element, value)
                if element.get("action_id") == action_id and pressed is not None:
                    return {
                        "type": element["type"],
                        "action_id": action_id,
                        "block_id": block.get("block_id", ""),
                        "action_ts": self.workspace.next_ts(),
                        **pressed,
                    }
        raise LookupError(action_id)

    def _response_url(self, user: str, channel: str, ts: str = "") -> str:
        return f"{self.origin}/respond/{self.responses.issue(user, channel, ts)}"

    def _sent(self, envelope: Envelope) -> Envelope:
        self.send(envelope)
        return envelope


def waiting_person(envelope: Envelope) -> tuple[str, str]:
    """Return who waits for an answer, and to what; empty if nobody does."""
    payload = envelope.payload
    if envelope.kind == "slash_commands":
        return payload["user_id"], payload["command"]
    if envelope.kind == "interactive":
        return payload["user"]["id"], "Your action"
    return "", ""


def _name(channel: Channel) -> str:
    names = {"im": "directmessage", "group": "privategroup"}
    return names.get(channel.kind, channel.name)


def _container(message: Message) -> JsonObject:
    container: JsonObject = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": bool(message.only_for),
    }
    return container | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def _elements(block: JsonObject) -> list[JsonObject]:
    accessory = block.get("accessory")
    elements = cast("list[JsonObject]", block.get("elements") or [])
    return [*elements, accessory] if accessory else elements


def _pressed(element: JsonObject, value: str) -> JsonObject | None:
    """Return what pressing an element tells; None if that is another's value."""
    if element["type"] == "feedback_buttons":
        sides = (element["positive_button"], element["negative_button"])
        chosen = next((side for side in sides if side["value"] == value), None)
        return {"value": value, "text": chosen["text"]} if chosen else None
    own = element.get("value", "")
    if value not in ("", own):
        return None
    kept = ("text", "value", "icon")
    return {name: element[name] for name in kept if name in element}


def _is_filled(block: JsonObject, values: Mapping[str, object]) -> bool:
    is_given = block["element"]["action_id"] in values
    if not is_given and not block.get("optional"):
        raise LookupError(block["element"]["action_id"])
    return is_given


def _entered(element: JsonObject, values: Mapping[str, object]) -> object:
    value = values[element["action_id"]]
    if isinstance(value, str):
        return {"type": element["type"], "value": value}
    return value
