# SPDX-License-Identifier: Apache-2.0
"""Forearm, image spectrum, poses, occlusion, view, backdrop and sensors: switching one leaves the others as drawn."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from handcraft.hand import HandModel
from handcraft.hand.poses import PoseConfig
from handcraft.render import Renderer, take_pictures
from handcraft.scene import Scene, SceneConfig, sample_scenes
from handcraft.scene.occluders import OccluderConfig
from handcraft.scene.placement import PlacementConfig
from handcraft.scene.sensors import DepthSensorConfig

INDICES = [2, 9, 17]
USUAL = SceneConfig(look="photographic", size_px=24)
SWITCHES = {
    "forearm": ({"forearm": False}, {"forearm"}),
    "image spectrum": ({"spectrum": "clean"}, set()),
    "occluding solids": ({"occlusion": OccluderConfig(share=1.0)}, {"solids"}),
    "occluding hands": ({"occlusion": OccluderConfig(hand_share=1.0)}, {"others"}),
    "depth sensor": ({"depth_sensor": DepthSensorConfig(present=True)}, set()),
    "backdrop": ({"backdrop": "even"}, {"backdrop"}),
    "poses": ({"pose": PoseConfig(wrist_deg=5.0)}, {"mesh", "camera_from_hand"}),
    "view": ({"placement": PlacementConfig(view="egocentric")}, {"camera_from_hand", "camera"}),
}


def values_of(scene: Scene) -> dict[str, list[Tensor]]:
    """Every number of the scene, by field."""
    return {field.name: numbers(getattr(scene, field.name)) for field in dataclasses.fields(scene)}


def numbers(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple):
        return [each for item in value for each in numbers(item)]
    if dataclasses.is_dataclass(value):
        return [each for field in dataclasses.fields(value) for each in numbers(getattr(value, field.name))]
    return [torch.tensor(value)] if isinstance(value, (bool, int, float)) else []


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("change", "expected"), SWITCHES.values(), ids=SWITCHES)
def test_a_switch_changes_what_it_names_and_nothing_else(
    hand_model: HandModel, change: dict[str, Any], expected: set[str]
) -> None:
    usual, switched = (
        values_of(sample_scenes(hand_model, config, 3, INDICES)[0])
        for config in (USUAL, dataclasses.replace(USUAL, **change))
    )
    assert {name for name, values in usual.items() if not same(values, switched[name])} == expected


def test_the_spectrum_changes_pictures_and_no_label(hand_model: HandModel) -> None:
    rendering = Renderer(hand_model).render(sample_scenes(hand_model, USUAL, 3, INDICES)[0])
    clean = dataclasses.replace(USUAL, spectrum="clean")
    pictures = [take_pictures(rendering, config.effects, 3, INDICES) for config in (USUAL, clean)]
    assert (pictures[0] - pictures[1]).abs().mean((1, 2, 3)).min() > 0.005
    plain = dataclasses.replace(USUAL, look="plain")
    assert plain.effects == clean.effects
    assert dataclasses.replace(plain, spectrum="camera").effects == USUAL.effects
