"""The core: turns, their order, their prompts and their replies.

It knows nothing of Slack, of a model's library, of HTTP or of a database; `ports` says
on one page what it needs of them.
"""
