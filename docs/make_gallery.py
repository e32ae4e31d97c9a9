# SPDX-License-Identifier: Apache-2.0
"""Draws the pictures of docs/gallery.md into docs/images/gallery: rendered hands only, from fixed seeds.

python docs/make_gallery.py [NAME ...]
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from handcraft.data import (
    HandSample,
    draw_skeleton,
    picture_from_image,
    show_depth,
    show_mask,
    show_normals,
    show_parts,
)
from handcraft.data.drawing import contact_sheet
from handcraft.data.label_pictures import EMPTY_COLOUR
from handcraft.data.rendered import render_samples
from handcraft.data.sequence_preview import sequence_animation, sequence_sheet, sequences_of, write_animation
from handcraft.scene import (
    DepthSensorConfig,
    LightConfig,
    MotionConfig,
    OccluderConfig,
    PlacementConfig,
    SceneConfig,
    SensorConfig,
    SequenceConfig,
    SkinConfig,
    WearConfig,
)

OUT = Path(__file__).parent / "images" / "gallery"
SEED = 3
BARE = WearConfig(0.0, 0.0, 0.0, 0.0)
NEAR = PlacementConfig(roll_deg=20.0, turn_deg=8.0, tilt_deg=8.0, fill=(0.95, 0.95))
"""The hand upright and as large as the picture, so that details show."""
LIT = (6, 9, 17, 19, 28, 31)
"""Samples whose hands are seen well: most of a set are, some are dim or far."""
STILL = SceneConfig(look="photographic", size_px=224, frames_per_person=1)


Switches = SkinConfig | LightConfig | SensorConfig


def main() -> None:
    """Draw all pictures, or those that are named."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name]()


def draw_looks() -> None:
    """Both looks, and halves of them, over the skin tones of the Monk scale."""
    scenes, toned = replace(STILL, wear=BARE), (296, 63, 259, 297, 164, 72)
    looks = {
        "--look plain": replace(scenes, look="plain"),
        "--look plain --backdrop textured --spectrum camera": replace(
            scenes, look="plain", backdrop="textured", spectrum="camera"
        ),
        "--look photographic --backdrop even --spectrum clean": replace(scenes, backdrop="even", spectrum="clean"),
        "--look photographic": scenes,
    }
    save("looks", sheet({title: pictures_of(config, toned) for title, config in looks.items()}))


def draw_skin() -> None:
    """Every detail of the skin, there and taken away."""
    scenes = replace(STILL, wear=BARE, placement=NEAR, backdrop="even", spectrum="clean")
    shown = {
        "creases": 69, "veins": 33, "nails": 96, "hair": 123, "freckles": 217, "spots": 283, "mottling": 239,
        "blood": 117,
    }  # fmt: skip
    save("skin", compare(scenes, "skin", {name: (SkinConfig(), index) for name, index in shown.items()}))


def draw_lights() -> None:
    """Light from a room, shadows and occlusion, there and taken away."""
    scenes = replace(STILL, wear=BARE, placement=NEAR, backdrop="even", spectrum="clean")
    shown = {"environment": 39, "shadows": 3, "occlusion": 17}
    save("lights", compare(scenes, "lights", {name: (LightConfig(), index) for name, index in shown.items()}))


def draw_camera() -> None:
    """Every effect of the camera, alone, and without any."""
    scenes = replace(STILL, wear=BARE, placement=NEAR)
    clean = SensorConfig.without_effects()
    shown = {
        "lens_blur": 37, "motion_blur": 38, "vignetting": 283, "exposure": 204, "white_balance": 230, "noise": 39,
        "compression": 31,
    }  # fmt: skip
    switches = {name: (replace(clean, **{name: True}), index) for name, index in shown.items()}
    save("camera", compare(scenes, "sensor", switches))


