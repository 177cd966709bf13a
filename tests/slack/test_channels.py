"""The channels file: what it may say, and where it is wrong."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.ports import SetupError
from bot.settings import Settings
from bot.slack.api.address import Address
from bot.slack.channels import ChannelBook, ChannelSettings, Wish, load
from tests.long import examples
from tests.twins import asked

WHOLE = '''\
# for newcomers
[C0123456789]
delivery = "edits"
system_prompt = """
You help people
who are new here.
"""
model = "gpt-5"

["D01"]
model = "anthropic:claude"

[G02]
model = "gpt-5"
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "channels.toml"


def read(path: Path, text: str) -> ChannelBook:
    path.write_text(text, encoding="utf-8")
    return load(path)


def refused(path: Path, text: str) -> str:
    """Return what is said of a wrong file, behind the file's name."""
    with pytest.raises(SetupError) as failed:
        read(path, text)
    sentence = str(failed.value)
    assert sentence.startswith(f"{path}, ")
    return sentence.removeprefix(f"{path}, ")


def test_a_channel_has_what_its_table_says(path: Path) -> None:
    book = read(path, WHOLE)

    assert book.settings("C0123456789") == ChannelSettings(
        "edits", "You help people\nwho are new here.\n", "gpt-5"
    )
    assert book.settings("D01") == ChannelSettings(model="anthropic:claude")
    assert book.settings("C9") == ChannelSettings()


def test_a_turn_has_the_settings_of_its_channel(path: Path) -> None:
    address = Address("T1", "T1", "U1", "D01", "im", "1.0", "")
    turn = asked()
    there = type(turn)(turn.id, turn.question, address.dump())

    assert read(path, WHOLE).of(there).model == "anthropic:claude"


def test_each_model_is_named_once_with_its_first_place(path: Path) -> None:
    assert read(path, WHOLE).models() == {
        "gpt-5": f"{path}, line 8: model",
        "anthropic:claude": f"{path}, line 11: model",
    }


def test_no_file_and_an_empty_one_set_nothing(path: Path) -> None:
    for book in (load(None), read(path, ""), read(path, "# nothing\n")):
        assert book.settings("C01") == ChannelSettings()
        assert book.models() == {}


def test_a_file_from_windows_is_read(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf[C01]\r\nmodel = "m"\r\n')

    assert load(path).settings("C01").model == "m"
    assert load(path).models() == {"m": f"{path}, line 2: model"}


MODES = "must be one of lines, edits, stream, auto."
TEXT = "must be a text that is not empty."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[C01]\n\ndelivery = "secret"', f"line 3: delivery {MODES}"),
        ("[C01]\ndelivery = 1", f"line 2: delivery {MODES}"),
        ('[C01]\ndelivery = ["edits"]', f"line 2: delivery {MODES}"),
        ("[C01]\nmodel = 5", f"line 2: model {TEXT}"),
        ('[C01]\nmodel = " "', f"line 2: model {TEXT}"),
        ('[C01]\nsystem_prompt = """\n\n"""\n', f"line 2: system_prompt {TEXT}"),
        ("[C01]\nsystem_prompt = [\n1,\n]\n", f"line 2: system_prompt {TEXT}"),
        (
            '[C01]\nmodel = "m"\ncolour = "secret"',
            "line 3: colour is none of delivery, system_prompt, model.",
        ),
        ("[C01]\n[C02.model]\nx = 1", f"line 2: model {TEXT}"),
        ('C01 = { model = "m", delivery = "x" }', f"line 1: delivery {MODES}"),
        ('# x\nC01.delivery = "x"', f"line 2: delivery {MODES}"),
        ('x = """\n[C01]\n"""', None),
        ('\nmodel = "m"\n', None),
        ("[general]\n", None),
        ("[c01]\n", None),
        ("[T0123]\n", None),
        ("[[C01]]\n", "line 1: C01 must be a table, [C01]."),
        ("C01 = 1\n", "line 1: C01 must be a table, [C01]."),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    path: Path, text: str, sentence: str | None
) -> None:
    said = refused(path, text)

    assert "secret" not in said
    if sentence is None:
        assert "is no channel's id" in said
    else:
        assert said == sentence


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ('[C01]\nmodel = "m"\nmodel = "n"\n', "line 3: model: Cannot overwrite"),
        ("[C01]\n[C02]\n[C01]\n", "line 3: Cannot declare"),
        ("[C01]\ndelivery = edits\n", "line 2: delivery: Invalid value"),
        ("[C01\n", "line 1: "),
        ('[C01]\nmodel = "m\n', "line 2: model: "),
        ('[C01]\nmodel = """m\n\n', "line 2: model: "),
        ("[C01]\nmodel\n", "line 2: "),
        ("\x00", "line 1: "),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(
    path: Path, text: str, beginning: str
) -> None:
    assert refused(path, text).startswith(beginning)


def test_a_file_that_cannot_be_read_is_named(path: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"LINEFEED_CHANNELS\): No such file"):
        load(path)
    with pytest.raises(SetupError, match=r"LINEFEED_CHANNELS\): Is a directory"):
        load(tmp_path)
    path.write_bytes("[C01]\n# é".encode("latin-1"))
    with pytest.raises(SetupError, match="is not UTF-8"):
        load(path)


def test_a_channel_may_be_delivered_to_as_all_are() -> None:
    assert Settings.model_fields["delivery"].annotation == Wish


NOISE = ["", "# [C02]", "# delivery = 2", 'system_prompt = """\ndelivery = 3\n\n"""']
tables = st.lists(st.lists(st.sampled_from(NOISE), unique=True), min_size=1, max_size=4)


@settings(max_examples=examples(40, 3000), deadline=None)
@given(tables, tables)
def test_whatever_stands_around_it_the_wrong_line_is_found(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[list[str]],
    behind: list[list[str]],
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    first, *others = [
        "\n".join([f"[C{number:02}]", *noise])
        for number, noise in enumerate([*before, *behind])
    ]
    head = "\n".join([first, *others[: len(before) - 1]])
    text = "\n".join([head, "delivery = 1", *others[len(before) - 1 :]])

    assert refused(path, text) == f"line {head.count(chr(10)) + 2}: delivery {MODES}"
