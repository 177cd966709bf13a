"""The only folder that knows SQL: turns and memory in one SQLite file."""
