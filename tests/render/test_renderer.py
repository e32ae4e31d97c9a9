# SPDX-License-Identifier: Apache-2.0
"""Laws of rendering: picture, labels and geometry tell one story."""

import dataclasses

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.hand import PARTS, HandModel
from handcraft.hand.skeleton import FOREARM_ID
from handcraft.render import Renderer, Rendering, keypoint_visibility, take_pictures
from handcraft.scene import Scene, SceneConfig, sample_scenes
from handcraft.scene.lights import Lights

INDICES = list(range(12))


@pytest.fixture(scope="module")
def scene(hand_model: HandModel) -> Scene:
    return sample_scenes(hand_model, SceneConfig(size_px=96), 5, INDICES)[0]


@pytest.fixture(scope="module")
def rendering(hand_model: HandModel, scene: Scene) -> Rendering:
    return Renderer(hand_model).render(scene)


def camera_vertices_m(scene: Scene) -> torch.Tensor:
    rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
    return scene.mesh.vertices_m @ rotation.transpose(-1, -2) + offset


def test_depth_at_each_pixel_is_the_nearest_triangle_the_ray_meets(scene: Scene, rendering: Rendering) -> None:
    """An independent oracle: intersect rays with all triangles (Möller and Trumbore) at some pixels."""
    vertices_m, faces = camera_vertices_m(scene).double(), scene.mesh.topology.faces
    generator = torch.Generator().manual_seed(0)
    for frame in range(4):
        rows = torch.randint(0, 96, (40,), generator=generator)
        columns = torch.randint(0, 96, (40,), generator=generator)
        pixels = torch.stack([columns + 0.5, rows + 0.5], -1).double()
        inverse = torch.linalg.inv(scene.camera.intrinsics[frame].double())
        rays = torch.cat([pixels, torch.ones(40, 1)], 1) @ inverse.T
        a, b, c = (vertices_m[frame, faces[:, corner]] for corner in range(3))
        p = torch.linalg.cross(rays[:, None].expand(-1, len(faces), -1), (c - a)[None].expand(40, -1, -1))
        determinant = (p * (b - a)).sum(-1)
        u = (p * -a).sum(-1) / determinant
        q = torch.linalg.cross(-a, b - a)
        v = (rays[:, None] * q).sum(-1) / determinant
        t = ((c - a) * q).sum(-1) / determinant
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
        expected = torch.where(hit, t, torch.inf).amin(1)
        seen = rendering.depth_m[frame, rows, columns].double()
        clear = ~((u.abs() < 1e-4) | (v.abs() < 1e-4) | ((1 - u - v).abs() < 1e-4)).any(1)  # off the triangles' edges
        assert torch.equal((seen > 0)[clear], torch.isfinite(expected)[clear])
        both = clear & (seen > 0)
        torch.testing.assert_close(seen[both], expected[both], atol=1e-5, rtol=1e-5)


def test_projected_vertices_fall_inside_the_silhouette(scene: Scene, rendering: Rendering) -> None:
    pixels = scene.camera.pixels_from_camera(camera_vertices_m(scene)).floor().long()
    for frame in range(len(INDICES)):
        inside = ((pixels[frame] >= 1) & (pixels[frame] < 95)).all(-1)
        column, row = pixels[frame, inside].unbind(-1)
        neighbourhood = torch.nn.functional.max_pool2d((rendering.parts[frame] > 0)[None].float(), 3, 1, 1)[0]
        assert neighbourhood[row, column].mean() > 0.995


def test_all_label_images_cover_the_same_pixels(rendering: Rendering) -> None:
    covered = rendering.parts > 0
    assert torch.equal(covered, rendering.depth_m > 0)
    assert torch.equal(covered, rendering.normals.norm(dim=1) > 0.5)
    assert torch.equal(rendering.mask, covered & (rendering.parts != FOREARM_ID))
    assert rendering.coverage[covered].min() > 0
    assert (rendering.coverage[~covered] < 1).float().mean() > 0.9999  # a gap between fingers may slip between samples
    assert rendering.parts.max() <= len(PARTS) + 1
    assert {*range(1, len(PARTS) + 2)} <= set(rendering.parts.unique().tolist())


def test_normals_are_unit_and_face_the_camera(scene: Scene, rendering: Rendering) -> None:
    covered = rendering.parts > 0
    normals = rendering.normals.permute(0, 2, 3, 1)
    torch.testing.assert_close(normals[covered].norm(dim=-1), torch.ones(int(covered.sum())))
    rows, columns = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(96) + 0.5, indexing="ij")
    pixels = torch.stack([columns, rows], -1).reshape(1, -1, 2).expand(len(INDICES), -1, -1)
    rays = scene.camera.camera_from_pixels(pixels, torch.ones(len(INDICES), 96 * 96)).reshape(normals.shape)
    facing = -(normals * torch.nn.functional.normalize(rays, dim=-1)).sum(-1)[covered]
    assert (facing > -0.3).float().mean() > 0.999  # interpolated normals may lean over the rim a little
    assert facing.mean() > 0.5


def test_keypoints_project_where_they_are_said_to_be_and_lie_on_the_hand(scene: Scene, rendering: Rendering) -> None:
    torch.testing.assert_close(scene.camera.pixels_from_camera(rendering.joints_m), rendering.keypoints_px)
    near = torch.nn.functional.max_pool2d((rendering.parts > 0).float()[:, None], 5, 1, 2)[:, 0]
    inside = ((rendering.keypoints_px > 2) & (rendering.keypoints_px < 94)).all(-1)
    column, row = rendering.keypoints_px.clamp(0, 95).floor().long().unbind(-1)
    frame = torch.arange(len(INDICES))[:, None].expand_as(row)
    assert near[frame, row, column][inside].min() == 1


