"""What people can do on a page that stands alone, and what the app is sent of it."""

from bot.playground.interactions.payloads import Interactions
from bot.playground.interactions.responseurls import ResponseUrls
from bot.playground.interactions.triggers import Triggers
from bot.playground.interactions.views import Views
from bot.playground.manifest import Features
from bot.playground.page.deeds import Gestures
from bot.playground.socketmode.envelopes import Envelope
from bot.playground.webapi.reactions import react, unreact
from bot.playground.webapi.streams import stop_by_reader
from bot.playground.workspace.state import Workspace

ALL = Features(frozenset({"/linefeed"}), is_interactive=True, has_home_tab=True)


def new_gestures(
    workspace: Workspace,
    sent: list[Envelope] | None = None,
    features: Features = ALL,
) -> Gestures:
    """Return what people can do; envelopes to the app go into `sent`."""
    triggers = Triggers(workspace.clock)
    hand = Interactions(
        workspace,
        Views(workspace.clock, triggers, has_home_tab=features.has_home_tab),
        triggers,
        ResponseUrls(workspace, workspace.clock),
        [].append if sent is None else sent.append,
        features,
    )
    return Gestures(hand, hand.open_home, react, unreact, stop_by_reader)
