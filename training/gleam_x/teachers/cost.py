"""What a lesson will cost, before it starts, and what it has cost so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gleam_app.explain.wording import Lang

ANSWER_TOKENS = {"en": 170, "zh": 220}  # of explanations of the length asked for


@dataclass(frozen=True)
class Prices:
    """Of a million tokens, in any currency; ``image_tokens``: what a picture counts as."""

    read: float = 0.0
    written: float = 0.0
    image_tokens: int = 500

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """The price of some tokens."""
        return (tokens_in * self.read + tokens_out * self.written) / 1e6


@dataclass(frozen=True)
class Cost:
    requests: int
    tokens_in: int
    tokens_out: int
    price: float

    def __str__(self) -> str:
        price = f", about {self.price:.2f} in all" if self.price else ""
        return (
            f"{self.requests:,} requests, about {self.tokens_in:,} tokens read and "
            f"{self.tokens_out:,} written{price}"
        )


def text_tokens(text: str) -> int:
    """About how many tokens a text has: four Latin letters each, or two thirds of a Chinese one's."""
    wide = sum(ord(letter) > 0x2E7F for letter in text)
    return round((len(text) - wide) / 4 + wide / 1.5)


def tokens_of(messages: Sequence[dict[str, Any]], prices: Prices) -> int:
    """About how many tokens a chat has."""
    total = 0
    for message in messages:
        content = message["content"]
        if isinstance(content, str):
            total += text_tokens(content)
            continue
        for part in content:
            is_text = part["type"] == "text"
            total += text_tokens(part["text"]) if is_text else prices.image_tokens
    return total


def estimate(chats: Sequence[tuple[Lang, Sequence[dict[str, Any]]]], prices: Prices) -> Cost:
    """The cost of asking each chat once."""
    read = sum(tokens_of(messages, prices) for _, messages in chats)
    written = sum(ANSWER_TOKENS[lang] for lang, _ in chats)
    return Cost(len(chats), read, written, prices.of(read, written))
