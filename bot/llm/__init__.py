"""The only folder that knows LangChain: the client, its settings, its errors."""
