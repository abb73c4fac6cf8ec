"""A tiny model in a GGUF file, with weights of chance: what it says means nothing, but it is said by llama.cpp."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from gguf import TokenType

WIDTH, HEADS, INNER, CONTEXT = 32, 2, 64, 2048
SPECIAL = ("<unk>", "<s>", "</s>")
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
WORDS = tuple(f"\u2581{word}" for word in ("one", "two", "three", "four", "five", "six"))
TOKENS = (*SPECIAL, *BYTES, *WORDS)
TYPES = (
    *(TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL),
    *([TokenType.BYTE] * len(BYTES)),
    *([TokenType.NORMAL] * len(WORDS)),
)
TEMPLATE = "{% for each in messages %}{{ each.role }}: {{ each.content }}\n{% endfor %}assistant:"


def write(path: Path, *, template: str = TEMPLATE, context: int = CONTEXT) -> Path:
    """Write the model; returns the path."""
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, context)
    _spell(writer, template)
    _weigh(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, context: int) -> None:
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(TOKENS))


def _spell(writer: gguf.GGUFWriter, template: str) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types(TYPES)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(template)


def _weigh(writer: gguf.GGUFWriter) -> None:
    chance = np.random.default_rng(7)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(f"{name}.weight", chance.standard_normal(shape).astype(np.float32) * 0.3)

    embedded = chance.standard_normal((len(TOKENS), WIDTH)).astype(np.float32)
    spoken = embedded.copy()
    # It never ends by itself, and speaks in whole characters.
    spoken[: len(SPECIAL)] = 0
    writer.add_tensor("token_embd.weight", embedded)
    writer.add_tensor("output.weight", spoken)
    for norm in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{norm}.weight", np.ones(WIDTH, dtype=np.float32))
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{part}", WIDTH, WIDTH)
    add("blk.0.ffn_gate", INNER, WIDTH)
    add("blk.0.ffn_up", INNER, WIDTH)
    add("blk.0.ffn_down", WIDTH, INNER)
