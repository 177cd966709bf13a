"""Lines that open and close code blocks."""

import pytest

from bot.chunking.fence import Fence, opened_fence


@pytest.mark.parametrize(
    ("line", "fence"),
    [
        ("```\n", Fence("", "```", "")),
        ("```py\n", Fence("", "```", "py")),
        ("   ~~~~ py `x`\n", Fence("   ", "~~~~", " py `x`")),
        ("\t```\r\n", Fence("\t", "```", "")),
        ("          ```sh\n", Fence("          ", "```", "sh")),
        ("```", Fence("", "```", "")),
    ],
)
def test_a_line_opens_a_fence(line: str, fence: Fence) -> None:
    assert opened_fence(line) == fence


@pytest.mark.parametrize(
    "line", ["\n", "text\n", "``\n", "```inline```\n", "``` a`b\n", "- ```\n", "~~\n"]
)
def test_a_line_opens_no_fence(line: str) -> None:
    assert opened_fence(line) is None


@pytest.mark.parametrize("line", ["```\n", "`````", "  ``` \t\r\n", "     ```\n"])
def test_a_line_closes_a_fence_in_a_list_item(line: str) -> None:
    assert Fence("  ", "```", "py").is_closed_by(line)


@pytest.mark.parametrize(
    "line", ["\n", "``\n", "~~~\n", "``` x\n", "```~\n", "      ```\n", "```\u00a0\n"]
)
def test_a_line_does_not_close_a_fence(line: str) -> None:
    assert not Fence("  ", "```", "py").is_closed_by(line)


def test_a_fence_is_opened_again_as_it_was() -> None:
    fence = Fence("  ", "~~~", " py")

    assert (fence.opener, fence.closer) == ("  ~~~ py\n", "  ~~~")
