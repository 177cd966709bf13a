"""What goes wrong with one request to the offline model, on demand."""

from dataclasses import dataclass
from typing import Literal, get_args

from bot.playground.model.completion import FinishReason

Kind = Literal[
    "none",
    "error",
    "refuse_stream_options",
    "cut",
    "reset",
    "truncated",
    "late_cut",
    "unfinished",
    "stall",
    "keepalive",
    "broken_json",
    "no_choices",
    "garbage",
    "page",
    "length",
    "content_filter",
    "tool_calls",
    "refusal",
]
"""What happens.

- `none`: the answer goes on to its end, if it begins (see `ModelFault.status`);
- `error`: an event that holds an error, or status 500 where nothing is streamed;
- `refuse_stream_options`: 400, as servers answer that do not know this parameter;
- `cut`, `reset`: the connection ends without the end of the body, by FIN or by RST;
- `truncated`: it ends inside a chunk of the body;
- `late_cut`: it ends behind the finish reason, and no tokens are counted;
- `unfinished`: the body ends in order, without a finish reason and without `[DONE]`;
- `stall`, `keepalive`: silence, or comments only, until the client goes away;
- `broken_json`, `no_choices`, `garbage`: such an event, and the answer goes on;
- `page`: a web page in place of the stream, with status 200;
- `length`, `content_filter`, `tool_calls`: the answer ends for this reason;
- `refusal`: the model declines, in the field for that, and the answer ends.

Not documented: which of them a server or a proxy between does is our choice.
"""

INTERRUPTIONS: dict[Kind, bytes] = {
    "broken_json": b'data: {"choices": [{"delta"\n\n',
    "no_choices": b'data: {"id": "chatcmpl-0", "object": "chat.completion.chunk"}\n\n',
    "garbage": b"data: \xff\xfe\x00\xc3\n\n",
}
REFUSAL = "I am sorry, but I cannot help with that."
PAGE = "<!doctype html>\n<title>Sign in</title>\n<p>Sign in to the network first.</p>\n"


@dataclass(frozen=True, slots=True)
class ModelFault:
    """Something that goes wrong with one request."""

    status: int = 0
    """Refuse with this HTTP status; 0 lets the answer begin."""
    after_fragments: int = 0
    """How many fragments are sent before it happens."""
    kind: Kind = "none"
    retry_after_s: float | None = None
    is_before_headers: bool = False
    """It happens before the status line: for `cut`, `reset` and `stall`."""

    @property
    def breaks_off(self) -> bool:
        """Say whether the answer ends before its end."""
        whole: set[Kind] = {"none", "refuse_stream_options", "page", "late_cut"}
        return self.kind not in whole and not self.interruption

    @property
    def ends_in_order(self) -> bool:
        """Say whether the answer ends early, but as the protocol allows."""
        return self.kind in {"unfinished", "refusal"} or self.finish_reason is not None

    @property
    def interruption(self) -> bytes:
        """Return what is written in the middle of a stream that goes on."""
        return INTERRUPTIONS.get(self.kind, b"")

    @property
    def finish_reason(self) -> FinishReason | None:
        """Return the reason that ends the answer, if that is all that happens."""
        reasons: tuple[FinishReason, ...] = get_args(FinishReason)
        return next((reason for reason in reasons if reason == self.kind), None)
