# SPDX-License-Identifier: Apache-2.0
"""Renderings as pictures: the light itself, encoded, or what a camera with its faults would have made of it."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.randomness import generator_for
from handcraft.render.depth_sensor import DEPTH_SENSOR_UNIFORMS, sample_depth_sensor, sense_depth
from handcraft.render.renderer import Rendering
from handcraft.render.sensor import SENSOR_UNIFORMS, photograph, sample_sensor
from handcraft.scene.draws import Stream, uniform_rows
from handcraft.scene.sensors import DepthSensorConfig, SensorConfig
from handcraft.scene.skin import srgb_from_linear_


def take_pictures(
    rendering: Rendering, effects: SensorConfig, seed: int, indices: Sequence[int], cameras: Sequence[int] = ()
) -> Float[Tensor, "batch 3 height width"]:
    """SRGB pictures in [0, 1] of the samples ``indices``, with the ``effects`` of a camera that are switched on.

    Each sample has a camera of its own, unless ``cameras`` has one number per sample: a sequence shares one.
    """
    if effects == SensorConfig.without_effects():
        pictures = torch.empty_like(rendering.colour)
        for light, picture in zip(rendering.colour, pictures, strict=True):  # one at a time, which fits the cache
            srgb_from_linear_(torch.clamp(light, 0, 1, out=picture))
        return pictures
    sensor = sample_sensor(uniform_rows(seed, cameras or indices, Stream.SENSOR, SENSOR_UNIFORMS), effects)
    shape = rendering.colour.shape[1:]
    noise = _normal(seed, indices, Stream.NOISE, shape) if effects.noise else torch.zeros(1, *shape)
    return photograph(rendering.colour.cpu(), sensor, noise.expand(len(indices), *shape))


def take_depth(
    rendering: Rendering, config: DepthSensorConfig, seed: int, indices: Sequence[int], cameras: Sequence[int] = ()
) -> Float[Tensor, "batch height width"]:
    """What a depth sensor measures of the samples ``indices``, in metres; 0 where it measures nothing.

    ``cameras`` is that of :func:`take_pictures`.
    """
    sensor = sample_depth_sensor(
        uniform_rows(seed, cameras or indices, Stream.DEPTH_SENSOR, DEPTH_SENSOR_UNIFORMS), config
    )
    shape = rendering.depth_m.shape[1:]
    noise = _normal(seed, indices, Stream.DEPTH_NOISE, (2, *shape))
    return sense_depth(rendering.depth_m.cpu(), rendering.normals.cpu(), rendering.camera, sensor, noise)


def _normal(seed: int, indices: Sequence[int], stream: Stream, shape: Sequence[int]) -> Float[Tensor, "batch ..."]:
    """Standard normal numbers, each sample's from its own generator."""
    return torch.stack([torch.randn(tuple(shape), generator=generator_for(seed, stream, index)) for index in indices])
