# SPDX-License-Identifier: Apache-2.0
"""Laws of what covers the hand: details and worn things are where they belong, and turn with the skin."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.geometry import Camera
from handcraft.hand import FINGERS, KEYPOINTS, HandModel
from handcraft.hand.skeleton import FOREARM_ID, part_id
from handcraft.render import Renderer, Rendering
from handcraft.scene import Scene, SceneConfig, sample_scenes
from handcraft.scene.lights import lamps_and_glow
from handcraft.scene.placement import CAMERA_FROM_DORSAL
from handcraft.scene.skin import DETAIL_UNIFORMS, SkinConfig, sample_skin
from handcraft.scene.wear import bare_hands

SIZE = 128
BACK, PALM = 0, 1


@pytest.fixture(scope="module")
def bare(hand_model: HandModel) -> Scene:
    """A flat right hand, its back and its palm square to the camera, in even light, without details."""
    config = SceneConfig(look="photographic", size_px=SIZE)
    scene, _ = sample_scenes(hand_model, config, 5, [0, 1])
    back = torch.tensor(CAMERA_FROM_DORSAL)
    rotation = torch.stack([back, back @ torch.diag(torch.tensor([-1.0, 1.0, -1.0]))])
    camera_from_hand = torch.eye(4).repeat(2, 1, 1)
    camera_from_hand[:, :3, :3] = rotation
    camera_from_hand[:, :3, 3] = torch.tensor([0.0, 0.0, 0.6]) - rotation @ torch.tensor([0.0, 0.06, -0.005])
    glow, none = torch.ones(2, 3), torch.zeros(2)
    names = ("vein", "hair", "freckles", "spots", "crease", "mottling", "nail", "lunula", "bump", "gloss", "blood")
    return dataclasses.replace(
        scene,
        mesh=hand_model.with_shape(torch.full((1, 6), 0.5)).with_pose(torch.zeros(2, 22)).skin(),
        camera_from_hand=camera_from_hand,
        camera=Camera.from_focal_length(torch.full((2,), 2.0 * SIZE), SIZE, SIZE),
        skin=dataclasses.replace(
            scene.skin, **dict.fromkeys(names, none), tone=torch.full((2, 3), 0.5), palm_tone=torch.full((2, 3), 0.6)
        ),
        wear=bare_hands(2),
        lights=lamps_and_glow(torch.tensor([[[0.0, 0, -1]]]).expand(2, 1, 3), torch.zeros(2, 1, 3), glow, glow),
    )


@pytest.fixture(scope="module")
def plain(hand_model: HandModel, bare: Scene) -> Rendering:
    return Renderer(hand_model).render(bare)


def with_skin(scene: Scene, **strengths: float) -> Scene:
    values = {name: torch.full((2,), strength) for name, strength in strengths.items()}
    return dataclasses.replace(scene, skin=dataclasses.replace(scene.skin, **values))


def with_wear(scene: Scene, **values: float) -> Scene:
    worn = {name: torch.full((2,), value) for name, value in values.items()}
    return dataclasses.replace(scene, wear=dataclasses.replace(scene.wear, **worn))


def change(model: HandModel, scene: Scene, plain: Rendering) -> Tensor:
    """How much each pixel's colour changes; labels may not."""
    seen = Renderer(model).render(scene)
    assert torch.equal(seen.parts, plain.parts)
    assert torch.equal(seen.depth_m, plain.depth_m)
    return (seen.colour - plain.colour).abs().amax(1)


@pytest.mark.parametrize("detail", ["vein", "hair", "freckles", "spots", "blood"])
def test_what_backs_have_palms_have_not(hand_model: HandModel, bare: Scene, plain: Rendering, detail: str) -> None:
    changed = change(hand_model, with_skin(bare, **{detail: 1.0}), plain)
    on_palm_part = plain.parts == part_id("palm")
    back, palm = (changed[view][on_palm_part[view]].mean() for view in (BACK, PALM))
    assert back > 0.003
    assert palm < 0.1 * back


def test_veins_are_blue_and_freckles_brown(hand_model: HandModel, bare: Scene, plain: Rendering) -> None:
    for detail, order in (("vein", (0, 1, 2)), ("freckles", (2, 1, 0))):  # the colour that darkens most comes first
        seen = Renderer(hand_model).render(with_skin(bare, **{detail: 1.0}))
        loss = (plain.colour - seen.colour)[BACK].mean((-1, -2))
        assert loss[order[0]] > 1.1 * loss[order[1]]
        assert loss[order[1]] > 1.1 * loss[order[2]]


def test_blood_takes_away_blue_and_green_and_most_over_joints(
    hand_model: HandModel, bare: Scene, plain: Rendering
) -> None:
    seen = Renderer(hand_model).render(with_skin(bare, blood=1.0))
    red, green, blue = (plain.colour - seen.colour)[BACK].clamp_min(0)
    assert not red.any()
    assert blue.mean() > 1.3 * green.mean() > 0
    joint, next_joint = (plain.keypoints_px[BACK, KEYPOINTS.index(f"middle_{name}")] for name in ("pip", "dip"))
    assert around(green, joint) > 1.1 * around(green, torch.lerp(joint, next_joint, 0.5))


