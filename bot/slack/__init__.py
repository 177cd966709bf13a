"""The only folder that knows Slack: connection, listeners, delivery, markup."""
