# SPDX-License-Identifier: Apache-2.0
"""Can the nearest neighbour tell made images from real ones? One half means it cannot.

Leave-one-out accuracy of a 1-nearest-neighbour classifier on both sets together (Lopez-Paz and Oquab, ICLR 2017; Xu et
al., "An empirical study on evaluation metrics of generative adversarial networks", 2018). Above one half the sets can
be told apart; below it, an image's nearest is of the other set, as where images were copied. Two draws from one pool
that share a fraction f of their images give (1 - f) / 2, so a control of overlapping draws shows nothing: draw apart.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric, NearestTo
from handcraft.measure.realism.distances import FeaturePair, mask_self, squared_distances

ACCURACY_1NN = Metric("1-NN accuracy", unit="", better=NearestTo(0.5))
ACCURACY_1NN_REAL = Metric("1-NN accuracy of real images", unit="", better=NearestTo(0.5))
"""Low beside a high one of made images: the made ones stand together in few places (lost variety)."""
ACCURACY_1NN_MADE = Metric("1-NN accuracy of made images", unit="", better=NearestTo(0.5))


@dataclass(frozen=True)
class NearestNeighbourAccuracy:
    """Shares of images whose nearest other image is of their own set."""

    all: float
    real: float
    made: float

    def to_json(self) -> dict[str, float]:
        """Plain numbers."""
        return dict(vars(self))


def nearest_neighbour_accuracy(
    real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"]
) -> NearestNeighbourAccuracy:
    """Leave-one-out 1-nearest-neighbour accuracy by Euclidean distance.

    An image with several nearest ones at the same distance counts by the share of them that is of its own set: what
    breaking the tie at random gives on average, whatever the order of the images. So an image whose only copy is in
    the other set counts as wrong.

    Raises:
        HandcraftError: sets of different size (one half would not be chance), or features that do not fit.

    >>> near, far = torch.tensor([[0.0], [1.0], [2.5]]), torch.tensor([[10.0], [11.0], [12.5]])
    >>> nearest_neighbour_accuracy(near, far)
    NearestNeighbourAccuracy(all=1.0, real=1.0, made=1.0)
    """
    pair = FeaturePair.checked(real, made)
    if len(real) != len(made):
        raise HandcraftError(
            f"Expected `real` and `made` to hold equally many images, but got {len(real)} and {len(made)}; "
            "draw as many of each, for one half is chance only then."
        )
    both = torch.cat([pair.real, pair.made])
    is_real = torch.arange(len(both), device=both.device) < len(real)
    correct = torch.cat([_correct(*chunk, is_real, pair.tolerance) for chunk in squared_distances(both, both)])
    return NearestNeighbourAccuracy(
        float(correct.mean()), float(correct[: len(real)].mean()), float(correct[len(real) :].mean())
    )


def _correct(rows: slice, distances: Tensor, is_real: Tensor, tolerance: float) -> Float[Tensor, " some"]:
    """The share of each row's nearest images that is of its own set."""
    mask_self(distances, rows)
    tied = distances <= distances.amin(dim=1, keepdim=True) + tolerance
    own = tied & (is_real[rows, None] == is_real)
    return own.sum(dim=1).double() / tied.sum(dim=1)
