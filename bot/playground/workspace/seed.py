"""The workspace as a newcomer meets it."""

from collections.abc import Callable

from bot.playground.workspace.channel import Channel
from bot.playground.workspace.identity import BOT_ID, BOT_USER, GENERAL
from bot.playground.workspace.person import Person
from bot.playground.workspace.state import STREAM_LIFE_S, Workspace


def new_workspace(
    clock: Callable[[], float], stream_life_s: float = STREAM_LIFE_S
) -> Workspace:
    """Return the workspace that a newcomer meets: three people, three channels, DMs."""
    people = (
        Person("U0ANA", "ana"),
        Person("U0BEN", "ben"),
        Person("U0CHIE", "千恵"),
        Person(BOT_USER, "Linefeed", bot_id=BOT_ID),
    )
    everyone = frozenset(person.id for person in people)
    rooms = [
        Channel(GENERAL, "general", "channel", everyone),
        Channel("C0DEV", "dev", "channel", everyone),
        Channel("C0JAPAN", "日本語", "channel", everyone),
    ]
    rooms += [
        Channel(f"D0{p.id[2:]}", p.name, "im", frozenset({p.id, BOT_USER}))
        for p in people
        if not p.bot_id
    ]
    return Workspace(
        clock,
        people={person.id: person for person in people},
        channels={room.id: room for room in rooms},
        stream_life_s=stream_life_s,
    )
