"""Who may call which method."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.playground.answer import Answer
from bot.playground.manifest import DEFAULT_SCOPES
from bot.playground.people.composer import Speech, say
from bot.playground.webapi.limits import UNLIMITED, Limits, RateLimiter
from bot.playground.webapi.methods import APP_TOKEN, BOT_TOKEN, Methods
from bot.playground.workspace.state import Workspace


@pytest.fixture
def methods(workspace: Workspace) -> Methods:
    limiter = RateLimiter(UNLIMITED, workspace.clock)
    return Methods(workspace, limiter, lambda: {"url": "ws://link"})


def poor(workspace: Workspace) -> Methods:
    """Return the methods for an app that may do nothing but write."""
    limiter = RateLimiter(UNLIMITED, workspace.clock)
    return Methods(workspace, limiter, dict, frozenset({"chat:write"}))


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("chat.nothing", BOT_TOKEN, "unknown_method"),
        ("auth.test", "", "not_authed"),
        ("auth.test", "xoxb-other", "invalid_auth"),
        ("auth.test", APP_TOKEN, "not_allowed_token_type"),
        ("apps.connections.open", BOT_TOKEN, "not_allowed_token_type"),
    ],
)
def test_an_unknown_method_or_token_is_refused_as_slack_does(
    methods: Methods, method: str, token: str, error: str
) -> None:
    answer = methods.call(method, {}, token)

    assert (answer.status, answer.body["error"]) == (200, error)


def test_the_app_token_opens_a_link(methods: Methods) -> None:
    answer = methods.call("apps.connections.open", {}, APP_TOKEN)

    assert answer.body == {"ok": True, "url": "ws://link"}


def test_every_answer_names_the_apps_scopes(methods: Methods) -> None:
    for method in ("auth.test", "unknown"):
        answer = methods.call(method, {}, BOT_TOKEN)

        assert answer.headers["x-oauth-scopes"] == ",".join(sorted(DEFAULT_SCOPES))


@pytest.mark.parametrize(
    ("method", "channel", "needed"),
    [
        ("conversations.info", "C0DEV", "channels:read"),
        ("conversations.info", "D0ANA", "im:read"),
        ("conversations.info", "U0ANA", "im:read"),
        ("conversations.list", "", "channels:read"),
        ("conversations.open", "", "im:write"),
        ("reactions.add", "C0DEV", "reactions:write"),
    ],
)
def test_a_missing_scope_is_named(
    workspace: Workspace, method: str, channel: str, needed: str
) -> None:
    answer = poor(workspace).call(method, {"channel": channel}, BOT_TOKEN)

    assert answer.body["error"] == "missing_scope"
    assert answer.body["needed"] == needed
    assert answer.body["provided"] == "chat:write"


def test_every_asked_type_of_channel_needs_its_scope(workspace: Workspace) -> None:
    limiter = RateLimiter(UNLIMITED, workspace.clock)
    methods = Methods(workspace, limiter, dict, frozenset({"channels:read"}))
    some: dict[str, Any] = {"types": "public_channel"}
    all_of_them: dict[str, Any] = {"types": "public_channel,private_channel,im"}

    granted = methods.call("users.conversations", some, BOT_TOKEN)
    refused = methods.call("users.conversations", all_of_them, BOT_TOKEN)

    assert granted.body["ok"]
    assert refused.body["error"] == "missing_scope"
    assert refused.body["needed"] == "groups:read,im:read"


def test_an_unknown_channel_needs_no_scope_to_be_unknown(methods: Methods) -> None:
    answer = methods.call("conversations.info", {"channel": "C0NONE"}, BOT_TOKEN)

    assert answer.body == {"ok": False, "error": "channel_not_found"}


def test_a_refused_post_stores_nothing_and_says_when_to_retry(
    workspace: Workspace,
) -> None:
    limiter = RateLimiter(Limits(), workspace.clock)
    methods = Methods(workspace, limiter, dict)
    post: Callable[[str], Answer] = lambda channel: methods.call(  # noqa: E731
        "chat.postMessage", {"channel": channel, "text": "a"}, BOT_TOKEN
    )

    answers = [post(room) for room in ("D0ANA", "U0ANA", "D0ANA", "U0ANA", "C0DEV")]

    assert [answer.status for answer in answers] == [200, 200, 200, 429, 200]
    assert answers[3].headers["Retry-After"] == "1"
    assert answers[3].body == {"ok": False, "error": "ratelimited"}
    assert len(list(workspace.messages("D0ANA"))) == 3


def test_what_cannot_be_parsed_is_refused_not_fatal(methods: Methods) -> None:
    arguments: dict[str, Any] = {"channel": "C0DEV", "blocks": "[{"}

    answer = methods.call("chat.postMessage", arguments, BOT_TOKEN)

    assert answer.body == {"ok": False, "error": "invalid_blocks_format"}


def test_every_call_may_read_what_a_person_said(
    methods: Methods, workspace: Workspace
) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "hi"))

    answer = methods.call(
        "conversations.replies", {"channel": "C0DEV", "ts": message.ts}, BOT_TOKEN
    )

    assert answer.body["messages"][0]["text"] == "hi"
