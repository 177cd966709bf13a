"""Where turns are taken in, and what people ask for beside them: built and wired."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.conversation.demands import Demands
from bot.conversation.inbox import Inbox
from bot.conversation.lease import Leases
from bot.conversation.memory import Memory
from bot.conversation.steering import Steering
from bot.slack.api.web import Web
from bot.slack.controls.errands import Errands
from bot.slack.controls.memorycontrols import Controls
from bot.slack.controls.turncontrols import Panel, TurnControls
from bot.slack.delivery.delivery import SlackDelivery
from bot.slack.events.listeners import Listener
from bot.slack.events.policy import Policy
from bot.slack.events.press import Press
from bot.storage.demands import SqlDemands
from bot.storage.turns import SqlTurns


class Mind(Protocol):
    """What remembers."""

    @property
    def memory(self) -> Memory:
        """Return what is remembered."""
        ...

    @property
    def steering(self) -> Steering:
        """Return what people may see of it and do to it."""
        ...


@dataclass(frozen=True, slots=True)
class Queue:
    """What keeps turns in their order."""

    turns: SqlTurns
    demands: SqlDemands
    leases: Leases
    inbox: Inbox


@dataclass(frozen=True, slots=True)
class Reception:
    """What takes what people say and press."""

    listener: Listener
    pressed: tuple[Callable[[Press], None], ...]
    errands: Errands
    stops: Errands
    """Those that end replies: nothing slow is before them."""


def queue_of(turns: SqlTurns, demands: SqlDemands, at_once: int) -> Queue:
    """Return a queue that answers at most so many turns at once."""
    leases = Leases(turns)
    return Queue(turns, demands, leases, Inbox(turns, at_once, leases))


def reception_of(
    slack: Web, mind: Mind, policy: Policy, queue: Queue, delivery: SlackDelivery
) -> Reception:
    """Return a reception that hands turns to a queue."""
    errands = Errands()
    controls = Controls(slack, mind.steering, policy, errands)
    demands = Demands(queue.demands, queue.leases, queue.inbox.wake, delivery.unqueue)
    panel = Panel(slack, delivery.rows.clear)
    turn_controls = TurnControls(demands, queue.demands, policy, errands, panel)
    listener = Listener(queue.inbox, mind.memory, policy, controls, turn_controls)
    pressed = controls.press, turn_controls.press
    return Reception(listener, pressed, errands, turn_controls.stops)
