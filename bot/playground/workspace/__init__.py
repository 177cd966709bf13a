"""The workspace: its nouns and state, how Slack writes them, how they are kept."""
