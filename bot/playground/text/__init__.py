"""Text as Slack stores it: entities, and Markdown translated into blocks."""
