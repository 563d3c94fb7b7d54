"""Rows of all series as arrays, on their way from a table to a panel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows"]


@dataclass(frozen=True)
class Rows:
    """Rows of all series. Ordinals number the steps of the grid."""

    codes: NDArray[np.int32]  # (n_rows,): number of the series
    ordinals: NDArray[np.int64]  # (n_rows,)
    values: NDArray[np.float64]  # (n_rows, n_columns)

    def take(self, index: NDArray[np.integer]) -> "Rows":
        """The rows of ``index``, in its order."""
        return Rows(self.codes[index], self.ordinals[index], self.values[index])

    def followed_by(self, other: "Rows") -> "Rows":
        """These rows, then those of another."""
        return Rows(
            np.concatenate([self.codes, other.codes]),
            np.concatenate([self.ordinals, other.ordinals]),
            np.concatenate([self.values, other.values]),
        )
