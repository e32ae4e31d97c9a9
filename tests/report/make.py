# SPDX-License-Identifier: Apache-2.0
"""Write a run folder such as the demo leaves behind: results.json, pictures of drawn hands, metrics.jsonl. No training.

``python -m tests.report.make FOLDER`` makes two and their pages, for looking at.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from handcraft.data import (
    TRUTH_COLOURS,
    contact_sheet,
    draw_skeleton,
    overlay_skeleton,
    picture_from_image,
    show_depth,
)
from handcraft.hand.skeleton import BONES

ARMS = {  # name: role, mean error in px, description
    "image centre": ("baseline", 16.31, "every keypoint in the middle of the crop"),
    "mean pose": ("baseline", 13.42, "the mean of the training keypoints"),
    "raw renders": ("arm", 10.27, "plain renders as they are"),
    "normalised colours": ("arm", 9.84, "per-image colour normalisation on both sides"),
    "CycleGAN": ("arm", 8.12, "renders refined towards the target, cycle in pixels"),
    "feature-map CycleGAN": ("arm", 7.63, "cycle in discriminator feature maps"),
    "labelled target": ("ceiling", 4.95, "trained on labels of the target domain"),
}
BUT_FIGURES = Path(__file__).with_name("results_but_figures.json")
DRIFTS = {"CycleGAN": (0.871, 2.31, 4.02), "feature-map CycleGAN": (0.902, 1.44, 3.48)}
FINGER_ROOTS = ((-0.55, 0.35), (-0.33, -0.22), (-0.09, -0.3), (0.14, -0.26), (0.35, -0.12))
FINGER_REACH = ((-0.19, -0.21), (-0.04, -0.26), (0.0, -0.29), (0.04, -0.27), (0.09, -0.21))


def hand_px(size: int, generator: torch.Generator) -> Tensor:
    """An open hand with some spread and turn, in pixels of a square crop."""
    points = [(0.0, 0.85)]
    for (x, y), (step_x, step_y) in zip(FINGER_ROOTS, FINGER_REACH, strict=True):
        bend = 0.55 + 0.45 * float(torch.rand((), generator=generator))
        points += [(x + step * step_x * bend, y + step * step_y * bend) for step in range(4)]
    angle = 0.9 * (float(torch.rand((), generator=generator)) - 0.5)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (torch.tensor(points) @ turn.T) * size * 0.4 + size / 2


def hand_image(points_px: Tensor, size: int, *, skin: tuple[float, ...], backdrop: Tensor) -> tuple[Tensor, Tensor]:
    """A hand of round-shaded capsules over a backdrop, and its depth in metres."""
    rows, columns = torch.meshgrid(torch.arange(size) + 0.5, torch.arange(size) + 0.5, indexing="ij")
    pixels = torch.stack([columns, rows], dim=-1)
    height = torch.zeros(size, size)
    for parent, child in (*BONES, (5, 9), (9, 13), (13, 17)):
        start, along = points_px[parent], points_px[child] - points_px[parent]
        share = (((pixels - start) @ along) / along.dot(along)).clamp(0, 1)
        distance = (pixels - start - share[..., None] * along).norm(dim=-1)
        radius = size * (0.085 if parent == 0 else 0.045)
        height = torch.maximum(height, (1 - (distance / radius) ** 2).clamp(min=0).sqrt())
    shade = (0.45 + 0.55 * height) * torch.tensor(skin)[:, None, None]
    cover = (height / 0.25).clamp(0, 1)
    return (shade * cover + backdrop * (1 - cover)).clamp(0, 1), torch.where(height > 0.1, 0.6 - 0.1 * height, 0.0)


def backdrop(size: int, generator: torch.Generator, *, strength: float) -> Tensor:
    """A smooth coloured mess; strength 0 is plain grey."""
    coarse = torch.rand(1, 3, 5, 5, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear", align_corners=True)[0]
    return 0.82 * (1 - strength) + strength * (0.15 + 0.7 * smooth)


def estimate(value: float, spread: float) -> dict[str, float]:
    """A figure with its interval."""
    return {"value": value, "low": round(value - spread, 4), "high": round(value + 1.1 * spread, 4)}


def scores(error_px: float, images: int, people: int) -> dict[str, Any]:
    """Scores as if errors followed a Rayleigh-like law of that mean."""
    px = [0.5 * step for step in range(61)]
    relative = [0.01 * step for step in range(51)]

    def share(threshold: float) -> float:
        return 1 - math.exp(-((threshold / (1.05 * error_px)) ** 1.6))

    curve_px = [round(share(threshold), 4) for threshold in px]
    curve_relative = [round(share(44 * threshold), 4) for threshold in relative]
    return {
        "epe_mean": estimate(error_px, 0.41),
        "epe_median": estimate(round(0.83 * error_px, 3), 0.35),
        "auc_30px": estimate(round(sum(curve_px) / len(curve_px), 4), 0.012),
        "auc_relative": estimate(round(sum(curve_relative) / len(curve_relative), 4), 0.015),
        "pck_px": {"thresholds": px, "values": curve_px},
        "pck_relative": {"thresholds": relative, "values": curve_relative},
        "images": images,
        "people": people,
        "keypoints": images * 21 - 37,
    }


def results(seeds: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """A whole results.json; with several seeds every arm but the baselines has as many runs."""
    arms = []
    for index, (name, (role, error_px, description)) in enumerate(ARMS.items()):
        own = seeds[:1] if role == "baseline" else seeds
        by_seed = [round(error_px + 0.3 * math.sin(3 * index + seed), 3) for seed in own]
        arms.append(
            {
                "name": name,
                "role": role,
                "description": description,
                "training_images": None if name == "image centre" else 4096,
                "runs": [
                    {"seed": seed, "scores": scores(error, 509, 64)} for seed, error in zip(own, by_seed, strict=True)
                ],
                "epe_mean": estimate(round(sum(by_seed) / len(by_seed), 4), 0.47),
            }
        )
    errors = {arm["name"]: arm["epe_mean"]["value"] for arm in arms}
    raw_px = errors["raw renders"]
    differences = [
        {"arm": name, "against": "raw renders", "epe_mean": estimate(round(errors[name] - raw_px, 4), spread)}
        for name, spread in (("normalised colours", 0.6), ("CycleGAN", 0.55), ("feature-map CycleGAN", 0.52))
    ]
    content = json.loads(BUT_FIGURES.read_text(encoding="utf-8"))
    return content | {"seeds": list(seeds), "arms": arms, "differences": differences, "label_drift": label_drift()}


def label_drift() -> list[dict[str, Any]]:
    """Both refiners move the hand a little."""
    return [
        {
            "refiner": name,
            "mask_iou_before": estimate(0.962, 0.004),
            "mask_iou_after": estimate(iou, 0.011),
            "displacement_px": estimate(moved_px, 0.2),
            "error_before_px": estimate(2.74, 0.17),
            "error_after_px": estimate(after_px, 0.23),
            "images": 256,
        }
        for name, (iou, moved_px, after_px) in DRIFTS.items()
    ]


def write_pictures(folder: Path, *, columns: int, size: int, scale: int) -> None:
    """The four pictures that ``results`` names."""
    generator = torch.Generator().manual_seed(7)
    hands = [hand_px(size, generator) for _ in range(columns)]
    plain = [
        hand_image(points, size, skin=(0.8, 0.72, 0.68), backdrop=backdrop(size, generator, strength=0.0))
        for points in hands
    ]
    looks = {}
    for title, skin, strength in (
        ("CycleGAN", (0.86, 0.6, 0.48), 0.35),
        ("Feature-map CycleGAN", (0.78, 0.52, 0.4), 0.7),
    ):
        looks[title] = [
            hand_image(points, size, skin=skin, backdrop=backdrop(size, generator, strength=strength))[0]
            for points in hands
        ]
    folder.mkdir(parents=True, exist_ok=True)
    shown = [draw_skeleton(image, points, scale=scale) for (image, _), points in zip(plain, hands, strict=True)]
    depths = [show_depth(depth, near_m=0.5, far_m=0.6, scale=scale) for _, depth in plain]
    contact_sheet([shown, depths], row_titles=["Image and keypoints", "Depth"]).save(folder / "renders.png")
    rows = [[picture_from_image(image, scale=scale) for image, _ in plain]]
    rows += [[picture_from_image(image, scale=scale) for image in images] for images in looks.values()]
    contact_sheet(rows, row_titles=["As rendered", *looks]).save(folder / "refined.png")
    estimates = [
        [
            _guess(image, points, noise_px * size / 64, scale, generator)
            for image, points in zip(looks["Feature-map CycleGAN"], hands, strict=True)
        ]
        for noise_px in (6.0, 3.0, 1.0)
    ]
    contact_sheet(estimates, row_titles=["raw renders", "feature-map CycleGAN", "labelled target"]).save(
        folder / "estimates.png"
    )
    contact_sheet(rows[:2], row_titles=["300 steps", "1500 steps"]).save(folder / "training.png")


def _guess(image: Tensor, points: Tensor, noise_px: float, scale: int, generator: torch.Generator) -> Image.Image:
    truth = overlay_skeleton(
        picture_from_image(image, scale=scale), points * scale, colours=TRUTH_COLOURS, thickness=0.7
    )
    return overlay_skeleton(truth, (points + noise_px * torch.randn(21, 2, generator=generator) / 1.5) * scale)


def write_metrics(folder: Path, steps: int) -> None:
    """Two trainings' logs; the first ends in half a line, as after a kill."""
    generator = torch.Generator().manual_seed(3)
    for name, losses in (
        (
            "refine-features",
            {"generator": 1.2, "discriminator_rendered": 0.5, "discriminator_photographed": 0.6, "cycle": 4.0},
        ),
        ("estimate-raw", {"heatmap": 0.02}),
    ):
        lines = []
        for step in range(10, steps + 1, 10):
            noise = torch.rand(len(losses), generator=generator).tolist()
            values = {
                key: start * (0.25 + math.exp(-step / 400)) * (0.8 + 0.4 * luck)
                for (key, start), luck in zip(losses.items(), noise, strict=True)
            }
            lines.append(json.dumps({"step": step, **values}))
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "metrics.jsonl").write_text("\n".join(lines) + '\n{"step": 9999, "gen', encoding="utf-8")


def make_run(
    folder: Path, content: dict[str, Any] | None = None, *, columns: int = 2, size: int = 24, scale: int = 2
) -> Path:
    """A run folder with everything a page reads; small by default, for the tests."""
    write_pictures(folder / "pictures", columns=columns, size=size, scale=scale)
    write_metrics(folder, steps=1500)
    (folder / "results.json").write_text(json.dumps(results() if content is None else content), encoding="utf-8")
    return folder


if __name__ == "__main__":
    from handcraft.report import write_report

    base = Path(sys.argv[1])
    one = make_run(base / "one", columns=6, size=64, scale=3)
    three = make_run(base / "three", results(seeds=(0, 1, 2)), columns=6, size=64, scale=3)
    print(write_report(one), write_report(three), write_report([one, three], base / "both.html"))
