# SPDX-License-Identifier: Apache-2.0
"""Laws of light on hands: shadows are where the lamp is hidden, the sky where nothing is near, the room all round."""

import dataclasses
import math

import pytest
import torch
import warp as wp
from torch import Tensor

from handcraft.hand import HandModel
from handcraft.render import Renderer, kernels, occlusion
from handcraft.render.colour_pass import is_matte, openness
from handcraft.render.shadow_map import LAMP_DISTANCE_M, LampView
from handcraft.scene import Scene, SceneConfig, sample_scenes
from handcraft.scene.lights import irradiance, lamps_and_glow

SIZE = 144
FRAMES = 6
LAMPS = torch.nn.functional.normalize(
    torch.tensor([[1.0, 0.3, -0.6], [-1, 0.2, -0.5], [0.2, 1, -0.5], [0.3, -1, -0.6], [1, 1, -1], [-1, 1, -0.4]]), dim=1
)


@pytest.fixture(scope="module")
def lit(hand_model: HandModel) -> Scene:
    """White matte hands under one far lamp, which stands to the side and casts hard shadows."""
    scene, _ = sample_scenes(hand_model, SceneConfig(size_px=SIZE), 3, range(FRAMES))
    dark = torch.zeros(FRAMES, 3)
    lights = lamps_and_glow(LAMPS[:, None], torch.ones(FRAMES, 1, 3), dark, dark)
    return dataclasses.replace(
        scene,
        skin=dataclasses.replace(scene.skin, tone=torch.ones(FRAMES, 3)),
        lights=dataclasses.replace(lights, shadow=torch.ones(FRAMES)),
        backdrop=torch.zeros_like(scene.backdrop),
    )


def without_shadows(scene: Scene) -> Scene:
    return dataclasses.replace(scene, lights=dataclasses.replace(scene.lights, shadow=torch.zeros(FRAMES)))


def blocked(points_m: Tensor, towards: Tensor, triangles_m: Tensor, beyond_m: float) -> Tensor:
    """Whether the ray from each point towards the lamp meets any triangle (Möller and Trumbore), the slow way."""
    a, b, c = triangles_m.double().unbind(1)
    points_m, towards = points_m.double(), towards.double()
    p = torch.linalg.cross(towards.expand_as(c), c - a)
    determinant = (p * (b - a)).sum(-1)
    found = []
    for point_m in points_m:
        from_a = point_m - a
        q = torch.linalg.cross(from_a, b - a)
        u, v, t = ((p * from_a).sum(-1) / determinant, (q * towards).sum(-1) / determinant,
                   (q * (c - a)).sum(-1) / determinant)  # fmt: skip
        found.append(((u >= 0) & (v >= 0) & (u + v <= 1) & (t > beyond_m)).any())
    return torch.stack(found)


def test_shadows_lie_where_the_lamp_is_hidden(hand_model: HandModel, lit: Scene) -> None:
    """Within one pixel, against rays traced to the lamp through all triangles."""
    renderer = Renderer(hand_model, supersampling=1)
    shadowed, open_ = renderer.render(lit), renderer.render(without_shadows(lit))
    rotation, offset = lit.camera_from_hand[:, :3, :3], lit.camera_from_hand[:, None, :3, 3]
    vertices_m = lit.mesh.vertices_m @ rotation.transpose(-1, -2) + offset
    generator, in_shadow = torch.Generator().manual_seed(0), []
    for frame in range(FRAMES):
        facing = (open_.normals[frame] * LAMPS[frame][:, None, None]).sum(0)
        inside = (shadowed.mask[frame] & (facing > 0.35)).nonzero()
        chosen = inside[torch.randperm(len(inside), generator=generator)[:150]]
        triangles_m = vertices_m[frame][lit.mesh.topology.faces]

        def is_blocked(
            pixels: Tensor, frame: int = frame, triangles_m: Tensor = triangles_m, depth_m: Tensor = shadowed.depth_m
        ) -> Tensor:
            depths_m = depth_m[frame, pixels[:, 0], pixels[:, 1]]
            points_m = lit.camera.camera_from_pixels(
                (pixels.flip(-1) + 0.5)[None].expand(FRAMES, -1, -1), depths_m[None].expand(FRAMES, -1)
            )[frame]
            return blocked(points_m, LAMPS[frame], triangles_m, beyond_m=0.002)

        drawn = shadowed.colour[frame, 0, chosen[:, 0], chosen[:, 1]]
        dark = drawn < 0.5 * open_.colour[frame, 0, chosen[:, 0], chosen[:, 1]]
        wrong = chosen[dark != is_blocked(chosen)]
        in_shadow.append(dark.float().mean())
        near = torch.tensor([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])
        unexplained = 0
        for pixel in wrong:
            around = (pixel + near).clamp(0, SIZE - 1)
            around = around[shadowed.depth_m[frame, around[:, 0], around[:, 1]] > 0]
            unexplained += len(is_blocked(around).unique()) == 1
        assert unexplained <= 2, (frame, len(wrong), unexplained)
    assert 0.03 < torch.stack(in_shadow).mean() < 0.7


