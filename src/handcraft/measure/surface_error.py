# SPDX-License-Identifier: Apache-2.0
"""How far a predicted surface lies from the true one: vertex by vertex, and by nearest neighbours where they differ.

The F-score is that of Knapitsch et al., "Tanks and Temples" (2017), as FreiHAND's scorer takes it: between vertices,
not triangles, both ways, with distances below the threshold (on it does not count).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric

VERTEX_ERROR = Metric("mean vertex error", unit="mm", better="lower")
PA_VERTEX_ERROR = Metric("mean vertex error, Procrustes-aligned", unit="mm", better="lower")
F_AT_5MM = Metric("F@5 mm", unit="", better="higher")
F_AT_15MM = Metric("F@15 mm", unit="", better="higher")

_DISTANCES_AT_ONCE = 2**22  # 32 MiB of float64, whatever the number of vertices


@dataclass(frozen=True)
class NearestDistances:
    """How far each vertex is from the other surface's nearest one, exactly; every threshold is answered from them."""

    of_predicted: Float[Tensor, " predicted"]
    of_true: Float[Tensor, " true"]

    def precision(self, threshold: float) -> float:
        """Share of predicted vertices nearer than ``threshold`` to a true one."""
        return float((self.of_predicted < threshold).double().mean())

    def recall(self, threshold: float) -> float:
        """Share of true vertices nearer than ``threshold`` to a predicted one."""
        return float((self.of_true < threshold).double().mean())

    def f_score(self, threshold: float) -> float:
        """Their harmonic mean, ``2 P R / (P + R)``; 0 where both are 0."""
        precision, recall = self.precision(threshold), self.recall(threshold)
        return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def nearest_distances(predicted: Float[Tensor, "predicted 3"], true: Float[Tensor, "true 3"]) -> NearestDistances:
    """Every vertex against every other, some rows at a time, by differences and not by products, which would round.

    Raises:
        HandcraftError: no vertices, or some that are not finite.

    >>> found = nearest_distances(torch.tensor([[0.0, 0, 0], [9.0, 0, 0]]), torch.tensor([[0.0, 0, 4]]))
    >>> found.of_predicted.tolist(), found.of_true.tolist(), found.precision(4.5)
    ([4.0, 9.848857801796104], [4.0], 0.5)
    """
    for name, points in (("predicted", predicted), ("true", true)):
        if len(points) == 0 or not bool(points.isfinite().all()):
            raise HandcraftError(f"Expected `{name}` to be finite vertices, but got none or others; mend it.")
    predicted, true = predicted.double(), true.double()
    of_predicted, of_true = [], true.new_full((len(true),), torch.inf)
    for rows in predicted.split(max(1, _DISTANCES_AT_ONCE // len(true))):
        distances = torch.cdist(rows, true, compute_mode="donot_use_mm_for_euclid_dist")
        of_predicted.append(distances.amin(dim=1))
        of_true = torch.minimum(of_true, distances.amin(dim=0))
    return NearestDistances(torch.cat(of_predicted), of_true)


def f_score(predicted: Float[Tensor, "predicted 3"], true: Float[Tensor, "true 3"], *, threshold: float) -> float:
    """The F-score of one surface, in [0, 1]; ``threshold`` in the unit of the vertices.

    >>> f_score(torch.zeros(1, 3), torch.tensor([[0.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]]), threshold=0.5)
    0.5
    """
    return nearest_distances(predicted, true).f_score(threshold)


def vertex_errors(
    predicted: Float[Tensor, "*batch vertex 3"], true: Float[Tensor, "*batch vertex 3"]
) -> Float[Tensor, "*batch vertex"]:
    """Distance of each vertex to the one of the same number, in the unit of its arguments, in float64.

    For the Procrustes-aligned error give ``procrustes_aligned(predicted, true)`` as ``predicted``.

    >>> vertex_errors(torch.tensor([[3.0, 4.0, 0.0]]), torch.zeros(1, 3)).tolist()
    [5.0]
    """
    return (predicted.double() - true.double()).norm(dim=-1)
