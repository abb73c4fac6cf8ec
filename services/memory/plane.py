"""Meanings in two dimensions: the plane in which a sample of vectors differs most, and where each lies on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
HEADER = 4
"""Bytes before the numbers of a vector, as Postgres sends it."""
OUTLIERS = 2
"""Percent of a sample that are put on each edge, so that a few strange texts do not press the rest together."""


def read(vectors: Sequence[bytes]) -> Numbers:
    """One row a vector: big-endian half floats behind a header."""
    return np.array([np.frombuffer(vector, dtype=">f2", offset=HEADER) for vector in vectors], dtype=np.float64)


class Plane:
    """Where two axes lie; texts that come later are put on the same ones, so that the picture stays."""

    def __init__(self, sample: Numbers) -> None:
        self.size = len(sample)
        """How many texts it was laid through."""
        self._middle = sample.mean(axis=0)
        _, strengths, axes = np.linalg.svd(sample - self._middle, full_matrices=False)
        self._axes = np.array([_upright(axis) for axis in axes[:2]])
        power = strengths**2
        self.kept = float(power[:2].sum() / power.sum()) if power.sum() else 0.0
        """The share of all differences that it shows."""
        flat = self._flat(sample)
        self._low, self._high = np.percentile(flat, [OUTLIERS, 100 - OUTLIERS], axis=0)

    @property
    def dimensions(self) -> int:
        """Numbers in a vector that can be put on it."""
        return len(self._middle)

    def places(self, vectors: Numbers) -> list[tuple[float, float]]:
        """Where vectors lie, from 0 to 1 each way."""
        span = np.maximum(self._high - self._low, 1e-9)
        found = np.clip((self._flat(vectors) - self._low) / span, 0, 1)
        return [(float(x), float(y)) for x, y in found.round(4)]

    def _flat(self, vectors: Numbers) -> Numbers:
        flat: Numbers = (vectors - self._middle) @ self._axes.T
        return flat


def _upright(axis: Numbers) -> Numbers:
    """The one of an axis' two directions that does not depend on how it was found."""
    return axis if axis[np.argmax(np.abs(axis))] > 0 else -axis
