"""Lines that open and close code blocks."""

import pytest

from bot.chunking.fence import Fence, opened_fence


@pytest.mark.parametrize(
    ("line", "fence"),
    [
        ("```", Fence("  ", "```", "")),
        ("```py", Fence("  ", "```", "py")),
        ("~~~~ py `x`", Fence("  ", "~~~~", " py `x`")),
    ],
)
def test_a_line_opens_a_fence(line: str, fence: Fence) -> None:
    assert opened_fence(line, "  ") == fence


@pytest.mark.parametrize(
    "line", ["", "text", "``", "```inline```", "``` a`b", "- ```", "~~", "`" * 17]
)
def test_a_line_opens_no_fence(line: str) -> None:
    assert opened_fence(line) is None


@pytest.mark.parametrize("text", ["```\n", "`````", "``` \t\r\n"])
def test_a_run_as_long_closes_a_fence(text: str) -> None:
    assert Fence("  ", "```", "py").is_closed_by(text)


@pytest.mark.parametrize(
    "text", ["\n", "``\n", "~~~\n", "``` x\n", "```~\n", "```\u00a0"]
)
def test_nothing_else_closes_a_fence(text: str) -> None:
    assert not Fence("  ", "```", "py").is_closed_by(text)


def test_a_fence_is_opened_again_as_it_was() -> None:
    fence = Fence("  ", "~~~", " py")

    assert (fence.opener, fence.closer) == ("  ~~~ py\n", "  ~~~")


def test_a_long_info_string_is_left_out() -> None:
    assert Fence("", "```", "x" * 101).opener == "```\n"
