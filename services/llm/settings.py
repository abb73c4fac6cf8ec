"""Settings of the llm service."""

from __future__ import annotations

from typing import Literal

import msgspec

WhenBusy = Literal["refuse", "queue"]


class LlmSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set."""

    ollama: str = "auto"
    """Address of an Ollama server, or of several with commas between; `auto` uses the one on this machine if it answers, `off` none."""  # noqa: E501
    model: str = ""
    """The model to talk to; empty means the first one the server has."""
    models: str = ""
    """Models of single jobs, such as `title=qwen3:0.6b, summary=qwen3:4b, command=…`; the other jobs are those of `model`."""  # noqa: E501
    gguf: str = ""
    """Path of a GGUF file, which answers without a server where no Ollama server does or `ollama` is `off`."""
    num_ctx: int = 8192
    """Context size in tokens, always said to the server."""
    models_dir: str = "models"
    """Where the embedding model is written once."""
    embedding: str = "minilm"
    """What makes vectors: `minilm`, or `ollama:NAME`; memory embeds everything anew when it changes."""
    turns: int = 64
    """Turns that one process writes at the same time."""
    steps: int = 12
    """How often the model is called in one turn at most."""
    turn_timeout: float = 1800.0
    """Seconds after which a turn is ended."""
    when_busy: WhenBusy = "refuse"
    """What becomes of a message that comes while an answer is written; one that comes while an action runs is taken."""
    approval_timeout: float = 600.0
    """Seconds that a call waits for a person's word; then it is refused."""
    wakes: int = 3
    """Turns that open by themselves at the ends of jobs, in one conversation, until a person speaks again; 0: none."""
    stall_timeout: float = 120.0
    """Seconds of silence after which the model server counts as hung."""
