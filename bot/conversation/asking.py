"""One answer of the model, in further requests where one breaks off."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from bot.conversation.overlap import Overlap
from bot.conversation.ports import ChatModel, ModelError
from bot.conversation.prompt import Prompt, continued
from bot.conversation.relay import Relay
from bot.conversation.tokens import estimate_tokens
from bot.conversation.turn import NOTHING, Cut, Spent

log = structlog.stdlib.get_logger()


@dataclass(slots=True)
class Inquiry:
    """What came of asking, known also where asking was cancelled."""

    sentence: str = ""
    """Why the answer is not whole, or that there is none; empty if all is well."""
    cut: Cut = ""
    spent: Spent = NOTHING

    def fail(self, trouble: ModelError, *, has_text: bool) -> None:
        """Note why there is no more."""
        self.sentence = trouble.sentence
        if has_text:
            self.cut = "length" if trouble.is_cut else "break"


async def ask(model: ChatModel, prompt: Prompt, relay: Relay, inquiry: Inquiry) -> None:
    """Push the model's text, and note in `inquiry` what came of it.

    An answer that breaks off is gone on with once, from its last character; what the
    relay's draft holds already is gone on with, too.

    Raises:
        DeliveryError: if the text cannot be delivered; then the model writes no more.
    """
    stream = _Stream(model, relay, inquiry)
    if relay.draft.text.strip():
        trouble = await stream.go_on(prompt)
    else:
        trouble = await stream.push(prompt, relay.push)
    if trouble is not None and trouble.is_break:
        text = relay.draft.text
        again = await stream.go_on(prompt)
        has_more = len(relay.draft.text) > len(text)
        is_broken = again is not None and again.is_break
        if not text.strip() or (has_more and not is_broken):
            trouble = again
    if trouble is not None:
        inquiry.fail(trouble, has_text=bool(relay.draft.text.strip()))


@dataclass(frozen=True, slots=True)
class _Stream:
    model: ChatModel
    relay: Relay
    inquiry: Inquiry

    async def go_on(self, prompt: Prompt) -> ModelError | None:
        """Push what follows the text so far; return why there is no more, if it broke.

        Nothing may follow: then the text was whole.
        """
        text = self.relay.draft.text
        if not text.strip():
            return await self.push(prompt, self.relay.push)
        overlap = Overlap(text)

        def push(fragment: str) -> None:
            if fresh := overlap.push(fragment):
                self.relay.push(fresh)

        trouble = await self.push(continued(prompt, text), push)
        if held := overlap.finish():
            self.relay.push(held)
        return trouble

    async def push(
        self, prompt: Prompt, push: Callable[[str], None]
    ) -> ModelError | None:
        """Push the answer to one request; return why it ended early, if it did."""
        known: list[Spent] = []
        fragments: list[str] = []
        is_refused = False
        try:
            async with aclosing(self.model.stream(prompt, known.append)) as stream:
                async for fragment in stream:
                    fragments.append(fragment)
                    push(fragment)
        except ModelError as error:
            # Without traceback: a provider's error may quote the prompt.
            cause = type(error.__cause__ or error).__name__
            log.warning("the model gave no whole answer", cause=cause)
            is_refused = not (fragments or error.is_break)
            return error
        finally:
            if known or not is_refused:
                estimate = _estimated(prompt, fragments)
                self.inquiry.spent += known[-1] if known else estimate
        return None


def _estimated(prompt: Prompt, fragments: list[str]) -> Spent:
    """Return about what a request cost of which the provider says nothing."""
    return Spent(
        sum(estimate_tokens(message.text) for message in prompt.messages),
        estimate_tokens("".join(fragments)),
    )
