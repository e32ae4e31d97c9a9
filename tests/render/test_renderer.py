# SPDX-License-Identifier: Apache-2.0
"""Laws of rendering: picture, labels and geometry tell one story."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.geometry import Camera
from handcraft.hand import FINGERS, KEYPOINTS, PARTS, HandModel
from handcraft.hand.skeleton import FOREARM_ID, finger_of, part_id
from handcraft.render import Renderer, Rendering, keypoint_visibility
from handcraft.scene import Look, Scene, SceneConfig, sample_scenes
from handcraft.scene.lights import Lights, lamps_and_glow
from handcraft.scene.skin import Skin

INDICES = list(range(12))


@pytest.fixture(scope="module")
def scene(hand_model: HandModel) -> Scene:
    return sample_scenes(hand_model, SceneConfig(size_px=96), 5, INDICES)[0]


@pytest.fixture(scope="module")
def rendering(hand_model: HandModel, scene: Scene) -> Rendering:
    return Renderer(hand_model).render(scene)


def camera_vertices_m(scene: Scene) -> Tensor:
    rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
    return scene.mesh.vertices_m @ rotation.transpose(-1, -2) + offset


def lit_by(*lamps: tuple[Tensor, Tensor], sky: float = 0.0, ground: float = 0.0) -> Lights:
    """The same lamps, pairs of direction and colour, in every frame."""
    count = len(INDICES)
    directions = torch.stack([torch.nn.functional.normalize(direction, dim=0) for direction, _ in lamps])
    colours = torch.stack([colour for _, colour in lamps])
    glow = torch.ones(count, 3)
    return lamps_and_glow(directions.repeat(count, 1, 1), colours.repeat(count, 1, 1), sky * glow, ground * glow)


DARK = (torch.tensor([0.0, 0.0, -1.0]), torch.zeros(3))


def painted_skin(*, textured: bool = True, **changed: float) -> Skin:
    """Black skin without any texture but what is asked for."""
    names = [field.name for field in dataclasses.fields(Skin) if field.name != "textured"]
    values = {name: changed.get(name, 0.0) for name in names}
    shapes = {name: (len(INDICES), 3) if name.endswith("tone") else (len(INDICES),) for name in names}
    return Skin(**{name: torch.full(shapes[name], values[name]) for name in names}, textured=textured)


WHITE = painted_skin(tone=1.0, textured=False)


def rays(scene: Scene) -> Tensor:
    """Unit vectors from the camera to every pixel's centre."""
    rows, columns = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(96) + 0.5, indexing="ij")
    pixels = torch.stack([columns, rows], -1).reshape(1, -1, 2).expand(len(INDICES), -1, -1)
    points = scene.camera.camera_from_pixels(pixels, torch.ones(len(INDICES), 96 * 96))
    return torch.nn.functional.normalize(points, dim=-1).reshape(-1, 96, 96, 3)


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
    facing = -(normals * rays(scene)).sum(-1)[covered]
    assert (facing > -0.3).float().mean() > 0.999  # interpolated normals may lean over the rim a little
    assert facing.mean() > 0.5


def test_keypoints_project_where_they_are_said_to_be_and_lie_on_the_hand(scene: Scene, rendering: Rendering) -> None:
    torch.testing.assert_close(scene.camera.pixels_from_camera(rendering.joints_m), rendering.keypoints_px)
    near = torch.nn.functional.max_pool2d((rendering.parts > 0).float()[:, None], 5, 1, 2)[:, 0]
    inside = ((rendering.keypoints_px > 2) & (rendering.keypoints_px < 94)).all(-1)
    column, row = rendering.keypoints_px.clamp(0, 95).floor().long().unbind(-1)
    frame = torch.arange(len(INDICES))[:, None].expand_as(row)
    assert near[frame, row, column][inside].min() == 1


def test_visible_fingertips_are_seen_on_their_own_finger(rendering: Rendering) -> None:
    finger_ids = {finger: [part_id(part) for part in PARTS if finger_of(part) == finger] for finger in FINGERS}
    inside = ((rendering.keypoints_px > 1) & (rendering.keypoints_px < 95)).all(-1) & rendering.visible
    found = []
    for frame, index in torch.nonzero(inside).tolist():
        if KEYPOINTS[index].endswith(("_dip", "_ip", "_tip")):
            column, row = rendering.keypoints_px[frame, index].floor().int().tolist()
            around = rendering.parts[frame, row - 1 : row + 2, column - 1 : column + 2].flatten().tolist()
            found.append(bool(set(around) & set(finger_ids[finger_of(KEYPOINTS[index])])))
    assert len(found) > 50
    assert sum(found) / len(found) > 0.95


