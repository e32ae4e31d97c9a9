# SPDX-License-Identifier: Apache-2.0
"""Renderings as pictures: the clean picture of the plain look, or what a camera would have made of the light."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.randomness import generator_for
from handcraft.render.renderer import Rendering
from handcraft.render.sensor import SENSOR_UNIFORMS, photograph, sample_sensor
from handcraft.scene.draws import Stream, uniform_rows
from handcraft.scene.scene import Look
from handcraft.scene.skin import srgb_from_linear


def take_pictures(
    rendering: Rendering, look: Look, seed: int, indices: Sequence[int]
) -> Float[Tensor, "batch 3 height width"]:
    """SRGB pictures in [0, 1] of the samples ``indices``."""
    if look == "plain":
        return srgb_from_linear(rendering.colour.clamp(0, 1))
    sensor = sample_sensor(uniform_rows(seed, indices, Stream.SENSOR, SENSOR_UNIFORMS))
    shape = rendering.colour.shape[1:]
    noise = torch.stack([torch.randn(shape, generator=generator_for(seed, Stream.NOISE, index)) for index in indices])
    return photograph(rendering.colour.cpu(), sensor, noise)
