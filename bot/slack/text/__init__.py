"""The words: Markdown as Slack shows it, and plain words of what Slack sends."""