def one_joint_at(x_px: float, y_px: float, z_m: float = 0.5) -> tuple[Tensor, Tensor]:
    """Two frames whose keypoints all lie at one place."""
    return torch.tensor([0.0, 0.0, z_m]).expand(2, 21, 3), torch.tensor([x_px, y_px]).expand(2, 21, 2)


def test_a_keypoint_is_hidden_by_what_stands_well_before_it_at_its_own_pixel() -> None:
    depth_m = torch.zeros(2, 6, 8)
    depth_m[0, 2, 5] = 0.4  # before the keypoint by 100 mm
    depth_m[1, 2, 5] = 0.6  # behind it
    assert keypoint_visibility(*one_joint_at(5.9, 2.1), depth_m).all(1).tolist() == [False, True]
    assert not keypoint_visibility(*one_joint_at(5.9, 2.1), depth_m)[0].any()
    assert keypoint_visibility(*one_joint_at(2.9, 5.1), depth_m).all()  # just off the silhouette, before the backdrop
    assert keypoint_visibility(*one_joint_at(5.9, 3.1), depth_m).all()


def test_a_keypoint_is_seen_through_its_own_flesh_and_no_deeper() -> None:
    """Under 20 mm lie a wrist or a knuckle, but no fingertip: that is behind another finger."""
    visible = keypoint_visibility(*one_joint_at(3.5, 3.5), torch.full((2, 8, 8), 0.48))[0]
    seen = {name for name, is_seen in zip(KEYPOINTS, visible.tolist(), strict=True) if is_seen}
    assert seen == {name for name in KEYPOINTS if name == "wrist" or name.endswith(("_mcp", "_cmc"))}
    assert keypoint_visibility(*one_joint_at(3.5, 3.5), torch.full((2, 8, 8), 0.49)).all()
    assert not keypoint_visibility(*one_joint_at(3.5, 3.5), torch.full((2, 8, 8), 0.46)).any()


OUT_OF_SIGHT = ((-0.1, 3.0, 0.5), (8.1, 3.0, 0.5), (3.0, 6.1, 0.5), (3.0, 3.0, -0.5))


@pytest.mark.parametrize(("x_px", "y_px", "z_m"), OUT_OF_SIGHT)
def test_a_keypoint_out_of_the_picture_or_behind_the_camera_is_not_visible(
    x_px: float, y_px: float, z_m: float
) -> None:
    assert not keypoint_visibility(*one_joint_at(x_px, y_px, z_m), torch.zeros(2, 6, 8)).any()


@pytest.mark.parametrize("look", ["plain", "photographic"])
def test_each_frame_is_the_same_alone_and_in_a_batch(hand_model: HandModel, look: Look) -> None:
    config, renderer = SceneConfig(look=look, size_px=64), Renderer(hand_model)
    together = renderer.render(sample_scenes(hand_model, config, 5, [2, 9, 17])[0])
    for row, index in enumerate((2, 9, 17)):
        alone = renderer.render(sample_scenes(hand_model, config, 5, [index])[0])
        assert torch.equal(alone.parts[0], together.parts[row])
        torch.testing.assert_close(alone.colour[0], together.colour[row], atol=3e-3, rtol=0)  # hair is steep noise
        torch.testing.assert_close(alone.depth_m[0], together.depth_m[row], atol=1e-6, rtol=0)
        assert torch.equal(alone.visible[0], together.visible[row])


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
    assert (one.visible == other.visible).float().mean() > 0.99


