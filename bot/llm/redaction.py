"""Secrets that people paste, blotted out before a model makes a memory of them."""

import re

MARK = "[redacted]"

_SECRETS = re.compile(
    r"""
    \b(?:xox[a-z]|xapp|sk|rk|pk|ghp|gho|ghs|ghu|github_pat|glpat|hf|npm|pypi)
      [-_][A-Za-z0-9_-]{10,}                      # tokens that say whose they are
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b               # AWS
    | \bAIza[A-Za-z0-9_-]{30,}                    # Google
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}  # JSON Web Tokens
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----[\s\S]*?(?:-----END[ ][A-Z ]*KEY-----|\Z)
    | (?<=://)[^\s:/@]+:[^\s/@]+(?=@)             # user and password of an address
    """,
    re.VERBOSE,
)
# The word before it stays, so that one still knows what it was. In a sentence only what
# has a digit counts: "the password is wrong" is no secret.
_NAMED = re.compile(
    r"(\b(?:password|passwd|passphrase|secret|api[ _-]?key"
    r"|(?:access|auth|bearer)[ _-]?token)\b[\"']?"
    r"(?:\s*[:=]\s*[\"'`]?|\s+is\s+[\"'`]?(?=\S*\d)))[^\s\"'`,;]+",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Return a text without what looks like a token, a key or a password."""
    return _NAMED.sub(rf"\1{MARK}", _SECRETS.sub(MARK, text))