def test_the_palms_tone_ends_at_the_wrist(hand_model: HandModel, bare: Scene) -> None:
    black, white = torch.zeros(2, 3), torch.ones(2, 3)
    skin = dataclasses.replace(bare.skin, tone=black, palm_tone=white)
    seen = Renderer(hand_model).render(dataclasses.replace(bare, skin=skin))
    colour, parts = seen.colour[PALM, 0], seen.parts[PALM]
    assert colour[parts == part_id("palm")].mean() > 0.75
    assert 0.1 < colour[parts == FOREARM_ID].median() < 0.35


@pytest.mark.parametrize("monk", [0.0, 1.0, 2.0, 3.0, 4.0])
def test_light_skin_has_the_colours_of_photographed_hands(hand_model: HandModel, bare: Scene, monk: float) -> None:
    """Medians of the 11k Hands, very fair to medium, in linear light: backs have 1.5 to 2 times as much red as green,
    0.54 to 0.59 times as much blue, palms 1.69 to 1.8 and 0.78 to 0.83; the scale's lightest tone has 1.1 and 0.9."""
    numbers = torch.full((2, 10), 0.5)
    numbers[:, 0] = monk / 9
    skin = sample_skin(numbers, torch.full((2, DETAIL_UNIFORMS), 0.5), SkinConfig())
    seen = Renderer(hand_model).render(dataclasses.replace(bare, skin=dataclasses.replace(skin, gloss=torch.zeros(2))))
    photographed = {BACK: ((1.45, 2.05), (0.5, 0.8)), PALM: ((1.6, 1.9), (0.7, 0.87))}  # red and blue over green
    for view, limits in photographed.items():
        red, green, blue = seen.colour[view][:, seen.parts[view] == part_id("palm")].mean(1)
        for ratio, (low, high) in zip((red / green, blue / green), limits, strict=True):
            assert low < ratio < high


def test_creases_are_on_palms_and_round_finger_joints(hand_model: HandModel, bare: Scene, plain: Rendering) -> None:
    changed = change(hand_model, with_skin(bare, crease=0.5), plain)
    joints = [KEYPOINTS.index(f"{finger}_{joint}") for finger in FINGERS[1:] for joint in ("pip", "dip")]
    knuckles, next_joints = (
        plain.keypoints_px[:, [KEYPOINTS.index(f"{finger}_{joint}") for finger in FINGERS[1:4]]]
        for joint in ("mcp", "pip")
    )
    between = torch.lerp(knuckles, next_joints, 0.6)  # past the web
    for view in (BACK, PALM):
        at_joints = [around(changed[view], place) for place in plain.keypoints_px[view, joints]]
        away = [around(changed[view], place) for place in between[view]]
        assert min(at_joints) > 2 * max(away)
    assert changed[PALM][plain.parts[PALM] == part_id("palm")].max() > 0.05


def around(image: Tensor, place_px: Tensor) -> float:
    """The greatest value within two pixels."""
    column, row = place_px.floor().int().tolist()
    return float(image[row - 2 : row + 3, column - 2 : column + 3].max())


def test_nails_are_on_the_back_of_the_last_segments_only(hand_model: HandModel, bare: Scene, plain: Rendering) -> None:
    black = dataclasses.replace(bare, skin=dataclasses.replace(bare.skin, nail_tone=torch.zeros(2, 3)))
    changed = change(hand_model, with_skin(black, nail=1.0), plain) > 0.3
    ends = [part_id(f"{finger}_{part}") for finger in FINGERS[1:] for part in ("distal", "tip")]
    assert set(plain.parts[BACK][changed[BACK]].tolist()) - {part_id("thumb_distal")} <= set(ends)
    for finger in FINGERS[1:]:
        assert (changed[BACK] & (plain.parts[BACK] == part_id(f"{finger}_tip"))).sum() >= 3
    assert changed[PALM].sum() <= 0.1 * changed[BACK].sum()


@pytest.mark.parametrize("finger", range(1, 5))
def test_a_ring_is_on_the_proximal_segment_of_its_finger(
    hand_model: HandModel, bare: Scene, plain: Rendering, finger: int
) -> None:
    changed = change(hand_model, with_wear(bare, ring_width_m=0.005, ring_finger=float(finger)), plain) > 0.1
    for view in (BACK, PALM):
        parts, count = plain.parts[view][changed[view]].unique(return_counts=True)
        assert parts[count.argmax()] == part_id(f"{FINGERS[finger]}_proximal")
        assert count.max() / count.sum() > 0.9
        rows, columns = changed[view].nonzero().unbind(1)
        width = int(columns.max() - columns.min()) + 1
        assert width > int(rows.max() - rows.min())  # it goes across


