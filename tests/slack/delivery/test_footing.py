"""How a reply's messages stand: the last one counts."""

from bot.slack.delivery.footing import Footing, LastState


def test_the_last_message_stands_as_it_was_brought_last() -> None:
    footing = Footing()

    footing.stand(LastState("2.0", "b", 1))
    footing.stand(LastState("1.0", "a", 2))
    footing.stand(LastState("2.0", "b c", 3))

    assert footing.last == LastState("2.0", "b c", 3)
    assert footing.written == {"1.0", "2.0"}


def test_of_what_is_in_doubt_nothing_is_said() -> None:
    footing = Footing()
    footing.stand(LastState("2.0", "b", 1))

    footing.doubt()

    assert footing.last is None
    assert footing.written == {"2.0"}
