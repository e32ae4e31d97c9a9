# SPDX-License-Identifier: Apache-2.0
"""Linear blend skinning and the chain of bones before it, for any hand, on plain tensors of any precision."""

from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable


def rigid_from_parts(
    rotation: Float[Tensor, "*batch 3 3"], offset: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch 4 4"]:
    """Homogeneous matrices of ``x -> rotation x + offset``."""
    upper = torch.cat([rotation, offset[..., None]], -1)
    lower = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=upper.dtype, device=upper.device)
    return torch.cat([upper, lower.expand(*upper.shape[:-2], 1, 4)], -2)


@cache
def _levels(parents: tuple[int, ...]) -> list[list[int]]:
    """Bones by their distance from the root, the root's own level left out."""
    level, levels = [parents.index(-1)], []
    while level := [bone for bone, parent in enumerate(parents) if parent in level]:
        levels.append(level)
    return levels


def chained(
    parent_from_bones: Float[Tensor, "batch bones 4 4"], parents: tuple[int, ...]
) -> Float[Tensor, "batch bones 4 4"]:
    """Every bone's frame in the root's surroundings: the product of the frames on the way to it.

    All bones that are as far from the root are multiplied at once.
    """
    frames = list(parent_from_bones.unbind(1))
    for level in _levels(parents):
        own = torch.stack([frames[bone] for bone in level], 1)
        of_parents = torch.stack([frames[parents[bone]] for bone in level], 1)
        for bone, frame in zip(level, (of_parents @ own).unbind(1), strict=True):
            frames[bone] = frame
    return torch.stack(frames, 1)


def bone_motions(
    hand_from_bones: Float[Tensor, "batch bones 4 4"], rest_from_bones: Float[Tensor, "batch bones 4 4"]
) -> Float[Tensor, "batch bones 3 4"]:
    """What takes each bone from rest to pose; rest frames are rigid, so their inverse is a transpose."""
    rotation = hand_from_bones[..., :3, :3] @ rest_from_bones[..., :3, :3].transpose(-1, -2)
    offset = hand_from_bones[..., :3, 3:] - rotation @ rest_from_bones[..., :3, 3:]
    return torch.cat([rotation, offset], -1)


def blend_skin(
    rest_vertices_m: Float[Tensor, "batch vertices 3"],
    motions: Float[Tensor, "batch bones 3 4"],
    weights: Float[Tensor, "vertices bones"],
) -> Float[Tensor, "batch vertices 3"]:
    """Every vertex follows the weighted mean of its bones' motions; differentiable once, in vertices and motions."""
    rows_m: Tensor = _BlendSkin.apply(rest_vertices_m.transpose(1, 2), motions, weights)  # type: ignore[no-untyped-call]
    return rows_m.transpose(1, 2)


class _BlendSkin(torch.autograd.Function):
    """Skinning with the vertices along the last axis of everything that is as large as the mesh.

    One matrix product blends the motions of all vertices to twelve rows; the rest is sums of rows, written where they
    belong. PyTorch's own backward pass of the same sums takes four times as long.
    """

    @staticmethod
    def forward(ctx: Any, rest_m: Tensor, motions: Tensor, weights: Tensor) -> Tensor:  # noqa: ANN401
        blended = motions.flatten(2).transpose(1, 2) @ weights.T
        rows_m = rest_m.contiguous()
        ctx.save_for_backward(blended, rows_m, weights)
        turned = (_along(blended[:, row : row + 3], rows_m).add_(blended[:, row + 3]) for row in (0, 4, 8))
        return torch.stack(list(turned), 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:  # noqa: ANN401
        blended, rows_m, weights = ctx.saved_tensors
        of_rows = gradient.contiguous()
        of_blended = torch.empty_like(blended).unflatten(1, (3, 4))
        for column in range(3):
            torch.mul(of_rows, rows_m[:, column, None], out=of_blended[:, :, column])
        of_blended[:, :, 3] = of_rows
        of_motions = (of_blended.flatten(1, 2) @ weights).transpose(1, 2).unflatten(2, (3, 4))
        return torch.stack([_along(blended[:, column::4], of_rows) for column in range(3)], 1), of_motions, None


def _along(factors: Tensor, rows: Tensor) -> Tensor:
    """The sum over three rows of vertices, each times its factors."""
    total = factors[:, 0] * rows[:, 0]
    return total.addcmul_(factors[:, 1], rows[:, 1]).addcmul_(factors[:, 2], rows[:, 2])
