# SPDX-License-Identifier: Apache-2.0
"""Squared distances between sets of features: exact enough to see duplicates, and never all in memory at once.

Everything is computed in float64 around the common mean. The product form ``|a|² + |b|² - 2ab`` then errs by about
1e-15 of the largest squared norm; in float32, as ``torch.cdist`` has it for more than 25 rows, it errs by far more than
close neighbours differ. Distances nearer to each other than ``tolerance`` are ties.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError

_ENTRIES_AT_ONCE = 2**22  # 32 MiB of float64, whatever the number of images
_TIED = 1e-12  # of the largest squared norm: a thousand times what rounding does, far below what images differ by


@dataclass(frozen=True)
class FeaturePair:
    """Two sets of features in float64, moved so that their common mean is zero (which changes no distance)."""

    real: Float[Tensor, "real feature"]
    made: Float[Tensor, "made feature"]

    @classmethod
    def checked(cls, real: Tensor, made: Tensor, *, at_least: int = 2) -> "FeaturePair":
        """What any measure asks of its features.

        Raises:
            HandcraftError: not two tables of equally many features, too few rows, or a feature that is not finite.
        """
        expect_pair(real, made, at_least=at_least)
        real, made = real.double(), made.double()
        mean = (real.sum(dim=0) + made.sum(dim=0)) / (len(real) + len(made))
        return cls(real - mean, made - mean)

    @property
    def tolerance(self) -> float:
        """Squared distances that differ by no more are tied."""
        return _TIED * max(float(rows.square().sum(dim=1).max()) for rows in (self.real, self.made))


def expect_pair(real: Tensor, made: Tensor, *, at_least: int) -> None:
    """Refuse two sets that are not of one feature space, too small or not finite."""
    for name, features in (("real", real), ("made", made)):
        expect_features(features, name, at_least=at_least)
    if real.shape[1] != made.shape[1]:
        raise HandcraftError(
            f"Expected `real` and `made` to come from one feature space, but got {real.shape[1]} and "
            f"{made.shape[1]} features; encode both with the same network."
        )


def expect_features(features: Tensor, name: str, *, at_least: int) -> None:
    """Refuse what is no table of finite features with enough rows."""
    if features.ndim != 2 or len(features) < at_least or features.shape[1] < 1:
        raise HandcraftError(
            f"Expected `{name}` to be a table of {at_least} or more images by features, but got the shape "
            f"{tuple(features.shape)}; give more images, one row each."
        )
    broken = int((~features.isfinite()).any(dim=1).sum())
    if broken:
        raise HandcraftError(
            f"Expected `{name}` to be finite, but {broken} of {len(features)} images have features that are not; "
            "leave them out or mend the images."
        )


def squared_distances(
    rows: Float[Tensor, "row feature"], columns: Float[Tensor, "column feature"]
) -> Iterator[tuple[slice, Float[Tensor, "some column"]]]:
    """All squared distances in chunks of rows, with the rows that each chunk is of; none is below zero.

    >>> [(rows.start, d2.tolist()) for rows, d2 in squared_distances(torch.zeros(1, 2), torch.tensor([[3.0, 4.0]]))]
    [(0, [[25.0]])]
    """
    at_once = max(1, _ENTRIES_AT_ONCE // len(columns))
    lengths = columns.square().sum(dim=1)
    for start in range(0, len(rows), at_once):
        chosen = slice(start, min(start + at_once, len(rows)))
        some = rows[chosen]
        yield chosen, (some.square().sum(dim=1)[:, None] + lengths - 2 * some @ columns.T).clamp_min(0)


def neighbour_radii(points: Float[Tensor, "point feature"], *, neighbours: int) -> Float[Tensor, " point"]:
    """Squared distance of each point to its k-th nearest other point.

    Raises:
        HandcraftError: fewer other points than neighbours.

    >>> neighbour_radii(torch.tensor([[0.0], [1.0], [3.0]]), neighbours=1).tolist()
    [1.0, 1.0, 4.0]
    """
    if not 1 <= neighbours < len(points):
        raise HandcraftError(
            f"Expected `neighbours` to be from 1 to {len(points) - 1}, one less than the images, but got {neighbours}."
        )
    radii = []
    for chosen, distances in squared_distances(points, points):
        mask_self(distances, chosen)
        radii.append(distances.kthvalue(neighbours, dim=1).values)
    return torch.cat(radii)


def mask_self(distances: Float[Tensor, "some column"], rows: slice) -> None:
    """Put each row's own column out of reach, in place: nobody is their own neighbour."""
    own = torch.arange(rows.start, rows.stop, device=distances.device)
    distances[own - rows.start, own] = torch.inf
