"""What an app calls at any times, the playground keeps to its limits and its word."""

from dataclasses import dataclass, field
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.answer import Answer
from bot.playground.jsonobject import JsonObject
from bot.playground.people.composer import Speech, say
from bot.playground.webapi.limits import CHANNEL_RATES, RATES, Limits, Rate, RateLimiter
from bot.playground.webapi.methods import BOT_TOKEN, Methods
from bot.playground.webapi.streams import stop_by_reader
from bot.playground.workspace.identity import TEAM
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace
from tests.long import examples
from tests.playground.conftest import FakeClock

LIFE_S = 20.0
CHANNELS = ("C0DEV", "C0GENERAL", "D0ANA")

Action = Literal["post", "update", "start", "append", "stop", "reader"]
Step = tuple[float, Action, int, str]
"""A pause in seconds, then what is done to which message or channel, with a text."""

STEPS = st.lists(
    st.tuples(
        st.one_of(st.just(0.0), st.floats(0, 2), st.just(LIFE_S)),
        st.sampled_from(("post", "update", "start", "append", "append", "stop")),
        st.integers(0, 5),
        st.text("ab *_`\n-", min_size=1, max_size=8),
    )
    | st.tuples(st.just(1.0), st.just("reader"), st.integers(0, 5), st.just("")),
    max_size=80,
)


@dataclass
class Story:
    """What was sent and accepted of one message."""

    channel: str
    ts: str
    text: str
    started_s: float | None = None
    """None for a message that is no stream."""
    end: Literal["", "app", "reader"] = ""

    def state(self, now_s: float) -> str:
        """Return which error an append is due, or none."""
        if self.end == "reader":
            return "stopped_by_user"
        is_old = self.started_s is None or now_s >= self.started_s + LIFE_S
        return "message_not_in_streaming_state" if self.end or is_old else ""


@dataclass
class App:
    """Calls and remembers; what is remembered is what Slack must show."""

    clock: FakeClock = field(default_factory=FakeClock)
    stories: list[Story] = field(default_factory=list[Story])
    passed: dict[tuple[str, str], list[float]] = field(
        default_factory=dict[tuple[str, str], list[float]]
    )

    def __post_init__(self) -> None:
        self.workspace: Workspace = new_workspace(self.clock)
        self.workspace.stream_life_s = LIFE_S
        limiter = RateLimiter(Limits(), self.clock)
        self.methods = Methods(self.workspace, limiter, dict)
        speeches = (Speech("U0ANA", channel, "q") for channel in CHANNELS)
        self.asked = {s.channel: say(self.workspace, s).ts for s in speeches}

    def do(self, action: Action, number: int, text: str) -> None:
        """Make one call and check its answer."""
        if action in ("post", "start"):
            self._begin(action, CHANNELS[number % len(CHANNELS)], text)
        elif self.stories:
            self._go_on(action, self.stories[number % len(self.stories)], text)

    def _begin(self, action: Action, channel: str, text: str) -> None:
        method = "chat.postMessage" if action == "post" else "chat.startStream"
        answer = self._call(
            method,
            channel=channel,
            thread_ts=self.asked[channel],
            markdown_text=text,
            recipient_user_id="U0ANA",
            recipient_team_id=TEAM,
        )
        if answer.status == 200:
            started_s = self.clock() if action == "start" else None
            ts = answer.body["ts"]
            self.stories.append(Story(channel, ts, text, started_s))

    def _go_on(self, action: Action, story: Story, text: str) -> None:
        due = story.state(self.clock())
        if action == "reader":
            if not due:
                stop_by_reader(self.workspace, story.channel, story.ts)
                story.end = "reader"
            return
        methods = {"append": "chat.appendStream", "stop": "chat.stopStream"}
        method = methods.get(action, "chat.update")
        answer = self._call(
            method, channel=story.channel, ts=story.ts, markdown_text=text
        )
        if action == "update":
            due = "" if due else "streaming_state_conflict"
        if answer.status == 429:
            return
        assert answer.body.get("error", "") == due
        if not due:
            story.text = text if action == "update" else story.text + text
            story.end = "app" if action == "stop" else story.end

    def _call(self, method: str, **arguments: str) -> Answer:
        answer = self.methods.call(method, dict(arguments), BOT_TOKEN)
        if answer.status == 200:
            for place in ("", arguments["channel"]):
                self.passed.setdefault((method, place), []).append(self.clock())
        return answer

    def check(self) -> None:
        """Compare what Slack shows with what was accepted."""
        for story in self.stories:
            message = self.workspace.message(story.channel, story.ts)
            assert message is not None
            assert message.markdown == story.text
            is_alive = not story.state(self.clock())
            assert self.workspace.is_streaming(message) == is_alive


@settings(max_examples=examples(60, 2_000), deadline=None)
@given(STEPS)
def test_what_is_shown_is_what_was_accepted_and_streams_die_of_age(
    steps: list[Step],
) -> None:
    app = App()
    for pause_s, action, number, text in steps:
        app.clock.now_s += pause_s
        app.do(action, number, text)
        app.check()


@settings(max_examples=examples(60, 2_000), deadline=None)
@given(STEPS)
def test_no_method_passes_more_calls_than_its_limits(steps: list[Step]) -> None:
    app = App()
    for pause_s, action, number, text in steps:
        app.clock.now_s += pause_s / 20
        app.do(action, number, text)

    for (method, channel), times_s in app.passed.items():
        rate = CHANNEL_RATES.get(method) if channel else RATES[method]
        if rate:
            check_rate(rate, times_s)


def check_rate(rate: Rate, times_s: list[float]) -> None:
    for start, from_s in enumerate(times_s):
        for count, until_s in enumerate(times_s[start:], 1):
            allowed = rate.burst + (until_s - from_s) * rate.calls / rate.per_s
            assert count <= allowed + 0.001


@settings(max_examples=examples(60, 2_000), deadline=None)
@given(STEPS)
def test_who_waits_as_told_may_call_again(steps: list[Step]) -> None:
    app = App()
    for pause_s, _, number, text in steps:
        app.clock.now_s += pause_s / 20
        arguments: JsonObject = {"channel": CHANNELS[number % 3], "text": text + "."}
        answer = app.methods.call("chat.postMessage", arguments, BOT_TOKEN)
        if answer.status == 429:
            app.clock.now_s += int(answer.headers["Retry-After"])
            again = app.methods.call("chat.postMessage", arguments, BOT_TOKEN)
            assert again.body["ok"]
