"""How many blocks Slack makes of a Markdown text, where it counts them.

That one `markdown` block may become several is documented:
https://docs.slack.dev/reference/block-kit/blocks/markdown-block, read 2026-11. How many
is not. Others saw each heading, paragraph, list, table and block of code become one,
and a message of more than 50 refused:
https://github.com/archestra-ai/archestra/pull/4980, read 2026-11. That a quote and a
rule are one each, too, is our choice.
"""

from markdown_it import MarkdownIt

# Inside a block nothing adds to the count.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")


def expanded_blocks(markdown: str) -> int:
    """Return as how many blocks a text counts: one for each block of CommonMark's.

    Only the outermost are counted: a list is one with all that it holds.
    """
    tokens = _PARSER.parse(markdown)
    return sum(token.level == 0 and token.nesting >= 0 for token in tokens)
