# SPDX-License-Identifier: Apache-2.0
"""What a hand comes from: all that :class:`HandModel` asks of Anny, of MANO, or of a third."""

from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor


@runtime_checkable
class HandSource(Protocol):
    """An open right hand in hand frame (x dorsal, y distal, z towards the thumb, metres) on bones.

    Bone 0 is the forearm's and the only root. A finger bone's frame has y along the bone, outwards, flexes about x and
    has its palmar side at +z; the wrist's and the forearm's are the hand frame.
    """

    @property
    def shape_names(self) -> tuple[str, ...]:
        """What the columns of a shape mean."""

    @property
    def template_shape(self) -> Float[Tensor, " shape"]:
        """The shape of the template: parts, creases and nails are drawn on it."""

    @property
    def bone_parents(self) -> tuple[int, ...]:
        """Parent of every bone; -1 for the root."""

    @property
    def bone_of_joint(self) -> dict[str, int]:
        """Which bone turns at a joint, for every keypoint but the tips."""

    @property
    def finger_bones(self) -> dict[str, list[int]]:
        """The three bones of each finger that bend, from the palm outwards."""

    @property
    def faces(self) -> Int[Tensor, "faces 3"]:
        """Triangles on the CPU, with one open loop at the wrist."""

    @property
    def weights(self) -> Float[Tensor, "vertices bones"]:
        """Skinning weights, on the CPU."""

    @property
    def reference_orientations(self) -> Float[Tensor, "bones 3 3"]:
        """The bones' orientations, in any one frame, in the pose that bone turns are counted from."""

    def zero_rotations(self) -> Float[Tensor, "bones 3 3"]:
        """The bones' turns at angles zero: the flat hand."""

    def rest(
        self, shape: Float[Tensor, "batch shape"]
    ) -> tuple[Float[Tensor, "batch vertices 3"], Float[Tensor, "batch bones 4 4"]]:
        """Rest vertices and rigid bone frames; differentiable in the shape."""

    def corrected(
        self, rest_vertices_m: Float[Tensor, "batch closed 3"], bone_rotations: Float[Tensor, "batch bones 3 3"]
    ) -> Float[Tensor, "batch closed 3"]:
        """Rest vertices (the forearm's behind the hand's own) with what the pose adds before skinning."""
