# SPDX-License-Identifier: Apache-2.0
"""Hands cut out of renders, with forearms that can go on for ever.

A render shows the forearm up to its own border. In a larger picture that cut would give every hand away, so the
colours across the forearm where it is cut off are kept as well: drawn out along the forearm, they carry it on to the
border of whatever picture the hand is laid into.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import FOREARM_ID, KEYPOINTS

WRIST = KEYPOINTS.index("wrist")
ALONG_FOREARM_M = 0.12
"""The forearm's direction in the picture is that of a point so far behind the wrist."""
NEAREST_M = 0.02
"""That point may lie behind the camera; it is then taken to be this far before it."""
TRIMMED_PX = 2.0
"""The forearm is cut so far before the border, where the last whole row of its pixels is."""
ACROSS = 3
"""Rows averaged for the colours across the forearm."""


@dataclass(frozen=True)
class HandCutouts:
    """Hands of one picture size, one a row."""

    pixels: UInt8[Tensor, "hand 3 side side"]
    """The whole renders."""
    coverage: UInt8[Tensor, "hand side side"]
    """Opacity of hand and forearm, soft and a little inside their edges, where no backdrop shines through."""
    hand: Bool[Tensor, "hand side side"]
    """The hand without its forearm."""
    keypoints_px: Float[Tensor, "hand 21 2"]
    arm_direction: Float[Tensor, "hand 2"]
    """Unit, from the wrist along the forearm."""
    arm_start_px: Float[Tensor, " hand"]
    """How far from the wrist the render's own forearm ends."""
    arm_profile: UInt8[Tensor, "hand 4 side"]
    """Colours times opacity, and opacity, across the forearm there; the forearm's axis in the middle."""
    tone: Float[Tensor, "hand 3"]
    """Mean colour of the hand in [0, 1]."""

    def __len__(self) -> int:
        """How many."""
        return len(self.pixels)

    def rows(self, index: Int[Tensor, " chosen"]) -> "HandCutouts":
        """Some of them."""
        return HandCutouts(*(getattr(self, each.name)[index] for each in fields(self)))


def joined(parts: Sequence[HandCutouts]) -> HandCutouts:
    """All of them in one.

    Raises:
        HandcraftError: no hand among them.
    """
    if not any(len(part) for part in parts):
        raise HandcraftError("Expected hands to compose scenes of, but none is whole in its render; render more.")
    return HandCutouts(*(torch.cat([getattr(part, each.name) for part in parts]) for each in fields(HandCutouts)))


def cut_out(samples: Sequence[HandSample]) -> HandCutouts:
    """The hands of renders of one size, without those that the render's border cuts; importable by name for workers."""
    parts = _stacked(samples, "parts")
    images = torch.stack([sample.image for sample in samples])
    keypoints_px = _stacked(samples, "keypoints_px")
    direction = _arm_direction(samples)
    along, _ = _along_and_across(keypoints_px[:, WRIST], direction, images.shape[-1])
    start_px = _arm_start(parts == FOREARM_ID, along)
    hand = (parts > 0) & (parts < FOREARM_ID)
    opacity = _inner_opacity(parts > 0)
    kept = (parts != FOREARM_ID) | (along <= start_px[:, None, None] + 0.5)
    area = hand.sum((1, 2)).clamp_min(1)
    cutouts = HandCutouts(
        (images * 255).round().to(torch.uint8),
        (opacity * kept * 255).round().to(torch.uint8),
        hand,
        keypoints_px,
        direction,
        start_px,
        _profile(images, opacity * (parts == FOREARM_ID), keypoints_px[:, WRIST], direction, start_px),
        (images * hand[:, None]).sum((2, 3)) / area[:, None],
    )
    is_cut = (hand & _border(images.shape[-1])).any(-1).any(-1)
    return cutouts.rows((~is_cut & hand.any(-1).any(-1)).nonzero()[:, 0])


def _stacked(samples: Sequence[HandSample], label: str) -> Tensor:
    values = [getattr(sample, label) for sample in samples]
    if any(value is None for value in values):
        raise HandcraftError(f"Expected every sample to have `{label}`, but some have none; use handcraft's renders.")
    return torch.stack(values)