def test_visibility_is_a_depth_test() -> None:
    joints_m = torch.tensor([[[0.0, 0.0, 0.5]]]).repeat(1, 21, 1)
    keypoints_px = torch.full((1, 21, 2), 4.5)
    clear, blocked = torch.full((1, 8, 8), 0.495), torch.full((1, 8, 8), 0.45)
    assert keypoint_visibility(joints_m, keypoints_px, clear).all()
    assert not keypoint_visibility(joints_m, keypoints_px, blocked).any()
    assert not keypoint_visibility(joints_m, keypoints_px + 4, clear).any()  # outside the image
    assert not keypoint_visibility(-joints_m, keypoints_px, clear).any()  # behind the camera


def test_each_frame_is_the_same_alone_and_in_a_batch(hand_model: HandModel, rendering: Rendering) -> None:
    alone = Renderer(hand_model).render(sample_scenes(hand_model, SceneConfig(size_px=96), 5, [7])[0])
    assert torch.equal(alone.parts[0], rendering.parts[7])
    torch.testing.assert_close(alone.colour[0], rendering.colour[7], atol=1e-5, rtol=0)
    torch.testing.assert_close(alone.depth_m[0], rendering.depth_m[7], atol=1e-6, rtol=0)


def test_a_mirrored_hand_seen_by_a_mirrored_camera_is_the_mirrored_picture(hand_model: HandModel, scene: Scene) -> None:
    flip = torch.diag(torch.tensor([-1.0, 1.0, 1.0, 1.0]))
    unflip = torch.diag(torch.tensor([1.0, 1.0, -1.0, 1.0]))
    mirrored = dataclasses.replace(
        scene,
        mesh=scene.mesh.mirror_where(torch.ones(len(INDICES), dtype=torch.bool)),
        camera_from_hand=flip @ scene.camera_from_hand @ unflip,
        lights=dataclasses.replace(scene.lights, directions=scene.lights.directions * torch.tensor([-1.0, 1.0, 1.0])),
    )
    one, other = Renderer(hand_model).render(scene), Renderer(hand_model).render(mirrored)
    assert (one.parts == other.parts.flip(-1)).float().mean() > 0.999  # rims may round the other way
    assert (one.colour - other.colour.flip(-1)).abs().mean() < 1e-3
    torch.testing.assert_close(96 - one.keypoints_px[..., 0], other.keypoints_px[..., 0], atol=1e-2, rtol=0)
    assert torch.equal(one.visible, other.visible) or (one.visible == other.visible).float().mean() > 0.99


def test_light_comes_from_where_the_lamp_is(hand_model: HandModel, scene: Scene) -> None:
    """Pixels that face the lamp are bright, those that turn away are dark."""
    count, direction = len(INDICES), torch.nn.functional.normalize(torch.tensor([-1.0, 0.0, -0.3]), dim=0)
    black = torch.zeros(count, 3)
    lamp = Lights(direction.expand(count, 1, 3), torch.ones(count, 1, 3), black, black)
    lit = Renderer(hand_model, supersampling=1).render(dataclasses.replace(scene, lights=lamp))
    covered = lit.parts > 0
    facing = (lit.normals * direction[:, None, None]).sum(1)[covered]
    brightness = lit.colour.mean(1)[covered]
    assert brightness[facing > 0.8].mean() > 5 * brightness[facing < 0].mean()
    assert brightness[facing < -0.2].max() < 1e-5


def test_supersampling_averages_and_leaves_labels_alone(hand_model: HandModel, scene: Scene) -> None:
    rough, fine = Renderer(hand_model, 1).render(scene), Renderer(hand_model, 4).render(scene)
    assert torch.equal(rough.parts, fine.parts)
    assert set(rough.coverage.unique().tolist()) == {0.0, 1.0}
    assert len(fine.coverage.unique()) == 17
    assert (rough.coverage.mean() - fine.coverage.mean()).abs() < 0.003


def test_the_photographic_look_shows_the_same_hands(hand_model: HandModel, rendering: Rendering) -> None:
    config = SceneConfig(look="photographic", size_px=96)
    photographed = Renderer(hand_model).render(sample_scenes(hand_model, config, 5, INDICES)[0])
    assert torch.equal(photographed.parts, rendering.parts)
    assert torch.equal(photographed.keypoints_px, rendering.keypoints_px)
    pictures = take_pictures(photographed, "photographic", 5, INDICES)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    assert (pictures - take_pictures(rendering, "plain", 5, INDICES)).abs().mean() > 0.05


def test_a_hand_behind_the_camera_is_not_drawn(hand_model: HandModel, scene: Scene) -> None:
    moved = scene.camera_from_hand.clone()
    moved[:, 2, 3] = -moved[:, 2, 3]
    behind = Renderer(hand_model).render(dataclasses.replace(scene, camera_from_hand=moved))
    assert behind.parts.max() == 0
    assert not behind.visible.any()


@pytest.mark.parametrize("samples", [0, 9])
def test_a_supersampling_out_of_range_is_refused(hand_model: HandModel, samples: int) -> None:
    with pytest.raises(HandcraftError, match=f"within 1 and 8, but got {samples}"):
        Renderer(hand_model, samples)
