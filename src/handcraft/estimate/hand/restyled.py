# SPDX-License-Identifier: Apache-2.0
"""Renders moved to another look, labels unmoved, by a function that knows pictures of one size and crop only.

A refiner sees crops as those it was trained on, which are small and perhaps without backdrop. So what it changed in a
crop is put into the render, at the crop's place: detail that the crop is too coarse for stays the render's, and a
refiner that changes nothing changes nothing. Of crops without backdrop only the hand is changed, up to its edge as just
inside of it; of crops with theirs all, and less and less towards the border, where no seam must show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor

from handcraft.data import HandSample, PreprocessConfig, prepare
from handcraft.estimate.hand.examples import HandExamples, examples_from, joined
from handcraft.estimate.hand.feeds import RenderLook
from handcraft.randomness import seed_for

Restyle = Callable[
    [Float[Tensor, "n 3 size size"], Bool[Tensor, "n size size"], Int64[Tensor, " n"]], Float[Tensor, "n 3 size size"]
]
"""Crops in [0, 1], what is seen of the hand in them, and a number of each one's own, to crops that look otherwise."""

FADED_SHARE = 0.1
"""Of a crop's side, within which changes fade out towards the border."""

LEAST_WEIGHT = 0.01
"""Of the hand in a crop about a place, below which the crop says nothing of it."""


@dataclass(frozen=True)
class Unrestyled:
    """Examples of renders beside the crops that a refiner will see."""

    examples: HandExamples
    hands: Bool[Tensor, "n side side"]
    """What is seen of the hand in the render, without its forearm."""
    crops: UInt8[Tensor, "n 3 size size"]
    masks: Bool[Tensor, "n size size"]
    boxes_px: Float[Tensor, "n 3"]
    """Left, top and side of each crop in its render, or in that one's mirror image."""
    mirrored: Bool[Tensor, " n"]
    """Whether the crop is from the mirror image."""
    numbers: Int64[Tensor, " n"]


def unrestyled_from(samples: Sequence[HandSample], *, crops: PreprocessConfig) -> Unrestyled:
    """Renders, and crops of them as ``crops`` says; those that show too little of a hand for a crop are left out."""
    prepared, by_key = prepare(samples, crops), {sample.key: sample for sample in samples}
    kept = [by_key[key] for key in prepared.keys]
    absent = torch.zeros(len(kept), dtype=torch.bool)
    return Unrestyled(
        examples_from(kept),
        torch.stack([_of_render(sample.mask) for sample in kept]),
        prepared.images,
        prepared.masks,
        prepared.crops,
        absent if prepared.mirrored is None else prepared.mirrored,
        torch.tensor([seed_for(_of_render(sample.seed), _of_render(sample.index)) for sample in kept]),
    )


def restyled(parts: Sequence[Unrestyled], *, restyle: Restyle, keeps_backdrop: bool) -> HandExamples:
    """The examples as ``restyle`` makes them look, part by part."""
    return joined([_restyled(part, restyle, keeps_backdrop=keeps_backdrop) for part in parts])


def restyled_look(restyle: Restyle, crops: PreprocessConfig, described: dict[str, Any]) -> RenderLook:
    """Renders as ``restyle`` makes them look, which was made for crops cut by ``crops``; ``described`` names it."""
    join = partial(restyled, restyle=restyle, keeps_backdrop=crops.background == "kept")
    return RenderLook(partial(unrestyled_from, crops=crops), join, described)


def _restyled(part: Unrestyled, restyle: Restyle, *, keeps_backdrop: bool) -> HandExamples:
    crops, examples = part.crops.float() / 255, part.examples
    picture_px, size = examples.images.shape[-1], crops.shape[-1]
    change = restyle(crops, part.masks, part.numbers) - crops
    weights = _fading(size).expand(len(crops), 1, size, size) if keeps_backdrop else part.masks[:, None].float()
    weighted = torch.cat([change * weights, weights], 1)
    weighted = torch.where(part.mirrored[:, None, None, None], weighted.flip(-1), weighted)
    left_px, top_px, side_px = part.boxes_px.T
    left_px = torch.where(part.mirrored, picture_px - left_px - side_px, left_px)
    weighted = put_back(weighted, torch.stack([left_px, top_px, side_px], 1), picture_px)
    change, weights = weighted[:, :3], weighted[:, 3:]
    if not keeps_backdrop:
        change = change / weights.clamp_min(LEAST_WEIGHT) * part.hands[:, None]
    images = (examples.images.float() / 255 + change).clamp(0, 1)
    return replace(examples, images=(images * 255).round().to(torch.uint8))


def put_back(
    crops: Float[Tensor, "n channels size size"], boxes_px: Float[Tensor, "n 3"], picture_px: int
) -> Float[Tensor, "n channels _ _"]:
    """Crops where they were cut, in square pictures that are 0 elsewhere; ``boxes_px`` are left, top and side."""
    left_px, top_px, side_px = boxes_px.T
    theta = torch.zeros(len(crops), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = picture_px / side_px
    theta[:, 0, 2] = (picture_px - 2 * left_px) / side_px - 1
    theta[:, 1, 2] = (picture_px - 2 * top_px) / side_px - 1
    grid = F.affine_grid(theta, [len(crops), 1, picture_px, picture_px], align_corners=False)
    return F.grid_sample(crops, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _fading(size: int) -> Float[Tensor, "size size"]:
    """1 in the middle, falling to 0 at the border."""
    places = (torch.arange(size) + 0.5) / size
    along = (torch.minimum(places, 1 - places) / FADED_SHARE).clamp(0, 1)
    return along[:, None] * along


def _of_render(value: Any) -> Any:  # noqa: ANN401 (a mask or a number)
    assert value is not None, "renders know their mask, seed and index"
    return value
