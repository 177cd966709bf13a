"""The only folder that knows Slack: connection, events, delivery, controls, markup.

Read `events/listeners.py` for what comes in, `delivery/delivery.py` for what goes out.
"""