def draw_worn() -> None:
    """What hands wear."""
    shown = {"ring_share": (16, 22), "watch_share": (17, 11), "sleeve_share": (12, 20), "glove_share": (8, 16)}
    scenes = replace(STILL, placement=replace(NEAR, fill=(0.55, 0.55)))
    columns = [
        pictures_of(replace(scenes, wear=replace(BARE, **{name: 1.0})), indices) for name, indices in shown.items()
    ]
    save(
        "worn", in_columns({f"wear.{name.replace('_', '-')}": each for name, each in zip(shown, columns, strict=True)})
    )


def draw_occluders() -> None:
    """Solid objects and strangers' hands before the hand, and what becomes of its parts."""
    rows = {}
    for name, occlusion in (("share", OccluderConfig(share=1.0)), ("hand-share", OccluderConfig(hand_share=1.0))):
        samples = render_samples(replace(STILL, occlusion=occlusion), SEED, LIT)
        rows[f"--occlusion.{name} 1"] = [picture_from_image(sample.image) for sample in samples]
        rows[f"the parts with --occlusion.{name} 1; grey is what hides"] = [
            show_parts(the(sample.parts), scale=1) for sample in samples
        ]
    save("occluders", sheet(rows))


def draw_cameras() -> None:
    """The same hands before each kind of camera."""
    placements = {
        "the usual: --placement.view third_person --placement.camera pinhole": PlacementConfig(),
        "--placement.camera weak_perspective": PlacementConfig(camera="weak_perspective"),
        "--placement.view egocentric": PlacementConfig(view="egocentric"),
    }
    rows = {title: pictures_of(replace(STILL, placement=each), LIT) for title, each in placements.items()}
    rows["--no-forearm"] = pictures_of(replace(STILL, forearm=False), LIT)
    save("cameras", sheet(rows))


def draw_labels() -> None:
    """Every label of one frame that is a picture."""
    scenes = replace(STILL, depth_sensor=DepthSensorConfig(present=True), occlusion=OccluderConfig(share=1.0))
    sample = frames_of(moving(scenes, frames=10), [17])[0]
    seen = the(sample.visible).float()
    labels = {
        "image": picture_from_image(sample.image),
        "mask": show_mask(the(sample.mask), scale=1),
        "parts": show_parts(the(sample.parts), scale=1),
        "depth_m": show_depth(the(sample.depth_m), scale=1),
        "sensed_depth_m": show_depth(the(sample.sensed_depth_m), scale=1),
        "normals": show_normals(the(sample.normals), scale=1),
        "keypoints_px": draw_skeleton(sample.image, the(sample.keypoints_px), scale=1),
        "visible of these": draw_skeleton(sample.image, the(sample.keypoints_px), confidence=seen, scale=1),
        "flow_px": show_flow(the(sample.flow_px)),
    }
    names, pictures = list(labels), list(labels.values())
    save("labels", beneath([
        contact_sheet([pictures[first : first + 5]], column_titles=names[first : first + 5], text_px=22)
        for first in (0, 5)
    ]))  # fmt: skip


def draw_sequence() -> None:
    """Frames of two motions, and four that play."""
    samples = frames_of(moving(replace(STILL, size_px=160), frames=8), [17, 16])
    save("sequence", sequence_sheet(sequences_of(samples)))
    samples = frames_of(moving(replace(STILL, size_px=128), frames=14), [6, 28, 16, 17])
    write_animation(sequence_animation(sequences_of(samples)), OUT / "sequence-playing.webp")


def draw_depth_sensor() -> None:
    """Depth as labelled, as measured, and by how much they differ."""
    samples = render_samples(replace(STILL, depth_sensor=DepthSensorConfig(present=True)), SEED, LIT)
    rows: dict[str, list[Image.Image]] = {
        "depth_m": [show_depth(the(sample.depth_m), scale=1) for sample in samples],
        "sensed_depth_m, with --depth-sensor.present": [
            show_depth(the(sample.sensed_depth_m), scale=1) for sample in samples
        ],
        "their difference, from 0 (white) to 2 mm (blue); red: missing": [show_error(sample) for sample in samples],
    }
    save("depth-sensor", sheet(rows))


