"""Secrets are blotted out, and nothing else."""

import pytest

from bot.llm.redaction import MARK, redacted

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-123456789012-abcdef",
        "xapp-1-A012-345-abcdef",
        "sk-proj-abcdefghijklmnop",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghij",
        "glpat-abcdefghijklmnopqrst",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        JWT,
        PEM,
        PEM.partition("\n-----END")[0],
    ],
)
def test_what_looks_like_a_token_or_a_key_is_blotted_out(secret: str) -> None:
    assert redacted(f"use {secret}") == f"use {MARK}"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("password: hunter2, ok", f"password: {MARK}, ok"),
        ("the Password is hunter2.", f"the Password is {MARK}"),
        ('{"api_key": "abc"}', f'{{"api_key": "{MARK}"}}'),
        ("secret=abc&x", f"secret={MARK}"),
        ("access token = abc", f"access token = {MARK}"),
        ("postgresql://ana:pw@host/db", f"postgresql://{MARK}@host/db"),
    ],
)
def test_what_is_called_a_secret_is_blotted_out(text: str, clean: str) -> None:
    assert redacted(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "the secret is out",
        "see https://example.org:8080/a?b=c",
        "sk-8 is a road",
        "use the token 17 times",
        "AKIA is short",
        "risk-free-and-very-long-word",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert redacted(text) == text
