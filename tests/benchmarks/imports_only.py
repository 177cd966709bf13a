"""The floor for memory: import what the bot imports from elsewhere, and wait."""

import sys

import aiohttp
import aiosqlite
import alembic.command
import filelock
import langchain_openai
import pydantic_settings
import slack_bolt.adapter.socket_mode.aiohttp
import slack_bolt.async_app
import sqlalchemy.ext.asyncio
import structlog
import typer

PACKAGES = (
    aiohttp,
    aiosqlite,
    alembic.command,
    filelock,
    langchain_openai,
    pydantic_settings,
    slack_bolt.adapter.socket_mode.aiohttp,
    slack_bolt.async_app,
    sqlalchemy.ext.asyncio,
    structlog,
    typer,
)

if __name__ == "__main__":
    sys.stdout.write(f"{len(PACKAGES)} imported\n")
    sys.stdout.flush()
    sys.stdin.read()
