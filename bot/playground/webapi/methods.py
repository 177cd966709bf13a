"""The Web API without HTTP: a method's name, arguments and token in, an answer out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.playground.answer import Answer, RefusedError, Run
from bot.playground.jsonobject import JsonObject
from bot.playground.manifest import DEFAULT_SCOPES, PLURALS
from bot.playground.webapi import (
    chat,
    conversations,
    directory,
    membership,
    reactions,
    streams,
)
from bot.playground.webapi.limits import RateLimiter
from bot.playground.workspace.state import Workspace

BOT_TOKEN = "xoxb-playground"  # noqa: S105 - it opens nothing but the playground
APP_TOKEN = "xapp-playground"  # noqa: S105 - it opens nothing but the playground


@dataclass(frozen=True, slots=True)
class _Method:
    run: Run
    scope: str
    """Empty if none is needed; `*:history` and the like depend on the channel.

    `types:read` stands for one scope for each type of channel that is asked for.
    """


# The scope stands on each method's page below
# https://docs.slack.dev/reference/methods, read 2026-11.
_METHODS: Mapping[str, _Method] = MappingProxyType(
    {
        "assistant.threads.setStatus": _Method(chat.set_status, "chat:write"),
        "auth.test": _Method(directory.describe_app, ""),
        "chat.appendStream": _Method(streams.append_stream, "chat:write"),
        "chat.delete": _Method(chat.delete, "chat:write"),
        "chat.getPermalink": _Method(chat.get_permalink, ""),
        "chat.postEphemeral": _Method(chat.post_ephemeral, "chat:write"),
        "chat.postMessage": _Method(chat.post_message, "chat:write"),
        "chat.startStream": _Method(streams.start_stream, "chat:write"),
        "chat.stopStream": _Method(streams.stop_stream, "chat:write"),
        "chat.update": _Method(chat.update, "chat:write"),
        "conversations.history": _Method(conversations.read_history, "*:history"),
        "conversations.info": _Method(directory.describe, "*:read"),
        "conversations.join": _Method(membership.join_as_app, "channels:join"),
        "conversations.leave": _Method(membership.leave_as_app, "*:write"),
        "conversations.list": _Method(directory.list_channels, "types:read"),
        "conversations.members": _Method(directory.list_members, "*:read"),
        "conversations.open": _Method(directory.open_direct, "im:write"),
        "conversations.replies": _Method(conversations.read_replies, "*:history"),
        "files.info": _Method(directory.describe_file, "files:read"),
        "reactions.add": _Method(reactions.add, "reactions:write"),
        "reactions.get": _Method(reactions.get, "reactions:read"),
        "reactions.remove": _Method(reactions.remove, "reactions:write"),
        "users.conversations": _Method(directory.list_own_channels, "types:read"),
        "users.info": _Method(directory.describe_person, "users:read"),
    }
)
_OPEN = "apps.connections.open"


class Methods:
    """What the app may do in the workspace."""

    def __init__(
        self,
        workspace: Workspace,
        limiter: RateLimiter,
        connect: Callable[[], JsonObject],
        scopes: frozenset[str] = DEFAULT_SCOPES,
        views: Mapping[str, Run] = MappingProxyType({}),
    ) -> None:
        """`connect` answers `apps.connections.open`, `views` their own methods."""
        more = {name: _Method(run, "") for name, run in views.items()}
        self._methods = {**_METHODS, **more}
        self._workspace = workspace
        self._limiter = limiter
        self._connect = connect
        self._scopes = scopes
        self.revoked: dict[str, str] = {}
        """Tokens that are valid no more, with the error that says so."""

    @property
    def names(self) -> frozenset[str]:
        """Return what may be called."""
        return frozenset({*self._methods, _OPEN})

    def call(self, method: str, arguments: JsonObject, token: str) -> Answer:
        """Do what a call asks for, or answer why not."""
        headers = {"x-oauth-scopes": ",".join(sorted(self._scopes))}
        try:
            self._authorize(method, arguments, token)
            retry_after_s = self._limiter.take(method, self._channel(arguments))
            if retry_after_s:
                headers["Retry-After"] = str(retry_after_s)
                body = {"ok": False, "error": "ratelimited"}
                return Answer(body, 429, headers)
            return Answer({"ok": True, **self._run(method, arguments)}, 200, headers)
        except RefusedError as error:
            return Answer(error.body, 200, headers)

    def _run(self, method: str, arguments: JsonObject) -> JsonObject:
        if method == _OPEN:
            return self._connect()
        return self._methods[method].run(self._workspace, arguments)

    def _authorize(self, method: str, arguments: JsonObject, token: str) -> None:
        if method not in self._methods and method != _OPEN:
            raise RefusedError("unknown_method", req_method=method)
        if not token:
            raise RefusedError("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise RefusedError("invalid_auth")
        if token in self.revoked:
            raise RefusedError(self.revoked[token])
        if (token == APP_TOKEN) != (method == _OPEN):
            raise RefusedError("not_allowed_token_type")
        if method != _OPEN:
            self._check_scope(self._methods[method].scope, arguments)

    def _check_scope(self, scope: str, arguments: JsonObject) -> None:
        """Refuse a method whose scope the app lacks; an unknown channel has none."""
        channel = self._workspace.channels.get(self._channel(arguments))
        if scope.startswith("*") and channel is None:
            return
        if channel is not None:
            scope = scope.replace("*", PLURALS[channel.kind])
        needed = {scope} - {""}
        if scope == "types:read":
            kinds = directory.asked_kinds(arguments)
            needed = {f"{PLURALS[kind]}:read" for kind in kinds}
        if not needed <= self._scopes:
            missing = ",".join(sorted(needed - self._scopes))
            provided = ",".join(sorted(self._scopes))
            raise RefusedError("missing_scope", needed=missing, provided=provided)

    def _channel(self, arguments: JsonObject) -> str:
        """Return the channel that a call names, a DM's for its person's id."""
        name = str(arguments.get("channel") or "")
        channel = conversations.named_channel(self._workspace, name)
        return channel.id if channel else name