def test_a_watch_shows_its_dial_on_the_back_and_its_strap_all_round(
    hand_model: HandModel, bare: Scene, plain: Rendering
) -> None:
    toned = dataclasses.replace(
        bare.wear, watch_tone=torch.zeros(2, 3), dial_tone=torch.tensor([[1.0, 0.0, 0.0]]).expand(2, 3)
    )
    scene = with_wear(
        dataclasses.replace(bare, wear=toned), watch=1.0, dial=1.0, watch_place_m=-0.035, watch_width_m=0.018
    )
    changed = change(hand_model, scene, plain) > 0.2
    assert set(plain.parts[changed].tolist()) <= {0, FOREARM_ID}  # 0 is a rim seen by some samples of its pixel
    red = Renderer(hand_model).render(scene).colour
    red_pixels = (red[:, 0] > 0.8) & (red[:, 1] < 0.2)
    assert red_pixels[BACK].sum() > 10
    assert not red_pixels[PALM].any()
    assert changed[PALM].sum() > 20


def test_a_sleeve_covers_the_forearm_from_its_edge_on(hand_model: HandModel, bare: Scene, plain: Rendering) -> None:
    changed = change(hand_model, with_wear(bare, sleeve=1.0, sleeve_edge_m=-0.03), plain) > 0.1
    assert set(plain.parts[changed].tolist()) <= {0, FOREARM_ID}  # 0 is a rim seen by some samples of its pixel
    rows = torch.arange(SIZE)[:, None].expand(SIZE, SIZE)
    for view in (BACK, PALM):
        edge = float(plain.keypoints_px[view, 0, 1]) + 0.03 * 2 * SIZE / 0.6
        arm = plain.parts[view] == FOREARM_ID
        assert changed[view][arm & (rows > edge + 3)].float().mean() > 0.97
        assert not changed[view][rows < edge - 3].any()


def test_gloves_hide_nails_and_creases(hand_model: HandModel, bare: Scene) -> None:
    gloved = with_wear(bare, glove=1.0, glove_edge_m=-0.03)
    one = Renderer(hand_model).render(gloved)
    other = Renderer(hand_model).render(with_skin(gloved, nail=1.0, crease=0.5, vein=1.0, freckles=1.0))
    hand = one.mask & (torch.nn.functional.max_pool2d((one.parts == FOREARM_ID).float(), 9, 1, 4) == 0)
    assert torch.equal(one.colour.amax(1)[hand], other.colour.amax(1)[hand])
    assert not torch.equal(one.colour, other.colour)  # the forearm has its own


def test_vertices_of_clothed_hands_project_into_their_silhouette(hand_model: HandModel) -> None:
    config = SceneConfig(look="photographic", size_px=96, frames_per_person=1)
    dressed = dataclasses.replace(config, wear=dataclasses.replace(config.wear, sleeve_share=1.0, glove_share=0.5))
    scene, hands = sample_scenes(hand_model, dressed, 5, range(6))
    assert (scene.mesh.vertices_m != hands.mesh.vertices_m).any()
    seen = Renderer(hand_model).render(scene)
    rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
    pixels = scene.camera.pixels_from_camera(scene.mesh.vertices_m @ rotation.transpose(-1, -2) + offset)
    near = torch.nn.functional.max_pool2d((seen.parts > 0).float(), 3, 1, 1)
    for frame in range(6):
        column, row = pixels[frame].floor().long().unbind(-1)
        inside = (column >= 1) & (column < 95) & (row >= 1) & (row < 95)
        assert near[frame, row[inside], column[inside]].mean() > 0.995


def test_bumps_and_paint_of_a_left_hand_are_those_of_the_right_one_mirrored(hand_model: HandModel) -> None:
    config = SceneConfig(look="photographic", size_px=96, frames_per_person=1)
    scene, _ = sample_scenes(hand_model, config, 5, range(6))
    flip = torch.tensor([-1.0, 1.0, 1.0])
    odd = torch.tensor([1.0, 1, 1, -1, -1, 1, 1, -1, 1])[:, None]  # harmonics with an x in them
    mirrored = dataclasses.replace(
        scene,
        mesh=scene.mesh.mirror_where(torch.ones(6, dtype=torch.bool)),
        camera_from_hand=torch.diag(torch.tensor([-1.0, 1, 1, 1])) @ scene.camera_from_hand
        @ torch.diag(torch.tensor([1.0, 1, -1, 1])),
        lights=dataclasses.replace(
            scene.lights, directions=scene.lights.directions * flip, environment=scene.lights.environment * odd,
            softness_m=torch.zeros(6),
        ),
        backdrop=scene.backdrop.flip(-1),
    )  # fmt: skip
    scene = dataclasses.replace(scene, lights=dataclasses.replace(scene.lights, softness_m=torch.zeros(6)))
    one, other = Renderer(hand_model).render(scene), Renderer(hand_model).render(mirrored)
    assert (one.colour - other.colour.flip(-1)).abs().mean() < 1e-3
