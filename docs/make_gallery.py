# SPDX-License-Identifier: Apache-2.0
"""Draws the pictures of docs/gallery.md into docs/images/gallery: rendered hands only, from fixed seeds.

python docs/make_gallery.py [NAME ...]
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
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
from handcraft.data.rendered import render_samples
from handcraft.data.sequence_preview import sequence_animation, sequence_sheet, sequences_of, write_animation
from handcraft.hand.skeleton import KEYPOINTS
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
from handcraft.scene.draws import Stream, uniform_rows
from handcraft.scene.placement import PLACEMENT_UNIFORMS

OUT = Path(__file__).parent / "images" / "gallery"
SEED = 3
BARE = WearConfig(0.0, 0.0, 0.0, 0.0)
NEAR = PlacementConfig(roll_deg=20.0, turn_deg=8.0, tilt_deg=8.0, fill=(0.95, 0.95))
"""The hand upright and as large as the picture, so that details show."""
STILL = SceneConfig(look="photographic", size_px=224, frames_per_person=1)


def main() -> None:
    """Draw all pictures, or those that are named."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name]()


def draw_looks() -> None:
    """Both looks, and halves of them, over the skin tones of the Monk scale."""
    tones = uniform_rows(SEED, range(400), Stream.SKIN, 10)[:, 0]
    columns = [int((tones - tone).abs().argmin()) for tone in torch.linspace(0.02, 0.98, 6)]
    scenes = replace(STILL, wear=BARE)
    looks = {
        "--look plain": replace(scenes, look="plain"),
        "--look plain --backdrop textured --spectrum camera": replace(
            scenes, look="plain", backdrop="textured", spectrum="camera"
        ),
        "--look photographic --backdrop even --spectrum clean": replace(scenes, backdrop="even", spectrum="clean"),
        "--look photographic": scenes,
    }
    save("looks", sheet({title: pictures_of(config, columns) for title, config in looks.items()}))


def draw_skin() -> None:
    """Every detail of the skin, there and taken away, on the back of a hand or in a palm."""
    scenes = replace(STILL, wear=BARE, placement=NEAR, backdrop="even", spectrum="clean")
    shown = {"creases": 15, "veins": 3, "nails": 3, "hair": 3, "freckles": 3, "spots": 3, "mottling": 3}
    save("skin", compare(scenes, "skin", {name: (SkinConfig(), index) for name, index in shown.items()}))


def draw_lights() -> None:
    """Light from a room, shadows and occlusion, there and taken away."""
    scenes = replace(STILL, wear=BARE, placement=NEAR, backdrop="even", spectrum="clean")
    shown = {"environment": 3, "shadows": 3, "occlusion": 3}
    save("lights", compare(scenes, "lights", {name: (LightConfig(), index) for name, index in shown.items()}))


def draw_camera() -> None:
    """Every effect of the camera, alone and taken away."""
    scenes = replace(STILL, wear=BARE, placement=NEAR)
    clean = SensorConfig.without_effects()
    shown = {field.name: (replace(clean, **{field.name: True}), 3) for field in fields(SensorConfig)}
    save("camera", compare(scenes, "sensor", shown))


def draw_worn() -> None:
    """What hands wear."""
    shown = {"ring_share": [0, 1], "watch_share": [0, 1], "sleeve_share": [0, 1], "glove_share": [0, 1]}
    placement = replace(NEAR, fill=(0.75, 0.75))
    pairs = [
        pictures_of(replace(STILL, placement=placement, wear=replace(BARE, **{name: 1.0})), indices)
        for name, indices in shown.items()
    ]
    titles = [f"--wear.{name.replace('_', '-')} 1" for name in shown]
    rows = list(map(list, zip(*pairs, strict=True)))
    save("worn", contact_sheet(rows, column_titles=titles))


