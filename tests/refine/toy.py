# SPDX-License-Identifier: Apache-2.0
"""Two tiny domains, grey discs for renders and skin coloured ones for photographs, and a tiny CycleGAN."""

import dataclasses

import torch

from handcraft.data import PreparedSet
from handcraft.networks import initialise_kaiming
from handcraft.randomness import generator_for
from handcraft.refine import SMOKE, CycleGANConfig, CycleGANLearner, Refiner
from handcraft.refine.cycle_translator import CycleTranslator
from handcraft.refine.objective import Shown
from handcraft.training import make_accelerator

SIZE = 16
TINY = dataclasses.replace(SMOKE, input="colour")


def blobs(count, colour, *, seed, labelled=False):
    """Discs of ``colour`` with a shaded side, at random places, on black; the centre is every keypoint."""
    generator = generator_for(seed)
    centres = torch.rand(count, 2, 1, 1, generator=generator) * 6 + 5
    rows, columns = torch.meshgrid(torch.arange(SIZE) + 0.5, torch.arange(SIZE) + 0.5, indexing="ij")
    masks = (columns - centres[:, 0]) ** 2 + (rows - centres[:, 1]) ** 2 < 16
    shade = 0.6 + 0.4 * torch.sigmoid(columns - centres[:, 0])
    images = masks[:, None] * shade[:, None] * torch.tensor(colour)[None, :, None, None]
    return PreparedSet(
        keys=tuple(f"blob-{i}" for i in range(count)),
        subjects=tuple(f"person-{i % 3}" for i in range(count)),
        source="blobs",
        is_real=False,
        images=(images * 255).round().to(torch.uint8),
        masks=masks,
        keypoints_px=centres[:, None, :, 0, 0].expand(count, 21, 2).clone() if labelled else None,
        confidence=torch.ones(count, 21) if labelled else None,
        crops=torch.tensor([[0.0, 0.0, SIZE]]).expand(count, 3).clone(),
        skipped=0,
    )


def renders(count=12):
    return blobs(count, (0.7, 0.7, 0.7), seed=1, labelled=True)


def photographs(count=10):
    return blobs(count, (0.9, 0.6, 0.4), seed=2)


def shown(images, masks=None):
    """A batch as generators see it; masks cover everything unless given."""
    return Shown(images, torch.ones(len(images), *images.shape[2:], dtype=torch.bool) if masks is None else masks)


def learner(config: CycleGANConfig = TINY):
    return CycleGANLearner(renders(), photographs(), config, make_accelerator("cpu", config.precision))


def refiner(config: CycleGANConfig = TINY):
    """Untrained, with weights that change images visibly and leave them inside their range."""
    generator = config.generator.build()
    initialise_kaiming(generator, generator=generator_for(7))
    with torch.no_grad():
        generator.layers[-2].weight.mul_(0.3)
    translator = CycleTranslator(generator, config.input, composite=config.composite)
    return Refiner(translator, {"kind": "cyclegan", "checkpoint_sha256": "0" * 64})
