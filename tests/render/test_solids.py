# SPDX-License-Identifier: Apache-2.0
"""Laws of solids in pinhole pictures: a pixel shows the place where its ray meets the box, which planes tell."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.geometry import rotation_from_axis_angle
from handcraft.hand import HandModel
from handcraft.render import Renderer, Rendering
from handcraft.scene import Scene, SceneConfig, sample_scenes
from handcraft.scene.lights import lamps_and_glow
from handcraft.scene.occluders import SolidKind, Solids

SIZE = 96
HALF_M = torch.tensor([0.3, 0.4, 0.5])
STRIPE_M = 0.05
MIDDLE_M = torch.tensor([0.05, -0.03, 0.8])
ROTATION = rotation_from_axis_angle(torch.tensor([0.35, 0.95, 0.2]))
"""Turned far enough that one triangle's depth changes by a tenth of its distance from one corner to another."""


def box_alone(hand_model: HandModel) -> Scene:
    """One large box, striped black and white along its z axis and lit evenly; the hand is behind the camera."""
    scene, _ = sample_scenes(hand_model, SceneConfig(size_px=SIZE), 5, [0])
    behind = scene.camera_from_hand.clone()
    behind[:, 2, 3] = -10
    transform = torch.eye(4)
    transform[:3, :3], transform[:3, 3] = ROTATION, MIDDLE_M
    box = Solids(
        torch.tensor([[int(SolidKind.BOX)]]), torch.tensor([[True]]), transform[None, None], HALF_M[None, None],
        torch.ones(1, 1, 3), torch.zeros(1, 1, 3), torch.tensor([[STRIPE_M]]),
    )  # fmt: skip
    glow, dark = torch.ones(1, 3), torch.zeros(1, 1, 3)
    lights = lamps_and_glow(torch.tensor([[[0.0, 0.0, -1.0]]]), dark, glow, glow)
    return dataclasses.replace(scene, camera_from_hand=behind, solids=box, lights=lights)


@pytest.fixture(scope="module")
def scene(hand_model: HandModel) -> Scene:
    return box_alone(hand_model)


@pytest.fixture(scope="module")
def rendering(hand_model: HandModel, scene: Scene) -> Rendering:
    return Renderer(hand_model, supersampling=1).render(scene)


def met_by_rays(scene: Scene) -> tuple[Tensor, Tensor, Tensor]:
    """Depth where each pixel's ray enters the box, the place there in the box's frame, and whether it enters at all."""
    rows, columns = torch.meshgrid(torch.arange(SIZE) + 0.5, torch.arange(SIZE) + 0.5, indexing="ij")
    pixels = torch.stack([columns, rows, torch.ones(SIZE, SIZE)], -1).double()
    rays = pixels @ torch.linalg.inv(scene.camera.intrinsics[0].double()).T @ ROTATION.double()
    eye = -MIDDLE_M.double() @ ROTATION.double()
    ends = (torch.stack([-HALF_M, HALF_M]).double()[:, None, None] - eye) / rays
    enters, leaves = ends.amin(0).amax(-1), ends.amax(0).amin(-1)
    return enters, eye + enters[..., None] * rays, leaves > enters + 1e-3


def test_depth_of_a_slanted_box_is_that_of_its_planes(scene: Scene, rendering: Rendering) -> None:
    expected_m, _, inside = met_by_rays(scene)
    assert inside.float().mean() > 0.9
    assert expected_m[inside].max() > 1.5 * expected_m[inside].min()
    torch.testing.assert_close(rendering.depth_m[0].double()[inside], expected_m[inside], atol=1e-5, rtol=0)


def test_stripes_of_a_slanted_box_lie_where_they_are_on_it(scene: Scene, rendering: Rendering) -> None:
    _, place_m, inside = met_by_rays(scene)
    stripe = place_m[..., 2] / STRIPE_M
    clear = inside & ((stripe - stripe.round()).abs() * STRIPE_M > 1e-4)
    white = (stripe.floor() % 2 == 0)[clear]
    assert clear.float().mean() > 0.5
    assert 0.3 < white.float().mean() < 0.7
    assert torch.equal(rendering.colour[0, 0][clear] > 0.5, white)
