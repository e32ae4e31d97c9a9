# SPDX-License-Identifier: Apache-2.0
"""Anny's right hand (code Apache-2.0, assets CC0; Brégier et al., "Human Mesh Modeling for Anny Body", 2025).

All that handcraft takes from Anny passes through here: rest shapes over phenotypes, skinning weights and the bones'
frames, turned into hand frame (x dorsal, y distal, z towards the thumb) and given joints where anatomy has them.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.hand.joint_turns import straightening_rotations
from handcraft.hand.skeleton import FINGERS

ANNY_RIG = "anny-hand.R"
ANNY_TOPOLOGY = "hand.R"

PHENOTYPES = ("gender", "age", "muscle", "weight", "height", "proportions")

KNUCKLE_SETBACK = 0.2
"""How far the finger's first joint lies behind Anny's bone head, as a share of the metacarpal. Anny bends the
fingers at
the fold where they leave the palm; the joint is some 13 mm behind it: with this share the middle finger's proximal to
middle phalanx ratio is the skeleton's 44.6 : 26.3 (Buryanov and Kotiuk, 2010)."""
THUMB_SETBACK = 0.35
"""The same for the thumb's carpometacarpal joint (metacarpal 46 mm, proximal phalanx 32 mm)."""

_BONE_OF_JOINT = {
    "wrist": "wrist.R",
    "thumb_cmc": "finger1-1.R",
    "thumb_mcp": "finger1-2.R",
    "thumb_ip": "finger1-3.R",
    **{
        f"{finger}_{joint}": f"finger{number}-{segment}.R"
        for number, finger in enumerate(FINGERS[1:], start=2)
        for segment, joint in enumerate(("mcp", "pip", "dip"), start=1)
    },
}


def cache_folder() -> Path:
    """Where derived assets are kept: ``HANDCRAFT_CACHE``, else ``handcraft`` in the user's cache folder."""
    named = os.environ.get("HANDCRAFT_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(named) if named else base / "handcraft"


@dataclass(frozen=True)
class AnnyHand:
    """Anny's hand-only model with the parts of it that we use, named and typed."""

    model: Any
    """``anny.Anny``, untyped; float32."""

    @staticmethod
    def load(device: str | torch.device = "cpu") -> "AnnyHand":
        """Cut the hand out of the full body on first use (about a minute), or take it from the cache (26 MB).

        The half gigabyte that Anny keeps of the body on the way is removed again; Anny's own cache is not touched.
        """
        import anny  # here, not above: importing it takes a second that commands without a hand should not pay
        from anny import paths

        own, theirs = cache_folder() / "anny", paths.get_anny_cache_path()
        paths.set_anny_cache_path(own)
        try:
            model = anny.Anny(
                rig=ANNY_RIG, topology=ANNY_TOPOLOGY, pose_parameterization="local-bone", skinning_method="lbs"
            )
        finally:
            paths.set_anny_cache_path(theirs)
        for intermediate in own.glob("**/load_data_*"):
            intermediate.unlink(missing_ok=True)
        return AnnyHand(model.float().to(device))

    @property
    def shape_names(self) -> tuple[str, ...]:
        """Anny's shapes are phenotypes, each 0 to 1 (age 0.67 is a young adult)."""
        return PHENOTYPES

    @property
    def template_shape(self) -> Float[Tensor, " shape"]:
        """The middle of every phenotype."""
        return torch.full((len(PHENOTYPES),), 0.5, device=self.reference_orientations.device)

    @cached_property
    def bone_parents(self) -> tuple[int, ...]:
        """Parent of every bone; -1 for the root, which is the forearm's."""
        return tuple(self.model.bone_parents)

    @cached_property
    def bone_of_joint(self) -> dict[str, int]:
        """Which bone turns at a joint."""
        return {joint: self.model.bone_labels.index(label) for joint, label in _BONE_OF_JOINT.items()}

    @cached_property
    def finger_bones(self) -> dict[str, list[int]]:
        """The three bones of each finger that bend, from the palm outwards."""
        return {
            finger: [bone for joint, bone in self.bone_of_joint.items() if joint.startswith(finger)]
            for finger in FINGERS
        }

    @cached_property
    def faces(self) -> Int[Tensor, "faces 3"]:
        """Triangles of the open hand, on the CPU."""
        triangles: Tensor = self.model.get_triangular_faces()
        return triangles.cpu()

    @cached_property
    def weights(self) -> Float[Tensor, "vertices bones"]:
        """Skinning weights, on the CPU."""
        indices, values = self.model.vertex_bone_indices.cpu(), self.model.vertex_bone_weights.cpu()
        return torch.zeros(len(indices), len(self.bone_parents)).scatter_add_(1, indices, values)

    @property
    def reference_orientations(self) -> Float[Tensor, "bones 3 3"]:
        """The bones' orientations in Anny's relaxed reference pose, the same for all shapes."""
        orientations: Tensor = self.model.reference_bone_orientations
        return orientations

    def rest(
        self, shape: Float[Tensor, "batch 6"]
    ) -> tuple[Float[Tensor, "batch vertices 3"], Float[Tensor, "batch bones 4 4"]]:
        """Rest vertices and bone frames in hand frame, metres; differentiable in the phenotypes."""
        none = shape.new_zeros(1, 0)
        # Private, but the public twin reads all of Anny's phenotypes in another order; the pin on anny keeps it.
        coefficients = self.model._get_phenotype_blendshape_coefficients(shape, none, none)
        rest = self.model.get_rest_model(coefficients)
        hand_from_body = torch.linalg.inv(rest["rest_bone_poses"][:, :1])
        rest_from_bones = self._with_anatomical_pivots(hand_from_body @ rest["rest_bone_poses"])
        body_m = torch.nn.functional.pad(rest["rest_vertices"], (0, 1), value=1.0)
        return (body_m @ hand_from_body[:, 0].transpose(-1, -2))[..., :3], rest_from_bones

    def _with_anatomical_pivots(self, rest_from_bones: Float[Tensor, "batch bones 4 4"]) -> Tensor:
        """Move the heads of the first finger bones from the skin fold, where Anny's rig bends, back to the joint."""
        moved = rest_from_bones.clone()
        for finger, bones in self.finger_bones.items():
            head = rest_from_bones[:, bones[0], :3, 3]
            behind = rest_from_bones[:, self.bone_parents[bones[0]], :3, 3]
            moved[:, bones[0], :3, 3] = torch.lerp(
                head, behind, THUMB_SETBACK if finger == "thumb" else KNUCKLE_SETBACK
            )
        return moved

    def zero_rotations(self) -> Float[Tensor, "bones 3 3"]:
        """Turns that bring the fingers from the relaxed reference to flat and parallel (the thumb stays)."""
        return straightening_rotations(self.reference_orientations, self.bone_parents, self.bone_of_joint)

    def corrected(
        self, rest_vertices_m: Float[Tensor, "batch closed 3"], bone_rotations: Float[Tensor, "batch bones 3 3"]
    ) -> Float[Tensor, "batch closed 3"]:
        """Anny's skin has no pose-corrective shapes."""
        return rest_vertices_m
