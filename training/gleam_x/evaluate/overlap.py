"""How alike two texts are: shared runs of letters for both languages, sentence vectors for English."""

from collections import Counter
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError

ORDER, BETA = 6, 2.0


def chrf(text: str, reference: str) -> float:
    """chrF of one text, 0..1 (Popović, WMT 2015): runs of 1 to 6 letters without spaces, recall counted
    twice as much as precision. Orders for which one of the texts is too short are left out."""
    shares = []
    for order in range(1, ORDER + 1):
        mine, theirs = _runs(text, order), _runs(reference, order)
        if mine and theirs:
            both = (mine & theirs).total()
            shares.append((both / mine.total(), both / theirs.total()))
    if not shares:
        return 0.0
    precision, recall = (sum(column) / len(shares) for column in zip(*shares, strict=True))
    bottom = BETA**2 * precision + recall
    return (1 + BETA**2) * precision * recall / bottom if bottom else 0.0


def _runs(text: str, order: int) -> Counter[str]:
    letters = "".join(text.split())
    return Counter(letters[i : i + order] for i in range(len(letters) - order + 1))


class SentenceVectors:
    """Cosine of mean-pooled token vectors, as Sentence-BERT compares texts (all-MiniLM-L6-v2: English)."""

    def __init__(self, folder: Path) -> None:
        """``folder``: a Hugging Face encoder with its tokenizer. Raises GleamError."""
        import torch
        from transformers import AutoModel, AutoTokenizer

        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model: Any = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            ).eval()
        except (OSError, ValueError, KeyError) as error:
            raise GleamError(
                f"{folder.name} cannot be opened as a sentence encoder: {error}.",
                "For instance the folder model of all-MiniLM-L6-v2.",
            ) from None
        self._known: dict[str, Any] = {}

    def similarity(self, text: str, reference: str) -> float:
        """-1..1."""
        return float(self._vector(text) @ self._vector(reference))

    def _vector(self, text: str) -> Any:
        import torch

        if text not in self._known:
            tokens = self._tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
            with torch.inference_mode():
                states = self._model(**tokens).last_hidden_state[0]
            mean = states[tokens["attention_mask"][0].bool()].mean(dim=0)
            self._known[text] = mean / mean.norm()
        return self._known[text]
