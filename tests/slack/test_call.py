"""Which calls came too early."""

from tests.slack.call import Call, early_calls

POST = "chat.postMessage"
UPDATE = "chat.update"


def call(method: str, begun_s: float, channel: str = "C1") -> Call:
    return Call(method, {"channel": channel}, begun_s, "ok", begun_s + 0.1, "ok")


def paused(method: str) -> Call:
    """Return a call that ended at 1.0 with a pause of 2 s."""
    arguments = {"channel": "C1"}
    return Call(method, arguments, 0.9, "429:2", 1.0, "ratelimited", 2.0)


def test_a_call_before_the_pause_is_over_is_early() -> None:
    pause, early = paused(UPDATE), call(UPDATE, 2.9, "C2")
    others = [call(UPDATE, 0.95), call(UPDATE, 3.0), call(POST, 2.0)]

    assert early_calls([pause, early, *others]) == [(pause, early)]


def test_a_pause_of_posts_is_one_channels() -> None:
    pause, early = paused(POST), call(POST, 2.0)

    assert early_calls([pause, early, call(POST, 2.0, "C2")]) == [(pause, early)]


def test_only_what_slack_itself_found_too_long_counts() -> None:
    found = Call(POST, {}, 0.0, "ok", 0.1, "msg_too_long")
    meant = Call(POST, {}, 0.0, "refused:msg_too_long", 0.1, "msg_too_long")

    assert (found.is_too_long, meant.is_too_long) == (True, False)
    assert not call(POST, 0.0).is_too_long
