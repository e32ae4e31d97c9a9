# SPDX-License-Identifier: Apache-2.0
"""What a hand wears: a ring, a watch or bracelet, a sleeve, gloves. Painted by place; cloth is thicker."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand.model import HandMesh
from handcraft.scene.skin import linear_from_srgb

WEAR_UNIFORMS = 32

METALS_SRGB = ((232, 196, 110), (225, 225, 228), (222, 165, 140), (70, 70, 75))
"""Gold, silver, rose gold and black steel."""

SLEEVE_RAMP_M = 0.012
"""A sleeve reaches its thickness this far behind its edge."""


@dataclass(frozen=True)
class WearConfig:
    """How many of the people in photographic scenes wear a thing; 0 takes it away and changes nothing else."""

    ring_share: float = 0.25
    watch_share: float = 0.2
    """Watches and bracelets."""
    sleeve_share: float = 0.4
    glove_share: float = 0.05

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if not 0 <= getattr(self, name) <= 1:
                raise HandcraftError(f"Expected `{name}` to be within 0 and 1, but got {getattr(self, name)}.")


@dataclass(frozen=True)
class Wear:
    """What is worn in each frame. Colours are linear-light reflectances; places are y of the template's hand frame."""

    ring_tone: Float[Tensor, "batch 3"]
    watch_tone: Float[Tensor, "batch 3"]
    dial_tone: Float[Tensor, "batch 3"]
    sleeve_tone: Float[Tensor, "batch 3"]
    stripe_tone: Float[Tensor, "batch 3"]
    glove_tone: Float[Tensor, "batch 3"]
    ring_finger: Float[Tensor, " batch"]
    """0 thumb to 4 little finger."""
    ring_width_m: Float[Tensor, " batch"]
    """0 where no ring is worn."""
    watch: Float[Tensor, " batch"]
    """1 where a watch or bracelet is worn, else 0; so are ``sleeve`` and ``glove``."""
    dial: Float[Tensor, " batch"]
    """1 for a watch, 0 for a bracelet."""
    watch_place_m: Float[Tensor, " batch"]
    watch_width_m: Float[Tensor, " batch"]
    sleeve: Float[Tensor, " batch"]
    sleeve_edge_m: Float[Tensor, " batch"]
    sleeve_thickness_m: Float[Tensor, " batch"]
    stripes_per_m: Float[Tensor, " batch"]
    glove: Float[Tensor, " batch"]
    glove_edge_m: Float[Tensor, " batch"]
    glove_thickness_m: Float[Tensor, " batch"]


def bare_hands(count: int) -> Wear:
    """Nothing is worn."""
    return sample_wear(torch.ones(count, WEAR_UNIFORMS), WearConfig(0.0, 0.0, 0.0, 0.0))


def sample_wear(uniform: Float[Tensor, "batch 32"], config: WearConfig) -> Wear:
    """What people wear, each row of ``uniform`` one; numbers 0 to 3 decide what, and the rest what it is like."""
    ring, watch, sleeve, glove = (uniform[:, :4] < torch.tensor(_shares(config))).float().unbind(1)
    metals = linear_from_srgb(torch.tensor(METALS_SRGB) / 255)
    metal, other_metal = (metals[(uniform[:, column] * len(metals)).long().clamp_max(3)] for column in (4, 5))
    strap = linear_from_srgb(0.05 + 0.9 * uniform[:, 6:9])
    leather = uniform[:, 9:10] < 0.6
    sleeve_tone = _cloth_tones(0.08 + 0.88 * uniform[:, 12:15], uniform[:, 31])
    striped = (uniform[:, 18] < 0.35).float()
    finger = torch.tensor([3.0, 3.0, 3.0, 2.0, 1.0, 1.0, 4.0, 0.0])[(uniform[:, 10] * 8).long().clamp_max(7)]
    return Wear(
        ring_tone=metal,
        watch_tone=torch.where(leather, strap, 0.6 * other_metal),
        dial_tone=torch.where(uniform[:, 11:12] < 0.5, 0.03, 0.8).expand(-1, 3),
        sleeve_tone=sleeve_tone,
        stripe_tone=torch.lerp(sleeve_tone, linear_from_srgb(uniform[:, 15:18]), striped[:, None]),
        glove_tone=_cloth_tones(0.03 + 0.9 * uniform[:, 19:22], uniform[:, 31]),
        ring_finger=finger,
        ring_width_m=ring * (0.002 + 0.004 * uniform[:, 22].square()),
        watch=watch,
        dial=(uniform[:, 23] < 0.65).float(),
        watch_place_m=-0.026 - 0.02 * uniform[:, 24],
        watch_width_m=0.006 + 0.014 * uniform[:, 25],
        sleeve=sleeve,
        sleeve_edge_m=-0.005 - 0.12 * uniform[:, 26],
        sleeve_thickness_m=0.002 + 0.008 * uniform[:, 27],
        stripes_per_m=40 + 120 * uniform[:, 28],
        glove=glove,
        glove_edge_m=-0.01 - 0.05 * uniform[:, 29],
        glove_thickness_m=0.0004 + 0.0014 * uniform[:, 30].square(),
    )


def _cloth_tones(srgb: Float[Tensor, "batch 3"], greyness: Float[Tensor, " batch"]) -> Float[Tensor, "batch 3"]:
    """Most cloth is far from any pure colour."""
    return linear_from_srgb(torch.lerp(srgb, srgb.mean(1, keepdim=True).expand_as(srgb), greyness.sqrt()[:, None]))


def _shares(config: WearConfig) -> tuple[float, float, float, float]:
    return config.ring_share, config.watch_share, config.sleeve_share, config.glove_share


def clothed(mesh: HandMesh, wear: Wear) -> HandMesh:
    """The hands in what they wear: sleeves and gloves stand off the skin; keypoints stay where the joints are."""
    if not bool((wear.sleeve + wear.glove > 0).any()):
        return mesh
    y_m = mesh.topology.rest_vertices_m[:, 1]
    behind = ((wear.sleeve_edge_m[:, None] - y_m) / SLEEVE_RAMP_M).clamp(0, 1)
    gloved = (y_m > wear.glove_edge_m[:, None]).float()
    thickness_m = torch.maximum(
        (wear.sleeve * wear.sleeve_thickness_m)[:, None] * behind,
        (wear.glove * wear.glove_thickness_m)[:, None] * gloved,
    ).to(mesh.vertices_m)
    rows = (thickness_m > 0).any(1).nonzero()[:, 0]
    if len(rows) == 0:
        return mesh
    some = replace(
        mesh, vertices_m=mesh.vertices_m[rows], keypoints_m=mesh.keypoints_m[rows], is_left=mesh.is_left[rows]
    )
    vertices_m = mesh.vertices_m.clone()
    vertices_m[rows] += some.vertex_normals() * thickness_m[rows, :, None]
    return replace(mesh, vertices_m=vertices_m)
