"""An address survives being written into a turn."""

from bot.slack.api.address import Address


def test_an_address_is_loaded_as_it_was_dumped() -> None:
    address = Address("T1", "T2", "U1", "C1", "channel", "1.5", "1.2")

    assert Address.load(address.dump()) == address