PICTURES: dict[str, Callable[[], None]] = {
    "looks": draw_looks,
    "skin": draw_skin,
    "lights": draw_lights,
    "camera": draw_camera,
    "worn": draw_worn,
    "occluders": draw_occluders,
    "cameras": draw_cameras,
    "labels": draw_labels,
    "sequence": draw_sequence,
    "depth-sensor": draw_depth_sensor,
}


def compare(scenes: SceneConfig, group: str, shown: dict[str, tuple[Switches, int]]) -> Image.Image:
    """A column for each switch of ``group``: with it, and the same hand without it."""
    columns = []
    for name, (switches, index) in shown.items():
        pair = (switches, replace(switches, **{name: False}))
        columns.append([picture for each in pair for picture in pictures_of(replace(scenes, **{group: each}), [index])])
    return in_columns({f"{group}.{name.replace('_', '-')}": each for name, each in zip(shown, columns, strict=True)})


def in_columns(columns: dict[str, list[Image.Image]]) -> Image.Image:
    """Columns of pictures under their titles."""
    return contact_sheet(list(map(list, zip(*columns.values(), strict=True))), column_titles=list(columns), text_px=20)


def moving(scenes: SceneConfig, *, frames: int) -> SequenceConfig:
    """Sequences with a small library: ``smooth`` needs its ends only."""
    return SequenceConfig(scenes, frames, MotionConfig(sampled_poses=500))


def frames_of(config: SequenceConfig, sequences: Sequence[int]) -> list[HandSample]:
    """All frames of some sequences."""
    indices = [frame for each in sequences for frame in range(each * config.frames, (each + 1) * config.frames)]
    return render_samples(config, SEED, indices)


def pictures_of(config: SceneConfig, indices: Sequence[int]) -> list[Image.Image]:
    """The samples' images."""
    return [picture_from_image(sample.image) for sample in render_samples(config, SEED, indices)]


def show_flow(flow_px: torch.Tensor) -> Image.Image:
    """Direction as hue and length as saturation; off the hand the colour of emptiness."""
    length = flow_px.norm(dim=0)
    hue = (torch.atan2(flow_px[1], flow_px[0]) / (2 * torch.pi)) % 1
    parts = torch.stack([hue, length / length.max(), torch.ones_like(hue)])
    moving = Image.merge("HSV", [Image.fromarray((part * 255).byte().numpy()) for part in parts]).convert("RGB")
    return Image.composite(moving, Image.new("RGB", moving.size, EMPTY_COLOUR), show_where(length > 0))


def show_where(chosen: torch.Tensor) -> Image.Image:
    """White where something is true."""
    return Image.fromarray(chosen.byte().mul(255).numpy())


def show_error(sample: HandSample) -> Image.Image:
    """How far measured depth is off; red where there is none."""
    depth_m, sensed_m = the(sample.depth_m), the(sample.sensed_depth_m)
    off = ((sensed_m - depth_m).abs() / 0.002).clamp(0, 1)
    picture = torch.stack([1 - off, 1 - off, torch.ones_like(off)])
    missing = (depth_m > 0) & (sensed_m == 0)
    return picture_from_image(torch.where(missing, torch.tensor([0.85, 0.2, 0.15])[:, None, None], picture))


def the(label: torch.Tensor | None) -> torch.Tensor:
    """A label that renders have."""
    assert label is not None
    return label


def sheet(rows: dict[str, list[Image.Image]]) -> Image.Image:
    """Rows of pictures under their titles."""
    return contact_sheet(list(rows.values()), row_titles=list(rows))


def beneath(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets below each other, on white."""
    whole = Image.new("RGB", (max(each.width for each in sheets), sum(each.height for each in sheets)), "white")
    top = 0
    for each in sheets:
        whole.paste(each, (0, top))
        top += each.height
    return whole


def save(name: str, picture: Image.Image) -> None:
    """WebP: photographs' noise would make PNGs ten times as large."""
    picture.save(OUT / f"{name}.webp", quality=84, method=6)


if __name__ == "__main__":
    main()
