"""The model's failures, as the user reads them."""

from __future__ import annotations

import pytest

from proto.errors import Failure
from services.llm.models.model import (
    ModelBroke,
    ModelError,
    ModelFailed,
    ModelMissing,
    ModelStalled,
    ModelTooLarge,
    ModelUnreachable,
)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ModelUnreachable(url="http://127.0.0.1:1"), "answering at http://127.0.0.1:1; start it with `ollama serve`"),
        (ModelMissing(model="llama3.2"), "`ollama pull llama3.2`"),
        (ModelFailed(model="llama3.2", text="out of memory"), "llama3.2: out of memory"),
        (ModelTooLarge(model="llama3.2", text="out of memory"), "choose a smaller model, or a smaller context"),
        (ModelStalled(seconds=120.0), "for 120 seconds"),
        (ModelBroke(why="the connection was closed"), "(the connection was closed)"),
    ],
)
def test_a_failure_is_one_sentence_with_what_to_do(error: ModelError, says: str) -> None:
    assert isinstance(error, Failure)
    assert says in error.message
    assert "\n" not in error.message
    assert "{" not in error.message
