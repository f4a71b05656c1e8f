"""A model behind an OpenAI-compatible endpoint: paced, patient, and with errors in words."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text

WAIT_S = (1.0, 60.0)  # the first wait after a failure, doubled each time, and the longest
TOKENS = 700
TEMPERATURE = 0.7


@dataclass(frozen=True)
class Answer:
    """``whole``: the model came to an end by itself. Token counts are 0 where the server gives none."""

    text: str
    whole: bool
    tokens_in: int
    tokens_out: int


class Endpoint:
    """Sends chats one at a time. The key goes into the request's header and nowhere else."""

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        per_minute: float = 60.0,
        timeout_s: float = 120.0,
        retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        temperature: float = TEMPERATURE,
    ) -> None:
        """``temperature``: of the model's choice of words, 0 for always the likeliest. Raises GleamError where the client library is not installed."""
        try:
            import openai
        except ImportError:
            raise GleamError(
                "Teaching by an endpoint needs openai, which is not installed.",
                "Install it with: pip install openai.",
            ) from None
        self.url, self.model = url, model
        self._errors = openai
        self._pause_s = 60.0 / per_minute if per_minute > 0 else 0.0
        self._retries, self._sleep = retries, sleep
        self._temperature = temperature
        self._last: float | None = None
        # our own retries, so that the pace holds for them, too; some servers want a key of any kind
        self._client = openai.OpenAI(
            base_url=url, api_key=key or "none", timeout=timeout_s, max_retries=0
        )

    def ask(self, messages: Sequence[dict[str, Any]]) -> Answer:
        """The model's answer to a chat.

        Tries again after what may pass: a limit of requests, trouble of the server or the line, an
        answer that is none. Raises GleamError where it does not pass, or cannot.
        """
        wait = WAIT_S[0]
        trouble = ""
        for attempt in range(self._retries + 1):
            if attempt:
                self._sleep(min(wait, WAIT_S[1]))
                wait *= 2
            self._keep_pace()
            try:
                return self._once(messages)
            except self._errors.RateLimitError as error:
                trouble = "it allows no more requests for now"
                wait = max(wait, _retry_after(error))
            except self._errors.APITimeoutError:
                trouble = "it did not answer in time"
            except self._errors.APIConnectionError:
                trouble = "it cannot be reached"
            except self._errors.InternalServerError as error:
                trouble = f"it answers with error {error.status_code}"
            except self._errors.APIStatusError as error:
                raise GleamError(
                    f"{self._named()} refuses the request: {_reason(error)}.",
                    "Check the key, the model's name and whether the model takes pictures "
                    "(--no-images).",
                ) from None
            except (ValueError, self._errors.OpenAIError):
                trouble = "its answers are not what the protocol says"
        raise GleamError(
            f"{self._named()} gave no answer: {trouble}.",
            "Check the address and try again later; what was answered is kept.",
        )

    def _once(self, messages: Sequence[dict[str, Any]]) -> Answer:
        given: Any = list(messages)
        reply: Any = self._client.chat.completions.create(
            model=self.model, messages=given, max_tokens=TOKENS, temperature=self._temperature
        )
        try:
            choice = reply.choices[0]
            text, end = choice.message.content, choice.finish_reason
            usage = reply.usage
        except (AttributeError, IndexError, TypeError):
            raise ValueError("no chat completion") from None
        if not isinstance(text, str) or not text.strip():
            raise ValueError("an empty answer")
        counts = (getattr(usage, name, 0) or 0 for name in ("prompt_tokens", "completion_tokens"))
        return Answer(text.strip(), end == "stop", *counts)

    def _keep_pace(self) -> None:
        if self._last is not None:
            left = self._last + self._pause_s - time.monotonic()
            if left > 0:
                self._sleep(left)
        self._last = time.monotonic()

    def _named(self) -> str:
        return f"The endpoint {clean_text(self.url, 200)}"


def _retry_after(error: Any) -> float:
    """Seconds that a server asks to wait, 0 where it says nothing of use."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", 0)))
    except (AttributeError, TypeError, ValueError):
        return 0.0


def _reason(error: Any) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    message = body.get("message") or body.get("detail") or f"status {error.status_code}"
    return clean_text(str(message), 160)
