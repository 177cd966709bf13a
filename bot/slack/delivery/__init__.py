"""Replies into Slack, in every mode, and what stands beside them."""
