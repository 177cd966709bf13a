"""Which scripts a text is written in: enough to see that a summary changed language."""

import re
from collections.abc import Mapping

MAX_DIFFERENCE = 0.3
"""Quotes and names are of other languages in any text."""
MIN_LETTERS = 20
"""Fewer letters say nothing."""

LETTERS_PER_SYLLABLE = 3
"""What a Chinese, Japanese or Korean character says takes so many Latin letters."""

_SCRIPTS = {
    # Hiragana, katakana and the characters that Chinese shares.
    "cjk": re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    "kana": re.compile("[\u3040-\u30ff]"),
    "hangul": re.compile("[\u1100-\u11ff\uac00-\ud7af]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
}
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)


def is_same_script(text: str, sources: str) -> bool:
    """Say whether a text is written in the scripts of its sources, code aside.

    English and German share theirs: that difference is not seen.
    """
    ours, theirs = _shares(text), _shares(sources)
    if ours is None or theirs is None:
        return True
    return all(abs(ours[name] - theirs[name]) <= MAX_DIFFERENCE for name in _SCRIPTS)


def _shares(text: str) -> Mapping[str, float] | None:
    """Return the part of each script in all letters; None if there are too few."""
    words = _CODE.sub(" ", text)
    letters = sum(map(str.isalpha, words))
    if letters < MIN_LETTERS:
        return None
    counts = {name: len(pattern.findall(words)) for name, pattern in _SCRIPTS.items()}
    heavy = counts["cjk"] + counts["hangul"]
    weight = letters + (LETTERS_PER_SYLLABLE - 1) * heavy
    dense = ("cjk", "kana", "hangul")
    factors: dict[str, int] = dict.fromkeys(dense, LETTERS_PER_SYLLABLE)
    return {
        name: count * factors.get(name, 1) / weight for name, count in counts.items()
    }
