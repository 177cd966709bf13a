"""Link reference definitions."""

import pytest

from bot.chunking.definitions import is_definitions_only, leading, used


@pytest.mark.parametrize(
    "text",
    [
        *(
            "[a]: /url\n",
            "  [A b]: <u r l> 'title'\n",
            "[a]:\n/url\n",
            "[a]: /u\n 't\nt'\n",
        ),
        *("[a]: /url", "[a]: /url\n[b]: /url\n"),
    ],
)
def test_a_paragraph_may_only_define(text: str) -> None:
    assert is_definitions_only(text)


@pytest.mark.parametrize(
    "text",
    ["text\n", "[a]: /url x\n", "[a] : /url\n", "[]: /url\n", "[a]: /url\ntext\n"],
)
def test_a_paragraph_that_shows_something_is_no_definition(text: str) -> None:
    assert not is_definitions_only(text)


def test_the_first_of_two_definitions_counts() -> None:
    assert leading("[a]: /1\n[A]: /2\nrest")[0] == {"a": "[a]: /1"}


def test_only_used_definitions_are_carried() -> None:
    known = {"a": "[a]: /a", "b c": "[b c]: /b"}

    assert used("See [B\nC] and [x].", known) == "[b c]: /b\n\n"
    assert used("See a.", known) == ""
