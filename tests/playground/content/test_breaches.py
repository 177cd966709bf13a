"""What is wrong is worded as Slack words it."""

import pytest

from bot.playground.content.breaches import check_each, check_string, check_text


@pytest.mark.parametrize(
    ("value", "reasons"),
    [
        ("abc", []),
        ("a", ["must be more than 1 characters"]),
        ("abcd", ["must be less than 4 characters"]),
        (None, ["must be a string"]),
    ],
)
def test_a_string_has_a_least_and_a_greatest_length(
    value: object, reasons: list[str]
) -> None:
    expected = [f"{reason} [json-pointer:/at]" for reason in reasons]

    assert list(check_string(value, "/at", most=3, least=2)) == expected


def test_a_text_object_is_of_a_kind_and_not_empty() -> None:
    plain = {"type": "plain_text", "text": ""}

    assert list(check_text(plain | {"text": "a"}, "/at", 1)) == []
    [empty] = check_text(plain, "/at", 1)
    [other] = check_text(plain, "/at", 1, ("mrkdwn",))

    assert empty == "must be more than 0 characters [json-pointer:/at/text]"
    assert other == "must be a text object [json-pointer:/at]"


@pytest.mark.parametrize(
    ("items", "most", "place"),
    [
        ([], 1, "/at"),
        ("ab", 2, "/at"),
        (["a", "b"], 1, "/at"),
        (["a", 1], None, "/at/1"),
    ],
)
def test_a_list_has_a_length_and_each_of_its_items_is_checked(
    items: object, most: int | None, place: str
) -> None:
    [fault] = check_each(items, "/at", most, lambda item, at: check_string(item, at, 1))

    assert fault.endswith(f"[json-pointer:{place}]")
