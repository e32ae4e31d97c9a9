# SPDX-License-Identifier: Apache-2.0
"""The law of switches: taking one thing away changes that thing and no other number."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.hand import HandModel
from handcraft.scene import SceneConfig, sample_scenes
from handcraft.scene.lights import LightConfig
from handcraft.scene.skin import SkinConfig
from handcraft.scene.wear import WearConfig

INDICES = list(range(0, 400, 8))
EVERYTHING = SceneConfig(look="photographic", size_px=8, wear=WearConfig(0.5, 0.5, 0.5, 0.5))

SWITCHES = {
    **{
        f"skin.{switch}": ({"skin": SkinConfig(**{switch: False})}, {f"skin.{value}"})
        for switch, value in {
            "creases": "crease", "veins": "vein", "nails": "nail", "hair": "hair", "freckles": "freckles",
            "spots": "spots", "mottling": "mottling", "blood": "blood",
        }.items()
    },
    **{
        f"wear.{switch}": ({"wear": dataclasses.replace(EVERYTHING.wear, **{switch: 0.0})}, changed)
        for switch, changed in {
            "ring_share": {"wear.ring_width_m"},
            "watch_share": {"wear.watch"},
            "sleeve_share": {"wear.sleeve", "mesh.vertices_m"},
            "glove_share": {"wear.glove", "mesh.vertices_m"},
        }.items()
    },
    **{
        f"lights.{switch}": ({"lights": LightConfig(**{switch: False})}, {f"lights.{value}" for value in changed})
        for switch, changed in {
            "environment": ("environment", "colours", "sky", "ground"),
            "shadows": ("shadow",),
            "occlusion": ("occlusion",),
        }.items()
    },
}  # fmt: skip


def numbers_of(model: HandModel, config: SceneConfig) -> dict[str, Tensor]:
    """Every tensor of the scenes and of what is behind them, by name."""
    scene, hands = sample_scenes(model, config, 5, INDICES)
    found = {"camera": scene.camera.intrinsics, "backdrop": scene.backdrop, "pose": scene.camera_from_hand}
    found |= {"angles_rad": hands.angles_rad, "phenotypes": hands.shape, "bare": hands.mesh.vertices_m}
    for name in ("mesh", "skin", "wear", "lights"):
        value = getattr(scene, name)
        for part in dataclasses.fields(value):
            if isinstance(getattr(value, part.name), Tensor):
                found[f"{name}.{part.name}"] = getattr(value, part.name)
    return found


@pytest.fixture(scope="module")
def usual(hand_model: HandModel) -> dict[str, Tensor]:
    return numbers_of(hand_model, EVERYTHING)


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_takes_one_thing_away_and_changes_no_other_number(
    hand_model: HandModel, usual: dict[str, Tensor], switch: str
) -> None:
    change, expected = SWITCHES[switch]
    without = numbers_of(hand_model, dataclasses.replace(EVERYTHING, **change))
    changed = {name for name in usual if not torch.equal(usual[name], without[name])}
    assert changed == expected
    if switch != "lights.environment":
        gone = next(name for name in expected if not name.startswith("mesh"))
        assert usual[gone].any()
        assert not without[gone].any()


def test_without_an_environment_there_is_none(hand_model: HandModel, usual: dict[str, Tensor]) -> None:
    without = numbers_of(hand_model, dataclasses.replace(EVERYTHING, lights=LightConfig(environment=False)))
    lit = usual["lights.environment"].flatten(1).any(1)
    assert 0.2 < lit.float().mean() < 0.8
    assert not without["lights.environment"].any()
    for name in ("colours", "sky", "ground"):  # frames that had no environment keep their lamps and glow
        assert torch.equal(usual[f"lights.{name}"][~lit], without[f"lights.{name}"][~lit])