def _border(side: int) -> Bool[Tensor, "side side"]:
    inner = torch.zeros(side, side, dtype=torch.bool)
    inner[1:-1, 1:-1] = True
    return ~inner


def _arm_direction(samples: Sequence[HandSample]) -> Float[Tensor, "hand 2"]:
    """From the wrist along the forearm as the camera sees it: the hand frame's -y, for wrists bend in the hand."""
    wrist_m = _stacked(samples, "joints_m")[:, WRIST]
    backwards = -_stacked(samples, "camera_from_hand")[:, :3, 1]
    intrinsics = _stacked(samples, "intrinsics")
    behind_m = wrist_m + ALONG_FOREARM_M * backwards
    from_wrist = _projected(behind_m, intrinsics) - _projected(wrist_m, intrinsics)
    return F.normalize(from_wrist, dim=-1)


def _projected(points_m: Float[Tensor, "hand 3"], intrinsics: Float[Tensor, "hand 3 3"]) -> Float[Tensor, "hand 2"]:
    seen = (intrinsics @ points_m[..., None])[..., 0]
    return seen[:, :2] / seen[:, 2:].clamp_min(NEAREST_M)


def _along_and_across(
    wrist_px: Float[Tensor, "hand 2"], direction: Float[Tensor, "hand 2"], side: int
) -> tuple[Float[Tensor, "hand side side"], Float[Tensor, "hand side side"]]:
    """Of every pixel, how far from the wrist it is along the forearm and across it."""
    centres = torch.arange(side) + 0.5
    x = centres[None, None, :] - wrist_px[:, 0, None, None]
    y = centres[None, :, None] - wrist_px[:, 1, None, None]
    dx, dy = direction[:, 0, None, None], direction[:, 1, None, None]
    return x * dx + y * dy, y * dx - x * dy


def _arm_start(
    forearm: Bool[Tensor, "hand side side"], along: Float[Tensor, "hand side side"]
) -> Float[Tensor, " hand"]:
    """Where the forearm is cut: before it meets the render's border, or else before its own end."""
    leaving = forearm & _border(forearm.shape[-1])
    first = torch.where(leaving, along, torch.inf).amin((1, 2))
    last = torch.where(forearm, along, -torch.inf).amax((1, 2))
    start = torch.where(torch.isfinite(first), first, last) - TRIMMED_PX
    return torch.where(torch.isfinite(start), start, 0.0).clamp_min(0.0)


def _inner_opacity(covered: Bool[Tensor, "hand side side"]) -> Float[Tensor, "hand side side"]:
    """Soft, and 0 at pixels on the outline, which the backdrop is mixed into."""
    padded = F.pad(covered[:, None].float(), (1, 1, 1, 1), mode="replicate")
    return (2 * F.avg_pool2d(padded, 3, stride=1)[:, 0] - 1).clamp(0, 1) * covered


def _profile(
    images: Float[Tensor, "hand 3 side side"],
    opacity: Float[Tensor, "hand side side"],
    wrist_px: Float[Tensor, "hand 2"],
    direction: Float[Tensor, "hand 2"],
    start_px: Float[Tensor, " hand"],
) -> UInt8[Tensor, "hand 4 side"]:
    """Colours and opacity across the forearm, averaged over the last rows before the cut."""
    side = images.shape[-1]
    across = torch.stack([-direction[:, 1], direction[:, 0]], -1)
    offsets = torch.arange(side) + 0.5 - side / 2
    rows = start_px[:, None] - torch.arange(ACROSS)
    points = (
        wrist_px[:, None, None]
        + rows[:, :, None, None] * direction[:, None, None]
        + offsets[:, None] * across[:, None, None]
    )
    layers = torch.cat([images * opacity[:, None], opacity[:, None]], 1)
    seen = F.grid_sample(layers, 2 * points / side - 1, mode="bilinear", padding_mode="zeros", align_corners=False)
    return (seen.mean(2) * 255).round().to(torch.uint8)
