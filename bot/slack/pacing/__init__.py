"""When the next call may go, below Slack's limits; shared between processes or not."""