def test_shadows_only_take_light_away_and_only_the_first_lamps(hand_model: HandModel, lit: Scene) -> None:
    soft = dataclasses.replace(lit, lights=dataclasses.replace(lit.lights, softness_m=torch.full((FRAMES,), 0.004)))
    renderer = Renderer(hand_model, supersampling=1)
    bright, hard, blurred = (renderer.render(each).colour for each in (without_shadows(lit), lit, soft))
    for dimmer in (hard, blurred):
        assert (dimmer <= bright + 1e-6).all()
        assert (dimmer < bright - 0.1).float().mean() > 0.005
    second = dataclasses.replace(
        lit.lights,
        directions=torch.cat([-lit.lights.directions, lit.lights.directions], 1),
        colours=torch.cat([torch.zeros(FRAMES, 1, 3), lit.lights.colours], 1),
    )
    torch.testing.assert_close(renderer.render(dataclasses.replace(lit, lights=second)).colour, bright)


def test_soft_edges_are_in_between(hand_model: HandModel, lit: Scene) -> None:
    soft = dataclasses.replace(lit, lights=dataclasses.replace(lit.lights, softness_m=torch.full((FRAMES,), 0.006)))
    renderer = Renderer(hand_model, supersampling=1)
    bright = renderer.render(without_shadows(lit)).colour[:, 0]
    shares = [renderer.render(each).colour[:, 0][bright > 0.3] / bright[bright > 0.3] for each in (lit, soft)]
    hard_between, soft_between = (((share > 0.1) & (share < 0.9)).float().mean() for share in shares)
    assert soft_between > 1.5 * hard_between


def test_the_lamps_view_is_square_to_it_and_holds_the_hand(lit: Scene) -> None:
    rotation, offset = lit.camera_from_hand[:, :3, :3], lit.camera_from_hand[:, None, :3, 3]
    joints_m = lit.mesh.keypoints_m @ rotation.transpose(-1, -2) + offset
    view = LampView.towards(joints_m, LAMPS, 64)
    matrix = view.map_from_camera[:, :3, :3]
    in_map = joints_m @ matrix.transpose(-1, -2) + view.map_from_camera[:, None, :3, 3]
    assert ((in_map[..., :2] > 0) & (in_map[..., :2] < 64)).all()
    assert (in_map[..., 2] - LAMP_DISTANCE_M).abs().max() < 0.2
    along = (matrix @ LAMPS[..., None])[..., 0]
    torch.testing.assert_close(along, torch.tensor([0.0, 0.0, -1.0]).expand(FRAMES, 3), atol=1e-4, rtol=0)
    assert (torch.linalg.det(matrix) > 0).all()


