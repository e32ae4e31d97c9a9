# SPDX-License-Identifier: Apache-2.0
"""Features drawn in the plane, for looking at: UMAP where umap-learn is installed, principal components elsewhere.

Neither is ever told which set an image is from. Seed 000 passes the labels to UMAP (figs 4.5 and 4.6), which pulls sets
apart that no distance can tell apart; here a function that takes labels does not exist. Distances between far clusters
and the sizes of clusters mean nothing in UMAP: the measures say how far apart sets are, not the picture.
"""

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.realism.distances import expect_features

NEIGHBOURS = (5, 19)
"""Local and wider structure, as in seed 000 (4.3)."""


@dataclass(frozen=True)
class Embedding:
    """Where each image lies in the plane, and how that was found."""

    points: Float[Tensor, "image 2"]
    method: str

    def to_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {"method": self.method, "points": self.points.tolist()}


def embed_in_plane(features: Float[Tensor, "image feature"], *, neighbours: int, seed: int) -> Embedding:
    """By UMAP where it is installed, by principal components elsewhere; ``method`` says which.

    Raises:
        HandcraftError: no more images than neighbours, or features that do not fit.

    >>> embed_in_plane(torch.zeros(3, 4), neighbours=5, seed=0)
    Traceback (most recent call last):
    handcraft.errors.HandcraftError: Expected `neighbours` to be from 2 to 2, one less than the images, but got 5.
    """
    expect_features(features, "features", at_least=3)
    if not 2 <= neighbours < len(features):
        raise HandcraftError(
            f"Expected `neighbours` to be from 2 to {len(features) - 1}, one less than the images, but got "
            f"{neighbours}."
        )
    try:
        umap = _umap()
    except ImportError:
        return principal_plane(features)
    reducer = umap.UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1)  # other threads would lose the seed
    threads = torch.get_num_threads()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of spectral starting points on small or disconnected sets: it says what it does
        points = reducer.fit_transform(features.cpu().numpy())
    torch.set_num_threads(threads)  # numba sets OpenMP's number of threads, which is torch's too
    return Embedding(torch.from_numpy(points).float(), f"UMAP without labels, {neighbours} neighbours, seed {seed}")


def principal_plane(features: Float[Tensor, "image feature"]) -> Embedding:
    """The two directions of largest variance; the sign of each is such that its farthest image is on the plus side.

    >>> principal_plane(torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [9.0, 0.0, 0.0]])).points[:, 0].tolist()
    [-4.0, -1.0, 5.0]
    """
    expect_features(features, "features", at_least=2)
    centred = features.cpu().double() - features.cpu().double().mean(dim=0)
    left, lengths, _ = torch.linalg.svd(centred, full_matrices=False)
    points = torch.zeros(len(features), 2, dtype=torch.float64)
    rank = min(2, len(lengths))
    points[:, :rank] = left[:, :rank] * lengths[:rank]
    farthest = points.gather(0, points.abs().argmax(dim=0, keepdim=True))
    share = float(lengths[:2].square().sum() / lengths.square().sum().clamp_min(1e-300))
    points = (points * torch.where(farthest < 0, -1.0, 1.0)).float()
    return Embedding(points, f"principal components, {share:.0%} of the variance (umap-learn is not installed)")


def _umap() -> Any:  # noqa: ANN401 - umap ships no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of tensorflow, which we do not use
        return importlib.import_module("umap")
