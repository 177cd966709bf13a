"""Socket Mode: what the app hears travels in envelopes over links."""
