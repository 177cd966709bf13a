"""One answer of the model, in two requests where the first one breaks off."""

from collections.abc import Callable
from contextlib import aclosing

import structlog

from bot.conversation.overlap import Overlap
from bot.conversation.ports import ChatModel, ModelError
from bot.conversation.prompt import Prompt, continued
from bot.conversation.relay import Relay

log = structlog.stdlib.get_logger()


async def ask(model: ChatModel, prompt: Prompt, relay: Relay) -> str:
    """Push the model's text; return why it is not whole in one sentence, or nothing.

    An answer that breaks off is gone on with once, from its last character.

    Raises:
        DeliveryError: if the text cannot be delivered; then the model writes no more.
    """
    trouble = await _stream(model, prompt, relay.push)
    if trouble is not None and trouble.is_break:
        trouble = await _go_on(model, prompt, relay, trouble)
    return "" if trouble is None else trouble.sentence


async def _go_on(
    model: ChatModel, prompt: Prompt, relay: Relay, broken: ModelError
) -> ModelError | None:
    text = relay.draft.text
    if not text.strip():
        return await _stream(model, prompt, relay.push)
    overlap = Overlap(text)

    def push(fragment: str) -> None:
        if fresh := overlap.push(fragment):
            relay.push(fresh)

    trouble = await _stream(model, continued(prompt, text), push)
    if held := overlap.finish():
        relay.push(held)
    has_more = len(relay.draft.text) > len(text)
    if not has_more or (trouble is not None and trouble.is_break):
        return broken
    return trouble


async def _stream(
    model: ChatModel, prompt: Prompt, push: Callable[[str], None]
) -> ModelError | None:
    """Push the answer to one request; return why it ended before its end, if it did."""
    try:
        async with aclosing(model.stream(prompt)) as stream:
            async for fragment in stream:
                push(fragment)
    except ModelError as error:
        # Without traceback: a provider's error may quote the prompt.
        cause = type(error.__cause__ or error).__name__
        log.warning("the model gave no whole answer", cause=cause)
        return error
    return None
