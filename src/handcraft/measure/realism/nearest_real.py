# SPDX-License-Identifier: Apache-2.0
"""How far each made image lies from the nearest photograph, in units of how far photographs lie from each other."""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.realism.distances import FeaturePair, neighbour_radii, squared_distances


def nearest_real_distances(
    real: Float[Tensor, "real feature"], made: Float[Tensor, "made feature"]
) -> Float[Tensor, " made"]:
    """Euclidean distance of each made image to its nearest real one over the median of that among the real ones.

    Around 1 an image lies as near to photographs as they do to each other. More real images lie nearer: compare made
    sets against one real set only.

    Raises:
        HandcraftError: half of the real images or more are copies of others, or features that do not fit.

    >>> nearest_real_distances(torch.tensor([[0.0], [2.0], [4.0]]), torch.tensor([[4.0], [10.0]])).tolist()
    [0.0, 3.0]
    """
    pair = FeaturePair.checked(real, made, at_least=1)
    usual = neighbour_radii(pair.real, neighbours=1).sqrt().median()
    if float(usual) ** 2 <= pair.tolerance:
        raise HandcraftError(
            f"Expected `real` to hold different images, but half or more of the {len(real)} are copies of others; "
            "leave the copies out."
        )
    nearest = torch.cat([distances.amin(dim=1) for _, distances in squared_distances(pair.made, pair.real)])
    return (nearest.sqrt() / usual).where(nearest > pair.tolerance, 0.0)  # a copy lies at no distance
