# SPDX-License-Identifier: Apache-2.0
"""Laws of lights."""

import pytest
import torch
from torch import Tensor

from handcraft.scene.lights import Lights, plain_lights, sample_lights


def uniform(count: int, columns: int) -> Tensor:
    return torch.rand(count, columns, generator=torch.Generator().manual_seed(0))


LOOKS = {"plain": plain_lights(uniform(100, 2)), "photographic": sample_lights(uniform(100, 21))}


@pytest.mark.parametrize("lights", LOOKS.values(), ids=LOOKS)
def test_lamps_are_unit_directions_on_the_cameras_side_and_shine(lights: Lights) -> None:
    torch.testing.assert_close(lights.directions.norm(dim=-1), torch.ones(lights.directions.shape[:2]))
    assert (lights.directions[..., 2] < 0).all()
    assert lights.directions[..., :2].mean((0, 1)).abs().max() < 0.1  # from every side
    assert lights.directions[..., :2].std((0, 1)).min() > 0.1
    for light in (lights.colours, lights.sky, lights.ground):
        assert (light > 0).all()


def test_plain_light_is_white_and_photographic_light_is_coloured() -> None:
    plain, photographic = LOOKS.values()
    for colour in (plain.colours, plain.sky, plain.ground):
        assert (colour.std(dim=-1) == 0).all()
    for colour in (photographic.colours, photographic.sky, photographic.ground):
        assert colour.std(dim=-1).mean() > 0.01
    assert photographic.colours[:, 0].mean() > 1.5 * photographic.colours[:, 1].mean()  # one lamp leads
