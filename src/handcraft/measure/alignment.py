# SPDX-License-Identifier: Apache-2.0
"""Predicted points moved onto true ones, as far as a protocol allows, before their distance is taken.

Each function takes and returns the predicted points; what it forgives is in its name. All compute in float64. A point
whose true place is NaN is not labelled: it takes no part in the alignment, and its distance to the truth is NaN. A hand
with too few labelled points to be told from one that fits by chance comes back as NaN, and so counts for nothing.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError

_ROUNDING = 1e-12  # points that are no farther apart, relative to their coordinates, stand in one place


@dataclass(frozen=True)
class Similarity:
    """The map ``x -> scale * rotation x + shift``, one per hand; where reflections were allowed, it may be one."""

    scale: Float[Tensor, "*batch"]
    rotation: Float[Tensor, "*batch 3 3"]
    shift: Float[Tensor, "*batch 3"]

    def apply(self, points: Float[Tensor, "*batch point 3"]) -> Float[Tensor, "*batch point 3"]:
        """Move any points: those it was found from, or the surface that belongs to them."""
        turned = points.double() @ self.rotation.transpose(-1, -2)
        return self.scale[..., None, None] * turned + self.shift[..., None, :]

    @property
    def is_reflection(self) -> Bool[Tensor, "*batch"]:
        """Whether it turns a left hand into a right one."""
        return torch.linalg.det(self.rotation) < 0


def best_similarity(
    predicted: Float[Tensor, "*batch point 3"],
    true: Float[Tensor, "*batch point 3"],
    *,
    allow_reflection: bool = False,
) -> Similarity:
    """The similarity that brings ``predicted`` nearest to ``true`` in the mean square (Umeyama, PAMI 1991, eq 40-43).

    Points that all lie in one place have no size to go by: they keep scale 1 and end on the true centroid. Points in a
    line or a plane leave a turn undecided that changes nothing.

    Args:
        predicted: in any unit.
        true: in that unit; NaN where not labelled.
        allow_reflection: FreiHAND's, HO-3D's and DexYCB's scorers do; a mirrored hand then fits as well as the right
            one, and a hand seen the wrong way round goes unnoticed.

    Raises:
        HandcraftError: a predicted coordinate of a labelled point that is not finite.

    >>> right = torch.eye(3).repeat(2, 1)[:4] + torch.tensor([[0.0], [0.0], [0.0], [1.0]])
    >>> mirrored = right * torch.tensor([-1.0, 1.0, 1.0])
    >>> best_similarity(2 * right, right).scale.item()
    0.5
    >>> best_similarity(mirrored, right, allow_reflection=True).is_reflection.item()
    True
    """
    predicted, true, labelled = _checked(predicted, true)
    from_centre, to_centre = _centroid(predicted, labelled), _centroid(true, labelled)
    given = (predicted - from_centre).where(labelled, 0.0)
    wanted = (true - to_centre).where(labelled, 0.0)
    left, stretches, right = torch.linalg.svd(wanted.transpose(-1, -2) @ given)
    signs = torch.ones_like(stretches)
    if not allow_reflection:
        signs[..., 2] = torch.linalg.det(left @ right).sign()
    rotation = (left * signs[..., None, :]) @ right
    spread, has_size = given.square().sum((-2, -1)), _has_size(given, predicted, labelled)
    scale = ((stretches * signs).sum(-1) / spread.where(has_size, 1.0)).where(has_size, 1.0)
    turned_centre = (from_centre @ rotation.transpose(-1, -2))[..., 0, :]
    return Similarity(scale, rotation, to_centre[..., 0, :] - scale[..., None] * turned_centre)


def procrustes_aligned(
    predicted: Float[Tensor, "*batch point 3"],
    true: Float[Tensor, "*batch point 3"],
    *,
    allow_reflection: bool = False,
) -> Float[Tensor, "*batch point 3"]:
    """Position, turn and size forgiven (PA): ``best_similarity`` applied. NaN with fewer than three labelled points.

    >>> true = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    >>> turned = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    >>> torch.allclose(procrustes_aligned(7 * true @ turned + 5, true), true.double())
    True
    """
    aligned = best_similarity(predicted, true, allow_reflection=allow_reflection).apply(predicted)
    return _with_enough(aligned, true, 3)


def root_aligned(
    predicted: Float[Tensor, "*batch point 3"], true: Float[Tensor, "*batch point 3"], *, root: int
) -> Float[Tensor, "*batch point 3"]:
    """Position forgiven: the predicted root is put where the true one is.

    >>> predicted, true = torch.tensor([[1.0, 0.0, 0.0], [4.0, 0.0, 0.0]]), torch.zeros(2, 3)
    >>> root_aligned(predicted, true, root=0)[:, 0].tolist()
    [0.0, 3.0]
    """
    predicted, true, _ = _checked(predicted, true)
    return predicted - predicted[..., [root], :] + true[..., [root], :]


def root_and_bone_aligned(
    predicted: Float[Tensor, "*batch point 3"],
    true: Float[Tensor, "*batch point 3"],
    *,
    root: int,
    bone: tuple[int, int],
) -> Float[Tensor, "*batch point 3"]:
    """Position and size forgiven by one bone: the root in its place, the bone as long as the true one.

    hand3d takes the middle finger's proximal bone; Minimal-Hand and HO-3D's "scale-translation" take wrist to middle
    knuckle, with the knuckle and the wrist as root. A predicted bone of no length leaves the size as it is.

    >>> predicted, true = torch.tensor([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0]]), torch.tensor([[0.0, 0, 1], [2.0, 0, 1]])
    >>> root_and_bone_aligned(predicted, true, root=0, bone=(0, 1)).tolist()
    [[0.0, 0.0, 1.0], [2.0, 0.0, 1.0]]
    """
    predicted, true, _ = _checked(predicted, true)
    start, end = bone
    given, wanted = ((points[..., end, :] - points[..., start, :]).norm(dim=-1) for points in (predicted, true))
    scale = (wanted / given.where(given > 0, 1.0)).where(given > 0, 1.0)
    return _scaled_about_root(predicted, true, scale, root)


def scale_aligned(
    predicted: Float[Tensor, "*batch point 3"], true: Float[Tensor, "*batch point 3"], *, root: int
) -> Float[Tensor, "*batch point 3"]:
    """Position and size forgiven: the root in its place, and the scale about it that is best in the mean square.

    The scale is ``sum <p, t> / sum <p, p>`` over points from their roots, and never below 0, which would mirror.

    >>> true = torch.tensor([[1.0, 1.0, 1.0], [2.0, 1.0, 1.0], [1.0, 3.0, 1.0]])
    >>> torch.equal(scale_aligned(5 * true, true, root=0), true.double())
    True
    """
    predicted, true, labelled = _checked(predicted, true)
    given = (predicted - predicted[..., [root], :]).where(labelled, 0.0)
    wanted = (true - true[..., [root], :]).where(labelled, 0.0)
    spread = given.square().sum((-2, -1))
    scale = ((given * wanted).sum((-2, -1)) / spread.where(spread > 0, 1.0)).clamp_min(0.0)
    return _scaled_about_root(predicted, true, scale, root)


def centroid_aligned(
    predicted: Float[Tensor, "*batch point 3"], true: Float[Tensor, "*batch point 3"]
) -> Float[Tensor, "*batch point 3"]:
    """Position forgiven, where there is no root: centroids of the labelled points meet. NaN with fewer than two.

    >>> centroid_aligned(torch.tensor([[1.0, 0, 0], [5.0, 0, 0]]), torch.tensor([[0.0, 0, 0], [2.0, 0, 0]]))[:, 0]
    tensor([-1.,  3.], dtype=torch.float64)
    """
    predicted, true, labelled = _checked(predicted, true)
    return _with_enough(predicted - _centroid(predicted, labelled) + _centroid(true, labelled), true, 2)


def centroid_and_radius_aligned(
    predicted: Float[Tensor, "*batch point 3"], true: Float[Tensor, "*batch point 3"]
) -> Float[Tensor, "*batch point 3"]:
    """Position and size forgiven, where there is no root: Dexter+Object's and EgoDexter's five fingertips.

    Centroids of the labelled points meet, and the mean distance from them is made the true one (Minimal-Hand's
    protocol for the two sets). It forgives much of five points. NaN with fewer than two labelled.

    >>> predicted, true = torch.tensor([[1.0, 0, 0], [5.0, 0, 0]]), torch.tensor([[0.0, 0, 0], [2.0, 0, 0]])
    >>> centroid_and_radius_aligned(predicted, true)[:, 0].tolist()
    [0.0, 2.0]
    """
    predicted, true, labelled = _checked(predicted, true)
    from_centre, to_centre = _centroid(predicted, labelled), _centroid(true, labelled)
    given, wanted = (
        (points - centre).norm(dim=-1, keepdim=True).where(labelled, 0.0).sum(-2, keepdim=True)
        for points, centre in ((predicted, from_centre), (true, to_centre))
    )
    has_size = _has_size((predicted - from_centre).where(labelled, 0.0), predicted, labelled)[..., None, None]
    scale = (wanted / given.where(has_size, 1.0)).where(has_size, 1.0)
    return _with_enough((predicted - from_centre) * scale + to_centre, true, 2)


def _scaled_about_root(
    predicted: Float[Tensor, "*batch point 3"],
    true: Float[Tensor, "*batch point 3"],
    scale: Float[Tensor, "*batch"],
    root: int,
) -> Float[Tensor, "*batch point 3"]:
    return (predicted - predicted[..., [root], :]) * scale[..., None, None] + true[..., [root], :]


def _checked(
    predicted: Float[Tensor, "*batch point 3"], true: Float[Tensor, "*batch point 3"]
) -> tuple[Float[Tensor, "*batch point 3"], Float[Tensor, "*batch point 3"], Bool[Tensor, "*batch point 1"]]:
    """Both in float64, and which points are labelled."""
    labelled = true.isfinite().all(-1, keepdim=True)
    broken = int((labelled & ~predicted.isfinite().all(-1, keepdim=True)).sum())
    if broken:
        raise HandcraftError(
            f"Expected finite `predicted` points wherever `true` is labelled, but {broken} are not; mend them, or make "
            "their true places NaN to leave them out."
        )
    return predicted.double(), true.double(), labelled


def _centroid(
    points: Float[Tensor, "*batch point 3"], labelled: Bool[Tensor, "*batch point 1"]
) -> Float[Tensor, "*batch 1 3"]:
    return points.where(labelled, 0.0).sum(-2, keepdim=True) / labelled.sum(-2, keepdim=True).clamp_min(1)


def _has_size(
    centred: Float[Tensor, "*batch point 3"],
    points: Float[Tensor, "*batch point 3"],
    labelled: Bool[Tensor, "*batch point 1"],
) -> Bool[Tensor, "*batch"]:
    """Whether points are apart by more than rounding, which no scale may blow up into a hand."""
    extent = points.where(labelled, 0.0).square().sum((-2, -1))
    return centred.square().sum((-2, -1)) > _ROUNDING**2 * extent


def _with_enough(
    aligned: Float[Tensor, "*batch point 3"], true: Float[Tensor, "*batch point 3"], points: int
) -> Float[Tensor, "*batch point 3"]:
    enough = true.isfinite().all(-1).sum(-1) >= points
    return aligned.where(enough[..., None, None], torch.nan)
