"""Which client a model's name means, and that none is left open."""

import pytest
from langchain_openai import ChatOpenAI

from bot.conversation.ports import SetupError
from bot.llm.client import ModelOptions, opened, pooled
from bot.llm.refusal import RefusingChatOpenAI


def options(model: str) -> ModelOptions:
    return ModelOptions(model, "http://127.0.0.1:9/v1", "any", 1.0)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5", "gpt-5"),
        ("openai:gpt-5", "gpt-5"),
        ("llama3:8b", "llama3:8b"),
        ("deepseek/deepseek-r1:free", "deepseek/deepseek-r1:free"),
    ],
)
async def test_a_name_without_provider_is_asked_at_the_base_url(
    model: str, name: str
) -> None:
    async with opened(options(model)) as client:
        assert isinstance(client, ChatOpenAI)
        assert client.model_name == name
        assert client.openai_api_base == "http://127.0.0.1:9/v1"


async def test_a_provider_without_its_package_is_named() -> None:
    with pytest.raises(SetupError, match=r"provider anthropic: .*langchain-anthropic"):
        async with opened(options("anthropic:claude")):
            pass


async def test_a_provider_without_its_settings_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(SetupError, match="azure_openai, which lacks a setting"):
        async with opened(options("azure_openai:gpt-5")):
            pass


async def test_models_of_one_server_share_its_connections() -> None:
    async with pooled(options("unused")) as build:
        clients = [build(name, "LINEFEED_MODEL") for name in ("gpt-5", "gpt-5-mini")]

        assert [type(client) for client in clients] == [RefusingChatOpenAI] * 2
        first, second = (client.http_async_client for client in clients)  # type: ignore[attr-defined]
        assert first is second
        assert not first.is_closed
    assert first.is_closed


async def test_a_provider_without_its_package_is_named_with_its_place() -> None:
    async with pooled(options("gpt-5")) as build:
        with pytest.raises(SetupError, match=r"^x.toml, line 7: model names the prov"):
            build("anthropic:claude", "x.toml, line 7: model")


async def test_another_provider_is_asked_its_own_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "any")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-01-01")

    async with opened(options("azure_openai:gpt-5")) as client:
        assert type(client).__name__ == "AzureChatOpenAI"
