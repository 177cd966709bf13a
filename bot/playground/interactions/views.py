"""Modals and Home tabs: the Web API's `views.*` and what a person sees of it.

Sources: https://docs.slack.dev/surfaces/modals and the methods' own pages, such as
https://docs.slack.dev/reference/methods/views.open, read 2026-11.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.playground.answer import RefusedError, Run
from bot.playground.interactions.triggers import Triggers
from bot.playground.interactions.viewrules import read_view
from bot.playground.jsonobject import JsonObject
from bot.playground.workspace.identity import APP, BOT_ID, TEAM
from bot.playground.workspace.state import Workspace

MAX_STACKED = 3
"""Error `push_limit_reached` of
https://docs.slack.dev/reference/methods/views.push, read 2026-11."""


@dataclass(slots=True, eq=False)
class View:
    """A view that a person has before them."""

    id: str
    user: str
    json: JsonObject
    """As Slack writes it."""
    errors: JsonObject = field(default_factory=dict[str, object])
    """What the app found wrong with what was submitted, by block."""


class Views:
    """Every person's open modals and Home tab."""

    def __init__(
        self,
        clock: Callable[[], float],
        triggers: Triggers,
        *,
        has_home_tab: bool = False,
    ) -> None:
        """`clock` returns Unix time in seconds."""
        self._clock = clock
        self._triggers = triggers
        self._has_home_tab = has_home_tab
        self._count = 0
        self._stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        """By person."""
        self.on_home: Callable[[View], None] = lambda _: None
        """Told of every Home tab that was published or updated."""

    @property
    def methods(self) -> Mapping[str, Run]:
        """Return the Web API methods that this answers; none needs a scope."""
        return {
            "views.open": self._open,
            "views.publish": self._publish,
            "views.push": self._push,
            "views.update": self._update,
        }

    def stack(self, user: str) -> tuple[View, ...]:
        """Return a person's open modals, the one on top last."""
        return tuple(self._stacks.get(user, ()))

    def find(self, view_id: str) -> View | None:
        """Return an open view."""
        return next((v for v in self._all() if v.id == view_id), None)

    def close(self, view: View) -> tuple[View, ...]:
        """Close a modal; return it and whatever it takes along."""
        stack = self._stacks.get(view.user, [])
        index = 0 if view.json["clear_on_close"] else stack.index(view)
        closed = tuple(stack[index:])
        del stack[index:]
        return closed

    def take_answer(self, view: View, answer: JsonObject) -> None:
        """Do with a submitted modal what its acknowledgement says; nothing closes it.

        A view in the answer that breaks a rule leaves the modal as it is, with the
        refusal as its errors (what the person sees then is not documented).
        Source: https://docs.slack.dev/surfaces/modals, read 2026-11.
        """
        action = answer.get("response_action")
        view.errors = {}
        try:
            if action == "errors":
                view.errors = dict(answer.get("errors") or {})
            elif action == "update":
                self._replace(view, read_view(answer.get("view"), "modal"))
            elif action == "push":
                self._stack_up(view.user, read_view(answer.get("view"), "modal"))
            elif action == "clear":
                self._stacks[view.user] = []
            else:
                self._stacks[view.user].remove(view)
        except RefusedError as error:
            view.errors = error.body

    def _open(self, _: Workspace, arguments: JsonObject) -> JsonObject:
        """Open a modal in place of whatever is open."""
        fields = self._unique(read_view(arguments.get("view"), "modal"))
        user = self._triggers.exchange(arguments.get("trigger_id"))
        self._stacks[user] = []
        return {"view": self._stack_up(user, fields).json}

    def _push(self, _: Workspace, arguments: JsonObject) -> JsonObject:
        """Put a modal on top of the open one."""
        fields = self._unique(read_view(arguments.get("view"), "modal"))
        user = self._triggers.exchange(arguments.get("trigger_id"))
        if not self.stack(user):
            raise RefusedError("not_found")
        return {"view": self._stack_up(user, fields).json}

    def _update(self, _: Workspace, arguments: JsonObject) -> JsonObject:
        fields = read_view(arguments.get("view"), "modal", "home")
        view_id, name = arguments.get("view_id"), arguments.get("external_id")
        for view in self._all():
            if view_id == view.id or (name and name == view.json["external_id"]):
                break
        else:
            raise RefusedError("not_found")
        _check_hash(view, arguments)
        self._replace(view, self._unique(fields, view))
        if self.homes.get(view.user) is view:
            self.on_home(view)
        return {"view": view.json}

    def _publish(self, workspace: Workspace, arguments: JsonObject) -> JsonObject:
        fields = read_view(arguments.get("view"), "home")
        user = str(arguments.get("user_id") or "")
        if user not in workspace.people:
            metadata = {"messages": ["invalid `user_id`"]}
            raise RefusedError("invalid_arguments", response_metadata=metadata)
        if not self._has_home_tab:
            raise RefusedError("not_enabled")
        home = self.homes.get(user)
        if home is None:
            # Not documented: a hash of nothing matches nothing.
            if arguments.get("hash"):
                raise RefusedError("hash_conflict")
            self.homes[user] = self._new(user, self._unique(fields))
        else:
            _check_hash(home, arguments)
            self._replace(home, self._unique(fields, home))
        self.on_home(self.homes[user])
        return {"view": self.homes[user].json}

    def _stack_up(self, user: str, fields: JsonObject) -> View:
        stack = self._stacks.setdefault(user, [])
        if len(stack) >= MAX_STACKED:
            raise RefusedError("push_limit_reached")
        view = self._new(user, fields)
        if stack:
            view.json["root_view_id"] = stack[0].id
            view.json["previous_view_id"] = stack[-1].id
        stack.append(view)
        return view

    def _new(self, user: str, fields: JsonObject) -> View:
        self._count += 1
        view = View(f"V0VIEW{self._count}", user, {"root_view_id": ""})
        self._replace(view, fields)
        view.json["root_view_id"] = view.id
        return view

    def _replace(self, view: View, fields: JsonObject) -> None:
        """Give a view other content; what was entered in the old one is gone."""
        names = ("title", "submit", "close", "private_metadata", "callback_id")
        blocks = [
            {"block_id": secrets.token_hex(3), **block} for block in fields["blocks"]
        ]
        view.json = {
            "id": view.id,
            "team_id": TEAM,
            "type": fields["type"],
            "blocks": blocks,
            **{name: fields.get(name) for name in names[:3]},
            **{name: fields.get(name) or "" for name in names[3:]},
            "external_id": fields.get("external_id") or "",
            "clear_on_close": bool(fields.get("clear_on_close")),
            "notify_on_close": bool(fields.get("notify_on_close")),
            "state": {"values": {}},
            "hash": f"{int(self._clock())}.{secrets.token_hex(4)}",
            "root_view_id": view.json["root_view_id"],
            "previous_view_id": view.json.get("previous_view_id"),
            "app_id": APP,
            "bot_id": BOT_ID,
        }

    def _unique(self, fields: JsonObject, own: View | None = None) -> JsonObject:
        """Refuse an external id that another view has."""
        name = fields.get("external_id")
        others = (view for view in self._all() if view is not own)
        if name and any(name == view.json["external_id"] for view in others):
            raise RefusedError("duplicate_external_id")
        return fields

    def _all(self) -> list[View]:
        modals = [view for stack in self._stacks.values() for view in stack]
        return [*modals, *self.homes.values()]


def _check_hash(view: View, arguments: JsonObject) -> None:
    if arguments.get("hash") not in (None, "", view.json["hash"]):
        raise RefusedError("hash_conflict")
