"""Whether a summary is in the scripts of what it sums up."""

import pytest

from bot.llm.language import is_same_script

ENGLISH = "We decided to ship the release on Friday, after the tests."
JAPANESE = "金曜日にリリースすることに決めました。テストのあとです。"
RUSSIAN = "Мы решили выпустить релиз в пятницу, после тестов."
CHINESE = "我们决定在测试之后星期五发布新版本，大家都同意这个计划。"


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE, RUSSIAN, CHINESE])
def test_a_text_is_in_its_own_script_and_in_no_other(text: str) -> None:
    for other in (ENGLISH, JAPANESE, RUSSIAN, CHINESE):
        assert is_same_script(text, other) == (text is other)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("はい", ENGLISH),
        (ENGLISH, "はい"),
        ("", ENGLISH),
        (ENGLISH + "\n```\n" + JAPANESE * 9 + "\n```", ENGLISH),
        (ENGLISH + " `" + JAPANESE * 9 + "`", ENGLISH),
        (JAPANESE + " Release, Friday", JAPANESE),
    ],
)
def test_too_few_letters_code_and_names_say_nothing(text: str, sources: str) -> None:
    assert is_same_script(text, sources)
