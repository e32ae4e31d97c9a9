# SPDX-License-Identifier: Apache-2.0
"""Seed 001's losses: keypoints that fall on their labels, and shapes of people.

Only the last step of the feedback is judged. The code that goes with the document multiplied by ``w`` twice, and
divided the shape's loss by 5 when training but not when validating; here ``w`` counts once and both are the same sum.
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from handcraft.estimate.regressor.targets import Targets

ShapeLoss = Literal["l1", "l2", "none"]
"""``l1`` as the document says, ``l2`` as its code has it, ``none`` as its first configuration."""


def reprojection_loss(places: Float[Tensor, "n joint 2"], targets: Targets) -> Float[Tensor, ""]:
    """Mean absolute error of a coordinate, weighted by certainty: sum c (|dx| + |dy|) / (2 sum c) (eq 2.3).

    In half sides of the picture; over the batch, so a hand that nobody could label counts little.
    """
    errors = (places - targets.places).abs().sum(-1)
    return (targets.certainty * errors).sum() / (2 * targets.certainty.sum()).clamp_min(1e-6)


def shape_loss(shape: Float[Tensor, "n shape"], kind: ShapeLoss) -> Float[Tensor, ""]:
    """How far shapes are from the mean person: the sum of absolute (section 6.1) or squared numbers, per hand."""
    if kind == "none":
        return shape.new_zeros(())
    sizes = shape.abs() if kind == "l1" else shape.square()
    return sizes.sum(1).mean()


def total_loss(
    reprojection: Float[Tensor, ""], shape: Float[Tensor, ""], *, reprojection_weight: float
) -> Float[Tensor, ""]:
    """``w L_reproj + L_shape`` (eq 6.1)."""
    return reprojection_weight * reprojection + shape
