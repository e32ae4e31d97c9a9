# SPDX-License-Identifier: Apache-2.0
"""Laws of the simulated depth sensor."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry import Camera
from handcraft.render.depth_sensor import (
    DEPTH_SENSOR_UNIFORMS,
    DepthSensor,
    at_rim,
    in_shadow,
    sample_depth_sensor,
    sense_depth,
)
from handcraft.scene import SceneConfig
from handcraft.scene.placement import PlacementConfig
from handcraft.scene.sensors import DepthSensorConfig

NUMBERS = torch.rand(200, DEPTH_SENSOR_UNIFORMS, generator=torch.Generator().manual_seed(0))
EFFECTS = ("noise", "quantisation", "edges", "shadow", "limits")
NOTHING = DepthSensorConfig(**dict.fromkeys(EFFECTS, False))
OWN_SETTINGS = {
    "noise": {"noise_per_m"}, "quantisation": {"step_per_m"}, "edges": {"rim_loss", "grazing_rad"},
    "shadow": {"baseline_m"}, "limits": {"nearest_m", "farthest_m"},
}  # fmt: skip


def sensed(depth_m: Tensor, normals: Tensor | None = None, **changed: float) -> Tensor:
    """By a sensor without faults but those given; noise from a fixed generator."""
    count, height, width = depth_m.shape
    perfect = sample_depth_sensor(NUMBERS[:count], NOTHING)
    as_rows = {
        name: value if name.endswith("est_m") else torch.full((count,), value) for name, value in changed.items()
    }
    noise = torch.randn(count, 2, height, width, generator=torch.Generator().manual_seed(1))
    camera = Camera.from_focal_length(torch.full((count,), 300.0), height, width)
    facing = torch.tensor([0.0, 0.0, -1.0])[:, None, None].expand(count, 3, height, width)
    return sense_depth(
        depth_m, facing if normals is None else normals, camera, dataclasses.replace(perfect, **as_rows), noise
    )


def scene_of_a_plate() -> Tensor:
    """A wall at 0.8 m, a plate of 8 x 12 pixels at 0.5 m before it, and nothing in the lowest rows."""
    depth_m = torch.full((2, 24, 40), 0.8)
    depth_m[:, 6:14, 20:32] = 0.5
    depth_m[:, 20:] = 0.0
    return depth_m


def test_without_effects_depth_is_measured_as_it_is() -> None:
    depth_m = torch.rand(2, 24, 40, generator=torch.Generator().manual_seed(0)) * 9
    depth_m[:, :5] = 0
    slanting = torch.nn.functional.normalize(
        torch.randn(2, 3, 24, 40, generator=torch.Generator().manual_seed(2)), dim=1
    )
    assert torch.equal(sensed(depth_m, slanting), depth_m)


def test_measured_depths_lie_on_the_lattice_of_disparities() -> None:
    depth_m = 0.3 + 2 * torch.rand(2, 24, 40, generator=torch.Generator().manual_seed(0))
    step = 0.0029
    measured_m = sensed(depth_m, step_per_m=step, noise_per_m=0.001).double()
    steps = 1 / measured_m / step
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    off_m = (sensed(depth_m, step_per_m=step) - depth_m).abs()
    assert (off_m <= 0.505 * step * (depth_m.square() + step)).all()  # half a step of inverse depth
    assert off_m.max() > 0.45 * step * 2**2


def test_the_errors_spread_grows_with_the_square_of_depth() -> None:
    for depth_m in (0.4, 0.8, 2.4):
        errors_m = sensed(torch.full((2, 100, 100), depth_m), noise_per_m=0.0014) - depth_m
        assert float(errors_m.std()) == pytest.approx(0.0014 * depth_m**2, rel=0.03)
        assert abs(float(errors_m.mean())) < 0.0001 * depth_m**2


def test_pixels_go_missing_at_rims_only_and_as_often_as_asked_for() -> None:
    depth_m = scene_of_a_plate().repeat(1, 4, 1)[:1].expand(20, -1, -1)
    rims = at_rim(depth_m)
    lost = (sensed(depth_m, rim_loss=0.6) == 0) & (depth_m > 0)
    assert not (lost & ~rims).any()
    assert 0.57 < float(lost[rims].float().mean()) < 0.63


def test_a_rim_is_a_pixel_wide_on_either_side_and_a_slope_has_none() -> None:
    rims = at_rim(scene_of_a_plate())[0]
    assert rims[10, 19:21].all()
    assert rims[10, 31:33].all()
    assert int(rims[10].sum()) == 4
    assert rims[19].all()  # above nothing
    assert not rims[20:].any()  # nothing is no surface
    slope_m = (0.5 + 0.003 * torch.arange(40.0)).expand(1, 24, 40)
    assert not at_rim(slope_m).any()


def test_surfaces_seen_at_a_grazing_angle_are_missing() -> None:
    depth_m, angles_rad = torch.full((1, 9, 40), 0.5), torch.deg2rad(torch.linspace(0, 89, 40))
    rows, columns = torch.full((9, 40), 4.5), torch.arange(40) + 0.5
    normals = torch.stack([torch.zeros(9, 40), angles_rad.sin().expand(9, 40), -angles_rad.cos().expand(9, 40)])[None]
    missing = sensed(depth_m, normals, grazing_rad=1.2)[0, 4] == 0  # in the middle row rays have no height
    rays = torch.stack([(columns - 20) / 300, (rows[4] - 4.5) / 300, torch.ones(40)])
    seen_rad = (-(normals[0, :, 4] * torch.nn.functional.normalize(rays, dim=0)).sum(0)).acos()
    assert torch.equal(missing, seen_rad > 1.2)
    assert 0 < missing.sum() < 40


@pytest.mark.parametrize("baseline_px_m", [8.1, -8.1])
def test_a_plate_shades_the_wall_beside_it_on_the_side_away_from_the_projector(baseline_px_m: float) -> None:
    """Its shadow is as wide as the difference of the disparities: 8.1 / 0.5 - 8.1 / 0.8 = 6 pixels."""
    shadow = in_shadow(scene_of_a_plate(), torch.full((2,), baseline_px_m))[0]
    dark = shadow[10].nonzero()[:, 0].tolist()
    assert dark == (list(range(14, 20)) if baseline_px_m > 0 else list(range(32, 38)))
    assert not shadow[2].any()
    assert not in_shadow(scene_of_a_plate(), torch.zeros(2)).any()


def test_depths_out_of_range_are_missing() -> None:
    depth_m = torch.linspace(0.1, 1.2, 40).expand(1, 24, 40)
    measured_m = sensed(depth_m, nearest_m=0.3, farthest_m=1.0)
    assert torch.equal(measured_m > 0, (depth_m >= 0.3) & (depth_m <= 1.0))


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_is_switched_alone(effect: str) -> None:
    drawn = sample_depth_sensor(NUMBERS, DepthSensorConfig())
    left = sample_depth_sensor(NUMBERS, dataclasses.replace(DepthSensorConfig(), **{effect: False}))
    names = [field.name for field in dataclasses.fields(DepthSensor)]
    changed = {
        name for name in names if not torch.equal(*(torch.as_tensor(getattr(each, name)) for each in (drawn, left)))
    }
    assert changed == OWN_SETTINGS[effect]


def test_sensors_are_somewhat_better_and_worse_than_the_published_one() -> None:
    sensor = sample_depth_sensor(NUMBERS, DepthSensorConfig())
    for values, published in ((sensor.noise_per_m, 0.0014), (sensor.step_per_m, 0.0029)):
        assert 0.4 * published < values.min() < 0.7 * published
        assert 1.2 * published < values.max() < 1.6 * published


def test_sensors_without_meaning_are_refused() -> None:
    with pytest.raises(HandcraftError, match="`range_m` to be two rising distances"):
        DepthSensorConfig(range_m=(2.0, 1.0))
    with pytest.raises(HandcraftError, match="pinhole camera for a depth sensor, but got weak_perspective"):
        SceneConfig(depth_sensor=DepthSensorConfig(present=True), placement=PlacementConfig(camera="weak_perspective"))
