"""Threads to be folded, before and while somebody folds."""

from bot.conversation.alarm import Alarm
from bot.conversation.turn import ThreadId

ONE, TWO = ThreadId("1"), ThreadId("2")


def test_whoever_listens_hears_what_was_told_before_and_since() -> None:
    alarm, heard = Alarm(), list[ThreadId]()
    alarm.wake(ONE)
    alarm.wake(ONE)

    alarm.listen(heard.append)
    alarm.wake(TWO)

    assert heard == [ONE, TWO]
