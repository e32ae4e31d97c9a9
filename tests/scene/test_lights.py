# SPDX-License-Identifier: Apache-2.0
"""Laws of lights."""

import pytest
import torch
from torch import Tensor

from handcraft.scene.lights import (
    ENVIRONMENT_UNIFORMS,
    LightConfig,
    Lights,
    harmonics,
    irradiance,
    plain_lights,
    sample_environment,
    sample_lights,
)


def uniform(count: int, columns: int) -> Tensor:
    return torch.rand(count, columns, generator=torch.Generator().manual_seed(columns))


def photographic(config: LightConfig) -> Lights:
    return sample_lights(uniform(100, 21), uniform(100, ENVIRONMENT_UNIFORMS), config)


def sphere(count: int) -> Tensor:
    """Unit vectors spread evenly over all directions (a Fibonacci lattice)."""
    index = torch.arange(count) + 0.5
    height, azimuth = 1 - 2 * index / count, index * (torch.pi * (3 - 5**0.5))
    radius = (1 - height * height).sqrt()
    return torch.stack([radius * azimuth.cos(), height, radius * azimuth.sin()], dim=-1)


LOOKS = {"plain": plain_lights(uniform(100, 2)), "photographic": photographic(LightConfig(environment=False))}


@pytest.mark.parametrize("lights", LOOKS.values(), ids=LOOKS)
def test_lamps_are_unit_directions_on_the_cameras_side_and_shine(lights: Lights) -> None:
    torch.testing.assert_close(lights.directions.norm(dim=-1), torch.ones(lights.directions.shape[:2]))
    assert (lights.directions[..., 2] < 0).all()
    assert lights.directions[..., :2].mean((0, 1)).abs().max() < 0.1  # from every side
    assert lights.directions[..., :2].std((0, 1)).min() > 0.1
    for light in (lights.colours, lights.sky, lights.ground):
        assert (light > 0).all()
    assert not lights.environment.any()


def test_plain_light_is_white_and_photographic_light_is_coloured() -> None:
    plain, coloured = LOOKS.values()
    for colour in (plain.colours, plain.sky, plain.ground):
        assert (colour.std(dim=-1) == 0).all()
    for colour in (coloured.colours, coloured.sky, coloured.ground):
        assert colour.std(dim=-1).mean() > 0.01
    assert coloured.colours[:, 0].mean() > 1.5 * coloured.colours[:, 1].mean()  # one lamp leads


def test_plain_light_casts_no_shadows() -> None:
    plain = LOOKS["plain"]
    assert not plain.shadow.any()
    assert not plain.occlusion.any()


def test_an_environment_stands_in_for_glow_and_all_lamps_but_one() -> None:
    lights = photographic(LightConfig())
    lit = lights.environment.flatten(1).any(1)
    assert 0.3 < lit.float().mean() < 0.7
    assert not lights.sky[lit].any()
    assert not lights.ground[lit].any()
    assert (lights.colours[lit, 0] > 0).all()
    assert not lights.colours[lit, 1:].any()
    assert (lights.colours[~lit] > 0).all()


def test_harmonics_are_orthonormal() -> None:
    basis = harmonics(sphere(20000))
    torch.testing.assert_close(4 * torch.pi * basis.T @ basis / len(basis), torch.eye(9), atol=1e-3, rtol=0)


def test_an_even_environment_lights_every_side_the_same() -> None:
    """Radiance 1 from everywhere gives irradiance pi, and irradiance over pi 1."""
    even = torch.zeros(1, 9, 3)
    even[:, 0] = (4 * torch.pi) ** 0.5
    torch.testing.assert_close(irradiance(even, sphere(50)[None]), torch.ones(1, 50, 3), atol=1e-5, rtol=0)


def test_irradiance_is_the_cosine_weighted_integral_of_the_light() -> None:
    environment = torch.randn(4, 9, 3, generator=torch.Generator().manual_seed(0)) * 0.3
    environment[:, 0] = 4.0  # no direction's sum falls below zero
    directions, normals = sphere(40000), sphere(30)
    light = harmonics(directions) @ environment
    cosines = (normals @ directions.T).clamp_min(0)
    expected = (cosines @ light) * 4 * torch.pi / len(directions) / torch.pi
    torch.testing.assert_close(irradiance(environment, normals.expand(4, -1, -1)), expected, atol=1e-2, rtol=0)


def test_a_window_lights_the_side_that_looks_at_it_most() -> None:
    numbers = torch.zeros(1, 18)
    numbers[0, 3:8] = torch.tensor([0.5, 0.25, 1.0, 0.5, 0.0])  # at height 0, a quarter turn from x: towards +z
    seen = irradiance(sample_environment(numbers), sphere(500)[None])[0].mean(-1)
    assert sphere(500)[seen.argmax(), 2] > 0.8


def test_sampled_environments_are_no_darker_than_nothing_and_tell_sides_apart() -> None:
    seen = irradiance(sample_environment(uniform(200, 18)), sphere(100).expand(200, -1, -1)).mean(-1)
    assert (seen > 0).float().mean() > 0.97  # the cut series dips below zero now and then
    assert (seen.amax(1) > 1.5 * seen.amin(1)).float().mean() > 0.8
    assert 0.2 < seen.mean() < 1.5
