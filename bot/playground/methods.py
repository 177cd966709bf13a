"""The Web API without HTTP: a method's name, arguments and token in, an answer out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.playground import chat, conversations
from bot.playground.answer import Answer, RefusedError
from bot.playground.limits import RateLimiter
from bot.playground.workspace import JsonObject, Workspace

BOT_TOKEN = "xoxb-playground"  # noqa: S105 - it opens nothing but the playground
APP_TOKEN = "xapp-playground"  # noqa: S105 - it opens nothing but the playground

DEFAULT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "chat:write",
        "groups:history",
        "im:history",
        "mpim:history",
        "users:read",
    }
)

_PLURALS = {"channel": "channels", "group": "groups", "mpim": "mpim", "im": "im"}


@dataclass(frozen=True, slots=True)
class _Method:
    run: Callable[[Workspace, JsonObject], JsonObject]
    scope: str
    """Empty if none is needed; `*:history` and the like depend on the channel."""


# The scope stands on each method's page below
# https://docs.slack.dev/reference/methods, read 2026-11.
_METHODS: Mapping[str, _Method] = MappingProxyType(
    {
        "assistant.threads.setStatus": _Method(chat.set_status, "chat:write"),
        "auth.test": _Method(conversations.describe_app, ""),
        "chat.delete": _Method(chat.delete, "chat:write"),
        "chat.postEphemeral": _Method(chat.post_ephemeral, "chat:write"),
        "chat.postMessage": _Method(chat.post_message, "chat:write"),
        "chat.update": _Method(chat.update, "chat:write"),
        "conversations.history": _Method(conversations.read_history, "*:history"),
        "conversations.info": _Method(conversations.describe, "*:read"),
        "conversations.list": _Method(conversations.list_channels, "channels:read"),
        "conversations.open": _Method(conversations.open_direct, "im:write"),
        "conversations.replies": _Method(conversations.read_replies, "*:history"),
        "reactions.add": _Method(chat.add_reaction, "reactions:write"),
        "users.info": _Method(conversations.describe_person, "users:read"),
    }
)
_OPEN = "apps.connections.open"


class Methods:
    """What the app may do in the workspace."""

    def __init__(
        self,
        workspace: Workspace,
        limiter: RateLimiter,
        open_link: Callable[[], str],
        scopes: frozenset[str] = DEFAULT_SCOPES,
    ) -> None:
        """`open_link` returns a new Socket Mode URL."""
        self._workspace = workspace
        self._limiter = limiter
        self._open_link = open_link
        self._scopes = scopes

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
            return {"url": self._open_link()}
        return _METHODS[method].run(self._workspace, arguments)

    def _authorize(self, method: str, arguments: JsonObject, token: str) -> None:
        if method not in _METHODS and method != _OPEN:
            raise RefusedError("unknown_method", req_method=method)
        if not token:
            raise RefusedError("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise RefusedError("invalid_auth")
        if (token == APP_TOKEN) != (method == _OPEN):
            raise RefusedError("not_allowed_token_type")
        if method != _OPEN:
            self._check_scope(_METHODS[method].scope, arguments)

    def _check_scope(self, scope: str, arguments: JsonObject) -> None:
        """Refuse a method whose scope the app lacks; an unknown channel has none."""
        channel = self._workspace.channels.get(self._channel(arguments))
        if scope.startswith("*") and channel is None:
            return
        if channel is not None:
            scope = scope.replace("*", _PLURALS[channel.kind])
        if scope and scope not in self._scopes:
            provided = ",".join(sorted(self._scopes))
            raise RefusedError("missing_scope", needed=scope, provided=provided)

    def _channel(self, arguments: JsonObject) -> str:
        """Return the channel that a call names, a DM's for its person's id."""
        name = str(arguments.get("channel") or "")
        channel = conversations.named_channel(self._workspace, name)
        return channel.id if channel else name
