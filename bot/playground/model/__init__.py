"""The offline model: an OpenAI-compatible server that recites."""
