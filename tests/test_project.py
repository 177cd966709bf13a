"""What the project says of itself is true."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from bot.playground.manifest import DEFAULT_SCOPES, DEFAULT_SUBSCRIPTIONS, Features
from bot.settings import Settings
from bot.slack.api.preflight import SCOPES as REQUIRED_SCOPES
from bot.slack.controls.status import COMMAND

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
MANIFEST = yaml.safe_load((ROOT / "manifest.yaml").read_text("utf-8"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODULES = [
    path.relative_to(ROOT / "bot")
    for path in sorted((ROOT / "bot").rglob("*.py"))
    if path.name not in {"__init__.py", "__main__.py"}
]
TESTED_ELSEWHERE = {
    # Named by what they are, not by a module of their own.
    Path("app.py"): "test_journeys.py",
    Path("hearing.py"): "test_status_journeys.py",
    Path("models.py"): "test_model_journeys.py",
    Path("trial.py"): "test_newcomer.py",
    Path("chunking/errors.py"): "chunking/test_chunkers.py",
    Path("chunking/margin.py"): "chunking/test_markdown.py",
    Path("chunking/seam.py"): "chunking/test_markdown.py",
    Path("chunking/open_blocks.py"): "chunking/test_markdown.py",
    Path("chunking/open_line.py"): "chunking/test_sentences.py",
    Path("chunking/sentence.py"): "chunking/test_sentences.py",
    Path("chunking/sentence_end.py"): "chunking/test_sentences.py",
    Path("chunking/split.py"): "chunking/test_blocks.py",
    Path("chunking/syntax.py"): "chunking/test_markdown.py",
    Path("conversation/memorystore.py"): "storage/test_memory.py",
    Path("conversation/record.py"): "storage/test_notes.py",
    Path("conversation/turnstore.py"): "storage/test_turns.py",
    Path("slack/api/fields.py"): "slack/events/test_event.py",
    Path("slack/text/emphasis.py"): "slack/text/test_shown.py",
    Path("slack/text/linksyntax.py"): "slack/text/test_shown.py",
    Path("slack/text/prose.py"): "slack/text/test_shown.py",
    Path("slack/delivery/page.py"): "slack/delivery/test_pages.py",
    Path("slack/delivery/editor.py"): "slack/delivery/test_edited.py",
    Path("slack/api/refusals.py"): "slack/delivery/test_faults.py",
    Path("slack/delivery/services.py"): "slack/delivery/test_faults.py",
    Path("storage/leasing.py"): "storage/test_turns.py",
    Path("storage/summary.py"): "storage/test_memory.py",
    Path("storage/migrations/versions/r0002_reply_text.py"): (
        "storage/test_migrations.py"
    ),
    Path("chunking/intake.py"): "chunking/test_chunkers.py",
    Path("conversation/ledger.py"): "conversation/test_allowance.py",
    Path("conversation/ports.py"): "twins.py",
    Path("conversation/turn.py"): "conversation/test_prompt.py",
    Path("storage/tables.py"): "storage/test_migrations.py",
    Path("storage/migrations/env.py"): "storage/test_migrations.py",
    Path("storage/migrations/versions/r0001_first_tables.py"): (
        "storage/test_migrations.py"
    ),
    Path("storage/migrations/versions/r0003_summaries.py"): (
        "storage/test_migrations.py"
    ),
    Path("reception.py"): "test_control_journeys.py",
    Path("storage/migrations/versions/r0004_leases.py"): "storage/test_migrations.py",
    Path("playground/manifest.py"): "test_project.py",
    Path("playground/options.py"): "playground/test_server.py",
    Path("playground/model/request.py"): "playground/model/test_routes.py",
    Path("playground/socketmode/link.py"): "playground/socketmode/test_sockets.py",
    Path("playground/workspace/change.py"): "playground/workspace/test_state.py",
    Path("playground/workspace/channel.py"): "playground/workspace/test_state.py",
    Path("playground/workspace/file.py"): "playground/webapi/test_fileserver.py",
    Path("playground/workspace/identity.py"): "playground/workspace/test_wire.py",
    Path("playground/workspace/message.py"): "playground/workspace/test_state.py",
    Path("playground/workspace/person.py"): "playground/workspace/test_wire.py",
    Path("playground/workspace/seed.py"): "playground/webapi/test_directory.py",
}
METHOD = re.compile(
    r"\"((?:apps|assistant|auth|chat|conversations|reactions|users|views)\.[\w.]+)\""
)
SCOPES = {
    # By method, as each page below https://docs.slack.dev/reference/methods says.
    "assistant.threads.setStatus": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "conversations.history": {
        "channels:history",
        "groups:history",
        "im:history",
        "mpim:history",
    },
    "chat.appendStream": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.startStream": {"chat:write"},
    "chat.stopStream": {"chat:write"},
    "chat.update": {"chat:write"},
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
    "users.conversations": {
        "channels:read",
        "groups:read",
        "im:read",
        "mpim:read",
    },
    "users.info": {"users:read"},
    # By what else the manifest declares.
    # https://docs.slack.dev/interactivity/implementing-slash-commands, read 2026-11.
    "slash_commands": {"commands"},
    # By event, as each page below https://docs.slack.dev/reference/events says.
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "reaction_added": {"reactions:read"},
}
NO_SCOPE = {
    "auth.test",
    "apps.connections.open",
    "views.publish",
    # An event.
    "app_home_opened",
}
SAME_SCOPE = {"conversations.replies": "conversations.history"}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_test_of_its_own_or_a_known_place(module: Path) -> None:
    mirror = module.with_name(f"test_{module.name}")
    expected = TESTED_ELSEWHERE.get(module, str(mirror))

    assert (ROOT / "tests" / expected).exists()


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_nothing_is_longer_than_a_person_reads_at_once(module: Path) -> None:
    source = (ROOT / "bot" / module).read_text("utf-8")
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert len(source.splitlines()) <= 300
    for function in functions:
        last = function.end_lineno or function.lineno
        assert last - function.lineno < 40, function.name


def test_the_top_level_holds_what_the_design_says_and_nothing_else() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}

    assert visible - {"build", "dist"} == {
        "LICENSE",
        "README.md",
        "bot",
        "manifest.yaml",
        "pyproject.toml",
        "tests",
    }


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", README, re.MULTILINE))

    assert list(rows) == [field.alias for field in Settings.model_fields.values()]
    for field in Settings.model_fields.values():
        default, _, meaning = rows[str(field.alias)].partition(" | ")
        assert meaning == field.description
        assert (default == "required") is field.is_required()
        if default.startswith("`"):
            assert default.strip("`").lower() == str(field.default).lower()


def test_no_package_is_left_out_of_the_rules_on_imports() -> None:
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    owners = {
        c["name"]: set(c["source_modules"])
        for c in contracts
        if c["name"].startswith("Only bot.")
    }
    modules = {f"bot.{p.stem}" for p in (ROOT / "bot").iterdir() if p.stem[0] != "_"}

    assert len(owners) == 3
    for name, sources in owners.items():
        assert sources | {name.split()[1]} == modules - {"bot.manifest"}


def test_ci_runs_the_readmes_test_command() -> None:
    command = re.search(r"^python3 -m venv .*-m tests$", README, re.MULTILINE)

    assert command is not None
    assert command.group() in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_readmes_map_names_every_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "bot").glob("*/__init__.py")}

    for folder in folders:
        assert f"| `bot/{folder}/` |" in README


def test_the_manifest_asks_for_exactly_the_scopes_that_the_code_uses() -> None:
    source = "".join(p.read_text("utf-8") for p in (ROOT / "bot/slack").rglob("*.py"))
    methods = {name for name in METHOD.findall(source) if name[0].islower()}
    called = {SAME_SCOPE.get(name, name) for name in methods} - NO_SCOPE
    events = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) - NO_SCOPE
    events |= {"slash_commands"} & set(MANIFEST["features"])

    needed = set().union(*(SCOPES[name] for name in called | events))

    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed
    assert called | events == set(SCOPES)


def test_the_playground_grants_the_manifests_scopes_and_no_other() -> None:
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == DEFAULT_SCOPES


def test_the_start_asks_for_the_manifests_scopes_and_no_other() -> None:
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == REQUIRED_SCOPES


def test_the_playground_sends_the_events_of_the_manifest_and_no_other() -> None:
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

    assert set(events) == DEFAULT_SUBSCRIPTIONS


def test_the_playground_offers_what_the_manifest_declares() -> None:
    features = Features()

    interactivity = MANIFEST["settings"]["interactivity"]["is_enabled"]
    assert features.is_interactive is interactivity is True
    assert features.has_home_tab is MANIFEST["features"]["app_home"]["home_tab_enabled"]
    commands = MANIFEST["features"]["slash_commands"]
    assert (
        {command["command"] for command in commands} == features.commands == {COMMAND}
    )


def test_the_manifest_turns_socket_mode_and_direct_messages_on() -> None:
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    home = MANIFEST["features"]["app_home"]
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False
