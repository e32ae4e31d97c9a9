# SPDX-License-Identifier: Apache-2.0
"""Laws of pictures made of renderings."""

import dataclasses

import pytest
import torch

from handcraft.hand import HandModel
from handcraft.render import Renderer, Rendering, take_pictures
from handcraft.render.pictures import take_depth
from handcraft.scene import SceneConfig, sample_scenes
from handcraft.scene.sensors import DepthSensorConfig, SensorConfig
from handcraft.scene.skin import linear_from_srgb

INDICES = [3, 11, 40]


@pytest.fixture(scope="module")
def rendering(hand_model: HandModel) -> Rendering:
    return Renderer(hand_model).render(
        sample_scenes(hand_model, SceneConfig(look="photographic", size_px=48), 5, INDICES)[0]
    )


def rows_of(rendering: Rendering, row: int) -> Rendering:
    names = ("colour", "coverage", "depth_m", "parts", "normals", "keypoints_px", "joints_m", "visible", "mask")
    camera = dataclasses.replace(rendering.camera, intrinsics=rendering.camera.intrinsics[[row]])
    return Rendering(**{name: getattr(rendering, name)[[row]] for name in names}, camera=camera)


def test_a_plain_picture_is_the_light_encoded_once(rendering: Rendering) -> None:
    pictures = take_pictures(rendering, SensorConfig.without_effects(), 5, INDICES)
    torch.testing.assert_close(linear_from_srgb(pictures), rendering.colour.clamp(0, 1), atol=1e-5, rtol=0)


def test_a_photograph_depends_on_seed_and_index_only(rendering: Rendering) -> None:
    together = take_pictures(rendering, SensorConfig(), 5, INDICES)
    for row, index in enumerate(INDICES):
        alone = take_pictures(rows_of(rendering, row), SensorConfig(), 5, [index])[0]
        assert (alone - together[row]).abs().mean() < 1e-4
    other = take_pictures(rendering, SensorConfig(), 6, INDICES)
    assert (other - together).abs().mean((1, 2, 3)).min() > 0.005


def test_photographs_of_one_scene_differ_in_noise_and_setting(rendering: Rendering) -> None:
    twice = rows_of(rendering, 0)
    first, second = (take_pictures(twice, SensorConfig(), 5, [index])[0] for index in (0, 1))
    assert (first - second).abs().mean() > 0.005
    assert first.min() >= 0
    assert first.max() <= 1


def test_sensed_depth_depends_on_seed_and_index_only(rendering: Rendering) -> None:
    together = take_depth(rendering, DepthSensorConfig(), 5, INDICES)
    for row, index in enumerate(INDICES):
        assert torch.equal(take_depth(rows_of(rendering, row), DepthSensorConfig(), 5, [index])[0], together[row])
    assert not torch.equal(take_depth(rendering, DepthSensorConfig(), 6, INDICES), together)
    assert not ((together > 0) & (rendering.depth_m == 0)).any()