def draw_occluders() -> None:
    """Solid objects and strangers' hands before the hand, and what becomes of its parts."""
    rows = {}
    for name, occlusion in (("share", OccluderConfig(share=1.0)), ("hand-share", OccluderConfig(hand_share=1.0))):
        samples = render_samples(replace(STILL, occlusion=occlusion), SEED, range(6))
        rows[f"--occlusion.{name} 1"] = [picture_from_image(sample.image) for sample in samples]
        rows[f"the parts then, with --occlusion.{name} 1"] = [
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
    rows = {title: pictures_of(replace(STILL, placement=each), range(6)) for title, each in placements.items()}
    rows["--no-forearm"] = pictures_of(replace(STILL, forearm=False), range(6))
    save("cameras", sheet(rows))


def draw_labels() -> None:
    """Every label of one frame that is a picture."""
    scenes = replace(STILL, depth_sensor=DepthSensorConfig(present=True), occlusion=OccluderConfig(share=1.0))
    sample = render_samples(moving(scenes, frames=10), SEED, [0])[0]
    seen = the(sample.visible).float()
    labels = {
        "image": picture_from_image(sample.image),
        "mask": show_mask(the(sample.mask), scale=1),
        "parts": show_parts(the(sample.parts), scale=1),
        "depth_m": show_depth(the(sample.depth_m), scale=1),
        "sensed_depth_m": show_depth(the(sample.sensed_depth_m), scale=1),
        "normals": show_normals(the(sample.normals), scale=1),
        "keypoints_px": draw_skeleton(sample.image, the(sample.keypoints_px), scale=1),
        "of these, visible": draw_skeleton(sample.image, the(sample.keypoints_px), confidence=seen, scale=1),
        "flow_px": show_flow(the(sample.flow_px)),
    }
    names, pictures = list(labels), list(labels.values())
    parts = [contact_sheet([pictures[first : first + 5]], column_titles=names[first : first + 5]) for first in (0, 5)]
    save("labels", beneath(parts))


def draw_sequence() -> None:
    """Frames of two motions, and four that play."""
    samples = render_samples(moving(replace(STILL, size_px=160), frames=8), SEED, range(16))
    save("sequence", sequence_sheet(sequences_of(samples)))
    samples = render_samples(moving(replace(STILL, size_px=128), frames=20), SEED, range(80))
    write_animation(sequence_animation(sequences_of(samples)), OUT / "sequence-playing.webp")


def draw_depth_sensor() -> None:
    """Depth as labelled, as measured, and by how much they differ."""
    samples = render_samples(replace(STILL, depth_sensor=DepthSensorConfig(present=True)), SEED, range(6))
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


def compare(scenes: SceneConfig, group: str, shown: dict) -> Image.Image:
    """A column for each switch of ``group``: with it, and the same hand without it."""
    columns = []
    for name, (switches, index) in shown.items():
        pair = (switches, replace(switches, **{name: False}))
        columns.append([picture for each in pair for picture in pictures_of(replace(scenes, **{group: each}), [index])])
    titles = [f"{group}.{name.replace('_', '-')}" for name in shown]
    return contact_sheet(list(map(list, zip(*columns, strict=True))), column_titles=titles)


def moving(scenes: SceneConfig, *, frames: int) -> SequenceConfig:
    """Sequences with a small library: ``smooth`` needs its ends only."""
    return SequenceConfig(scenes, frames, MotionConfig(sampled_poses=500))


def pictures_of(config: SceneConfig, indices: Sequence[int]) -> list[Image.Image]:
    """The samples' images."""
    return [picture_from_image(sample.image) for sample in render_samples(config, SEED, indices)]


def show_flow(flow_px: torch.Tensor) -> Image.Image:
    """Direction as hue and length as colour, white where nothing moves."""
    length = flow_px.norm(dim=0)
    hue = (torch.atan2(flow_px[1], flow_px[0]) / (2 * torch.pi)) % 1
    parts = torch.stack([hue, length / length.max(), torch.ones_like(hue)])
    return Image.fromarray((parts * 255).byte().permute(1, 2, 0).numpy(), mode="HSV").convert("RGB")


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
