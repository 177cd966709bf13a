"""What a typed message is stored as."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.people.composer import (
    Speech,
    SpeechError,
    delete_message,
    edit_message,
    say,
    stored_text,
    typed_text,
)
from bot.playground.workspace.channel import Channel
from bot.playground.workspace.message import MAX_TEXT_CHARS
from bot.playground.workspace.person import Person
from bot.playground.workspace.seed import new_workspace
from bot.playground.workspace.state import Workspace


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("@Linefeed hi", "<@U0LINEFEED> hi"),
        ("@linefeed、お願い", "<@U0LINEFEED>、お願い"),
        ("@千恵さん", "<@U0CHIE>さん"),
        ("mail@ana.example", "mail@ana.example"),
        ("@anabel", "@anabel"),
        ("@ana-belle", "<@U0LONG>"),
        ("@here", "<!here>"),
        ("see https://x.y/?a=1&b=2.", "see <https://x.y/?a=1&amp;b=2>."),
        ("（https://x.y/z）を", "（<https://x.y/z>）を"),
        ("https://x.y/@ana", "<https://x.y/@ana>"),
        ("<@U0ANA> <!channel>", "&lt;@U0ANA&gt; &lt;!channel&gt;"),
    ],
)
def test_a_typed_text_is_stored_as_slack_stores_it(
    workspace: Workspace, typed: str, stored: str
) -> None:
    workspace.people["U0LONG"] = Person("U0LONG", "ana-belle")

    message = say(workspace, Speech("U0BEN", "C0DEV", typed))

    assert message.text == stored


@given(
    st.lists(
        st.sampled_from(["@ana", "@here", "@千恵", "<@U0ANA>", "&amp;", " ", "<", "."])
        | st.sampled_from(["https://x.y/?a=1&b", "*b*", "\n", "@", ">"])
    ).map("".join)
)
def test_what_is_offered_for_an_edit_is_stored_as_before(typed: str) -> None:
    workspace = new_workspace(lambda: 0.0)
    stored = stored_text(workspace, typed)

    assert stored_text(workspace, typed_text(workspace, stored)) == stored


def test_a_message_carries_its_text_as_rich_text(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "@ben <3"))

    assert message.blocks[0]["elements"][0]["elements"] == [
        {"type": "user", "user_id": "U0BEN"},
        {"type": "text", "text": " <3"},
    ]
    assert workspace.message("C0DEV", message.ts) is message
    again = say(workspace, Speech("U0ANA", "C0DEV", "again"))
    assert message.client_msg_id != again.client_msg_id


def test_a_file_needs_no_text(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "", files=("a.txt",)))

    assert (message.subtype, message.files[0].name) == ("file_share", "a.txt")
    assert message.blocks == ()


def test_a_text_is_cut_where_slacks_client_cuts_it(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "x" * (MAX_TEXT_CHARS + 1)))

    assert len(message.text) == MAX_TEXT_CHARS


@pytest.mark.parametrize(
    ("speech", "sentence"),
    [
        (Speech("U0ANA", "C0NONE", "hi"), "no channel C0NONE"),
        (Speech("U0ANA", "C0ALONE", "hi"), "no member of alone"),
        (Speech("U0ANA", "C0DEV", " \n"), "needs a text"),
        (Speech("U0ANA", "C0DEV", "hi", "1.000000"), "no thread"),
    ],
)
def test_what_cannot_be_said_is_refused_with_a_sentence(
    workspace: Workspace, speech: Speech, sentence: str
) -> None:
    alone = Channel("C0ALONE", "alone", "channel", frozenset({"U0BEN"}))
    workspace.channels[alone.id] = alone

    with pytest.raises(SpeechError, match=sentence):
        say(workspace, speech)

    assert list(workspace.messages("C0DEV")) == []


def test_people_edit_and_delete_their_own_messages(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "helo"))

    edited = edit_message(workspace, "U0ANA", "C0DEV", message.ts, "hello @ben")

    assert (edited.text, edited.is_edited) == ("hello <@U0BEN>", True)
    assert workspace.message("C0DEV", message.ts) == edited
    with pytest.raises(SpeechError, match="needs a text"):
        edit_message(workspace, "U0ANA", "C0DEV", message.ts, " ")
    delete_message(workspace, "U0ANA", "C0DEV", message.ts)
    assert workspace.message("C0DEV", message.ts) is None
    with pytest.raises(SpeechError, match="no message"):
        delete_message(workspace, "U0ANA", "C0DEV", message.ts)


def test_nobody_changes_what_another_said(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "mine"))

    with pytest.raises(SpeechError, match="Only your own"):
        edit_message(workspace, "U0BEN", "C0DEV", message.ts, "yours")
    with pytest.raises(SpeechError, match="Only your own"):
        delete_message(workspace, "U0BEN", "C0DEV", message.ts)


def test_the_deactivated_are_silent(workspace: Workspace) -> None:
    workspace.people["U0BEN"] = replace(workspace.people["U0BEN"], is_deleted=True)

    with pytest.raises(SpeechError, match="ben is deactivated"):
        say(workspace, Speech("U0BEN", "C0DEV", "hi"))


def test_what_somebody_does_has_no_blocks(workspace: Workspace) -> None:
    message = say(workspace, Speech("U0ANA", "C0DEV", "waves", subtype="me_message"))

    assert (message.subtype, message.blocks) == ("me_message", ())