def test_a_sphere_hides_its_share_of_the_sky() -> None:
    """Against counting rays, cosine-weighted, for spheres that stand wholly above the horizon."""
    generator = torch.Generator().manual_seed(0)
    places_m = torch.tensor([[0.0, 0.0, 0.03], [0.02, 0.0, 0.02], [0.03, 0.01, 0.03], [0.0, -0.02, 0.015]])
    radius_m, up = 0.01, torch.tensor([0.0, 0.0, 1.0])
    free = torch.ones(len(places_m), 1)
    arguments = [
        kernels.warp_array(torch.zeros(len(places_m), 1, 3), wp.vec3),
        kernels.warp_array(up.expand(len(places_m), 1, 3), wp.vec3), kernels.warp_array(places_m[:, None], wp.vec3),
        kernels.warp_array(torch.zeros(1, 2, dtype=torch.int32), wp.vec2i),
        kernels.warp_array(torch.tensor([radius_m]), wp.float32), kernels.warp_array(free, wp.float32),
    ]  # fmt: skip
    wp.launch(occlusion.resolve_openness, dim=tuple(free.shape), inputs=arguments, device="cpu")
    disc, azimuth = torch.rand(2, 40000, generator=generator)
    rays = torch.stack(
        [disc.sqrt() * (math.tau * azimuth).cos(), disc.sqrt() * (math.tau * azimuth).sin(), (1 - disc).sqrt()], -1
    )
    along = rays @ places_m.T
    clear = (places_m.square().sum(-1) - along.square() > radius_m**2) | (along < 0)
    torch.testing.assert_close(free[:, 0], clear.float().mean(0), atol=6e-3, rtol=0)


def test_between_fingers_there_is_less_sky_than_on_the_back_of_the_hand(hand_model: HandModel) -> None:
    mesh = hand_model.with_shape(torch.full((1, 6), 0.5)).with_pose(torch.zeros(1, 22)).skin()
    normals = mesh.vertex_normals()
    free = openness(mesh.vertices_m, normals, mesh.keypoints_m)[0]
    rest = mesh.topology.rest_vertices_m
    back = (rest[:, 1] > 0.02) & (rest[:, 1] < 0.06) & (normals[0, :, 0] > 0.9)
    beside = (rest[:, 1] > 0.12) & (rest[:, 1] < 0.13) & (rest[:, 2].abs() < 0.008) & (normals[0, :, 2].abs() > 0.8)
    assert free[back].mean() > 0.95
    assert beside.sum() > 3
    assert free[beside].mean() < 0.6
    assert free.min() > 0


def test_occlusion_dims_glow_and_not_lamps(hand_model: HandModel, lit: Scene) -> None:
    renderer, full = Renderer(hand_model, supersampling=1), torch.ones(FRAMES)
    only_lamp = without_shadows(lit)
    glow = torch.ones(FRAMES, 3)
    only_glow = dataclasses.replace(lit, lights=lamps_and_glow(LAMPS[:, None], torch.zeros(FRAMES, 1, 3), glow, glow))
    for scene, dims in ((only_lamp, False), (only_glow, True)):
        occluded = dataclasses.replace(scene, lights=dataclasses.replace(scene.lights, occlusion=full))
        before, after = renderer.render(scene).colour, renderer.render(occluded).colour
        assert (after <= before + 1e-6).all()
        assert bool((after < before - 0.1).any()) == dims


def test_an_environment_lights_white_skin_by_its_irradiance(hand_model: HandModel, lit: Scene) -> None:
    environment = 0.2 * torch.randn(FRAMES, 9, 3, generator=torch.Generator().manual_seed(0))
    environment[:, 0] = 2.0
    dark = torch.zeros(FRAMES, 3)
    lights = lamps_and_glow(LAMPS[:, None], torch.zeros(FRAMES, 1, 3), dark, dark)
    scene = dataclasses.replace(lit, lights=dataclasses.replace(lights, environment=environment))
    seen = Renderer(hand_model, supersampling=1).render(scene)
    normals = seen.normals.flatten(2).transpose(1, 2)
    expected = irradiance(environment, normals).transpose(1, 2).reshape(seen.colour.shape)
    covered = (seen.parts > 0)[:, None].expand_as(seen.colour)
    torch.testing.assert_close(seen.colour[covered], expected[covered], atol=1e-4, rtol=0)


def test_the_quick_way_to_colour_gives_what_the_general_one_gives(hand_model: HandModel, lit: Scene) -> None:
    quick = without_shadows(lit)
    least = dataclasses.replace(quick.lights, occlusion=torch.full((FRAMES,), 1e-9))  # too little to be seen
    general = dataclasses.replace(quick, lights=least)
    assert is_matte(quick)
    assert not is_matte(general)
    one, other = (Renderer(hand_model, supersampling=1).render(each).colour for each in (quick, general))
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    fine, finer = (Renderer(hand_model, supersampling=2).render(each).colour for each in (quick, general))
    assert (fine - finer).abs().mean() < 1e-3  # there it shades every position, and the other each triangle once
