"""The playground: an emulated Slack, an offline model server, and a page to try them.

It meets the bot on the wire only, and imports no other part of it. The rules are pure
(state and clock in, answer out); HTTP and WebSocket only wrap them.
"""