def test_a_photographic_hand_turned_upside_down_with_its_light_is_the_picture_upside_down(
    hand_model: HandModel,
) -> None:
    """Texture is fixed to the skin, not to the picture or to the room (bumps apart, which only roughen)."""
    scene, _ = sample_scenes(hand_model, SceneConfig(look="photographic", size_px=96), 5, INDICES)
    scene = dataclasses.replace(scene, skin=dataclasses.replace(scene.skin, bump=torch.zeros(len(INDICES))))
    over = torch.diag(torch.tensor([-1.0, -1.0, 1.0, 1.0]))
    lights = scene.lights
    half_turn = torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1, 1])[:, None]  # of harmonics about z: odd ones change sign
    turned = dataclasses.replace(
        scene,
        camera_from_hand=over @ scene.camera_from_hand,
        lights=dataclasses.replace(
            lights,
            directions=lights.directions @ over[:3, :3],
            sky=lights.ground,
            ground=lights.sky,
            environment=lights.environment * half_turn,
        ),
        backdrop=scene.backdrop.flip(-1, -2),
    )
    one, other = Renderer(hand_model).render(scene), Renderer(hand_model).render(turned)
    assert (one.parts == other.parts.flip(-1, -2)).float().mean() > 0.999
    assert (one.colour - other.colour.flip(-1, -2)).abs().mean() < 1e-3


def test_glow_comes_from_above_and_below(hand_model: HandModel, scene: Scene) -> None:
    """White skin shows how far up each point looks; up is -y."""
    lit = dataclasses.replace(scene, lights=lit_by(DARK, sky=1.0), skin=WHITE)
    seen = Renderer(hand_model, supersampling=1).render(lit)
    covered = seen.parts > 0
    torch.testing.assert_close(seen.colour[:, 0][covered], (0.5 - 0.5 * seen.normals[:, 1])[covered], atol=1e-4, rtol=0)


def test_light_comes_from_where_the_lamp_is_and_reaches_a_little_past_the_terminator(
    hand_model: HandModel, scene: Scene
) -> None:
    direction = torch.nn.functional.normalize(torch.tensor([-1.0, 0.2, -0.3]), dim=0)
    colour = torch.tensor([1.0, 0.5, 0.2])
    lit = dataclasses.replace(scene, lights=lit_by((direction, colour)), skin=WHITE)
    seen = Renderer(hand_model, supersampling=1).render(lit)
    covered = (seen.parts > 0)[:, None].expand(-1, 3, -1, -1)
    towards = (seen.normals * direction[:, None, None]).sum(1, keepdim=True)
    expected = ((towards + 0.15) / 1.15).clamp_min(0) * colour[:, None, None]
    torch.testing.assert_close(seen.colour[covered], expected[covered], atol=1e-4, rtol=0)


def test_highlights_stand_half_way_between_lamp_and_eye(hand_model: HandModel, scene: Scene) -> None:
    """Blinn's highlight, on black skin that shows nothing else."""
    direction = torch.nn.functional.normalize(torch.tensor([0.5, 0.0, -1.0]), dim=0)
    glossy = painted_skin(gloss=0.5, sharpness=12.0, textured=False)
    lit = dataclasses.replace(scene, lights=lit_by((direction, torch.ones(3))), skin=glossy)
    seen = Renderer(hand_model, supersampling=1).render(lit)
    covered, normals = seen.parts > 0, seen.normals.permute(0, 2, 3, 1)
    half_way = torch.nn.functional.normalize(direction - rays(scene), dim=-1)
    lambert = ((normals @ direction + 0.15) / 1.15).clamp_min(0)
    expected = 0.5 * (normals * half_way).sum(-1).clamp_min(0) ** 12 * lambert
    torch.testing.assert_close(seen.colour[:, 1][covered], expected[covered], atol=1e-3, rtol=0)


def test_lamps_add_up(hand_model: HandModel, scene: Scene) -> None:
    left = (torch.tensor([-1.0, 0.0, -1.0]), torch.tensor([1.0, 0.2, 0.1]))
    right = (torch.tensor([1.0, -0.5, -1.0]), torch.tensor([0.1, 0.3, 1.0]))
    dark = dataclasses.replace(scene, backdrop=torch.zeros_like(scene.backdrop))
    one, other, both = (
        Renderer(hand_model).render(dataclasses.replace(dark, lights=lit_by(*lamps))).colour
        for lamps in ((left,), (right,), (left, right))
    )
    torch.testing.assert_close(one + other, both, atol=1e-5, rtol=0)
    assert min(one.max(), other.max()) > 0.1


