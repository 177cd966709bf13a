"""Whose an address is, and whether it carries data."""

import pytest

from bot.slack.text.weblink import host_of, hosts_in, is_covert, is_known

DATA = "aGVsbG8gd29ybGQgdGhpcyBpcyBzZWNyZXQgZGF0YQ"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
KNOWN = frozenset({"ok.test", "xn--bcher-kva.test"})


@pytest.mark.parametrize(
    "address",
    [
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.TaskGroup",
        f"https://github.com/a/b/blob/{COMMIT}/Lib/asyncio/taskgroups.py#L12-L40",
        f"https://github.com/a/b/compare/{COMMIT}...{COMMIT}",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
        "&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf&index=2&t=42s",
        "https://www.google.com/maps/place/Tokyo+Tower/@35.6585805,139.7454329,17z/"
        "data=!3m1!4b1!4m6!3m5!1s0x60188bbd9009ec09:0x481a93f0d2a409dd!8m2!3d35.65858"
        "!4d139.7454329!16zL20vMDdz",
        "https://ja.wikipedia.org/wiki/%E6%97%A5%E6%9C%AC%E5%9B%BD%E6%86%B2%E6%B3%95"
        "%E7%AC%AC9%E6%9D%A1%E3%81%AE%E8%A7%A3%E9%87%88",
        "https://ja.wikipedia.org/wiki/日本国憲法第9条の解釈",
        "https://stackoverflow.com/questions/12345678/"
        "how-do-i-write-a-very-long-title-with-many-words-in-it",
        "https://x.test/a/status/1234567890123456789",
        "https://learn.microsoft.com/en-us/dotnet/api/system.collections.generic"
        ".dictionary-2.trygetvalue?view=net-8.0",
        "https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/"
        "Global_Objects/Array/reduce",
        "https://doi.org/10.1038/s41586-021-03819-2",
        "https://x.test/item/550e8400-e29b-41d4-a716-446655440000",
        "mailto:ana@x.test",
        "#anchor",
        "",
    ],
)
def test_an_ordinary_address_is_not_covert(address: str) -> None:
    assert not is_covert(address, frozenset())


@pytest.mark.parametrize(
    "address",
    [
        f"https://evil.test/x?d={DATA}",
        f"https://evil.test/{DATA}",
        f"https://evil.test/#{DATA}",
        f"https://{DATA}.evil.test/",
        f"https://ok.test@evil.test/?{DATA}",
        f"https://{DATA}@ok.test/",
        f"https://evil.test\\@ok.test/?{DATA}",
        f"https://notok.test/?{DATA}",
        f"https://ok.test.evil.test/?{DATA}",
        f"https://ok.test%2eevil.test/?{DATA}",
        f"www.evil.test/?{DATA}",
        f"//evil.test/?{DATA}",
        f"https:evil.test/?{DATA}",
        f"https&#58;//evil.test/?{DATA}",
        f"https:\\/\\/evil.test/?{DATA}",
        f"https://evil.test/{COMMIT}",
        "https://evil.test/?q=" + "the+secret+password+is+" * 5,
        "https://evil.test/" + "/our/secret/is" * 25,
        "https://evil.test/" + "/".join([DATA[:30]] * 4),
        "https://evil.test/?" + "%FF" * 40,
    ],
)
def test_an_address_with_opaque_data_is_covert(address: str) -> None:
    assert is_covert(address, KNOWN)


@pytest.mark.parametrize(
    "address",
    [
        f"https://ok.test/?{DATA}",
        f"HTTPS://OK.test./?{DATA}",
        f"https://a.b.ok.test:8443/?{DATA}",
        f"https://bücher.test/{DATA}",
        f"https://xn--bcher-kva.test/{DATA}",
    ],
)
def test_a_known_host_may_be_told_anything(address: str) -> None:
    assert not is_covert(address, KNOWN)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://u:p@Host.test:80/x", "host.test"),
        ("https://evil.test\\@ok.test", "evil.test"),
        ("https://例え.test", "xn--r8jz45g.test"),
        ("https://" + "é" * 80 + ".test", ""),
        ("https://%65vil.test", ""),
        ("/path", ""),
        ("mailto:", ""),
    ],
)
def test_a_host_is_found(address: str, host: str) -> None:
    assert host_of(address) == host


def test_hosts_are_found_in_what_people_say() -> None:
    text = (
        "see https://Ok.test:80/x.y, (wiki.corp.test) or u@mail.test; e.g. 1.5 例え.jp"
    )

    assert set(hosts_in(text)) == {
        "ok.test",
        "wiki.corp.test",
        "mail.test",
        "xn--r8jz45g.jp",
    }


def test_only_a_host_and_its_subdomains_are_known() -> None:
    assert is_known("a.ok.test", KNOWN)
    assert not is_known("test", KNOWN)
    assert not is_known("", KNOWN)
