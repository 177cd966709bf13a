"""The Web API: calls and their outcomes, and what Slack's answers say."""