def test_a_hand_in_the_dark_hides_as_much_backdrop_as_it_covers(hand_model: HandModel, scene: Scene) -> None:
    backdrop = torch.rand(scene.backdrop.shape, generator=torch.Generator().manual_seed(0))
    dark = Renderer(hand_model).render(dataclasses.replace(scene, lights=lit_by(DARK), backdrop=backdrop))
    torch.testing.assert_close(dark.colour, (1 - dark.coverage[:, None]) * backdrop, atol=1e-5, rtol=0)
    assert (dark.coverage == 0).any()


def shown_sides(scene: Scene) -> Tensor:
    """How squarely each frame shows the hand's palm: 1 the palm, -1 its back."""
    return scene.camera_from_hand[:, 2, 0]


def test_the_palms_tone_is_on_the_palm(hand_model: HandModel, scene: Scene) -> None:
    even = dataclasses.replace(scene, lights=lit_by(DARK, sky=1.0, ground=1.0), skin=painted_skin(palm_tone=1.0))
    seen = Renderer(hand_model, supersampling=1).render(even)
    on_palm = [float(seen.colour[frame, 0][seen.parts[frame] == part_id("palm")].mean()) for frame in INDICES]
    palms = [mean for mean, side in zip(on_palm, shown_sides(scene), strict=True) if side > 0.7]
    backs = [mean for mean, side in zip(on_palm, shown_sides(scene), strict=True) if side < -0.7]
    assert min(palms) > 0.6
    assert max(backs) < 0.4


def test_nails_are_at_the_fingers_ends_and_on_their_backs(hand_model: HandModel, scene: Scene) -> None:
    """Flat hands: a fist turned to its palm would show its nails, too."""
    flat = hand_model.with_shape(torch.full((1, 6), 0.5)).with_pose(torch.zeros(len(INDICES), 22)).skin()
    even, skin = lit_by(DARK, sky=1.0, ground=1.0), painted_skin(nail_tone=1.0, nail=1.0)
    seen = Renderer(hand_model, supersampling=1).render(dataclasses.replace(scene, mesh=flat, lights=even, skin=skin))
    nails = (seen.colour[:, 0] > 0.5) & (seen.parts > 0)
    outermost = {part_id(part) for part in PARTS if part.endswith(("_distal", "_tip"))}
    assert set(seen.parts[nails].tolist()) <= outermost
    of_fingers = nails & (seen.parts > part_id("thumb_distal"))
    backs, palms = (of_fingers[sign * shown_sides(scene) > 0.5].flatten(1).float().mean(1) for sign in (-1, 1))
    assert backs.min() > 0
    assert backs.mean() > 5 * palms.mean()


def test_supersampling_averages_and_leaves_labels_alone(hand_model: HandModel, scene: Scene) -> None:
    rough, fine = Renderer(hand_model, 1).render(scene), Renderer(hand_model, 4).render(scene)
    assert torch.equal(rough.parts, fine.parts)
    assert set(rough.coverage.unique().tolist()) == {0.0, 1.0}
    assert len(fine.coverage.unique()) == 17
    assert (rough.coverage.mean() - fine.coverage.mean()).abs() < 0.003
    smaller = torch.nn.functional.avg_pool2d(Renderer(hand_model, 1).render(enlarged(scene, 4)).colour, 4)
    assert (fine.colour - smaller).abs().mean() < 2e-3
    assert (rough.colour - smaller).abs().mean() > 2 * (fine.colour - smaller).abs().mean()


def enlarged(scene: Scene, factor: int) -> Scene:
    """The same scene before a camera of so many times the pixels."""
    intrinsics = scene.camera.intrinsics * torch.tensor([factor, factor, 1.0])[:, None]
    camera = Camera(intrinsics, factor * scene.camera.height_px, factor * scene.camera.width_px)
    backdrop = scene.backdrop.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    return dataclasses.replace(scene, camera=camera, backdrop=backdrop)


def test_the_photographic_look_shows_the_same_hands(hand_model: HandModel, rendering: Rendering) -> None:
    config = SceneConfig(look="photographic", size_px=96)
    photographed = Renderer(hand_model).render(sample_scenes(hand_model, config, 5, INDICES)[0])
    assert torch.equal(photographed.parts, rendering.parts)
    assert torch.equal(photographed.keypoints_px, rendering.keypoints_px)
    assert (photographed.colour - rendering.colour).abs().mean() > 0.05


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
