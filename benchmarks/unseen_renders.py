# SPDX-License-Identifier: Apache-2.0
"""3D errors of hand networks on renders that no training has seen, with their PCK curves. Prints one JSON object.

    python benchmarks/unseen_renders.py [--hand hand.onnx ...] [--hands 1000] [--seed 20261120]

Several files make a learning curve: the steps of each stand beside its figures. Hands are drawn as the stream draws
them that the shipped network is trained on, from another seed; each is read as ``handcraft predict`` reads it, given
the box around its true keypoints. MPJPE is root-relative at true scale; PA-MPJPE after Procrustes alignment without
reflection. Intervals are over hands.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from photographs import read_in_box

from handcraft.data import HandSample
from handcraft.data.rendered import RenderedSet
from handcraft.estimate.hand import StreamConfig
from handcraft.measure import bootstrap, mean_of, score_poses
from handcraft.measure.pose_scores import MPJPE_ROOT, PA_MPJPE, PA_MPJPE_REFLECTED
from handcraft.predict import Hand, Predictor
from handcraft.predict.model_files import SHIPPED

VIEWS = ("square", "from anywhere", "by its owner")
CURVE_MM = np.arange(0, 51, 5)


def renders_by_view(hands: int, seed: int) -> dict[str, list[HandSample]]:
    """Hands of each of the stream's views, as many as their share."""
    scenes = StreamConfig(block=hands).scenes()
    return {
        view: list(RenderedSet(scene, seed + place, count))
        for place, (view, (scene, count)) in enumerate(zip(VIEWS, scenes, strict=True))
    }


def scores(hands: list[Hand], samples: list[HandSample]) -> dict[str, Any]:
    """Errors in 3D and 2D, and how often the side is right."""
    predicted_m = torch.from_numpy(np.stack([hand.keypoints_3d_m for hand in hands])).double()
    true_m = torch.stack([sample.joints_m for sample in samples]).double()
    each = [f"hand {number}" for number in range(len(samples))]
    found = score_poses(predicted_m, true_m, each, seed=0).by_metric
    keypoints = torch.stack([sample.keypoints_px for sample in samples]).double()
    longer_px = (keypoints.amax(1) - keypoints.amin(1)).amax(-1)
    seen_px = torch.from_numpy(np.stack([hand.keypoints_px for hand in hands])).double()
    shares = (seen_px - keypoints).norm(dim=-1) / longer_px[:, None]
    return {
        "hands": len(samples),
        "mpjpe_mm": found[MPJPE_ROOT].mean.to_json(),
        "pa_mpjpe_mm": found[PA_MPJPE].mean.to_json(),
        "pa_mpjpe_reflected_mm": found[PA_MPJPE_REFLECTED].mean.to_json(),
        "pck": {
            name: dict(zip(CURVE_MM.tolist(), _pck(found[metric].errors_mm.numpy()), strict=True))
            for name, metric in (("mpjpe", MPJPE_ROOT), ("pa_mpjpe", PA_MPJPE))
        },
        "error_of_hand": bootstrap([mean_of(shares)], each, seed=0).to_json(),
        "side_right": float(np.mean([hand.side == each.side for hand, each in zip(hands, samples, strict=True)])),
    }


def _pck(errors_mm: np.ndarray) -> list[float]:
    """Share of joints within each of ``CURVE_MM``."""
    return [round(float((errors_mm <= threshold).mean()), 4) for threshold in CURVE_MM]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hand", type=Path, nargs="+", default=[SHIPPED / "hand.onnx"])
    parser.add_argument("--hands", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261120)
    arguments = parser.parse_args()
    by_view = renders_by_view(arguments.hands, arguments.seed)
    everything = [sample for samples in by_view.values() for sample in samples]
    networks = []
    for file in arguments.hand:
        predictor = Predictor(hand_file=file)
        hands = {view: [read_in_box(predictor, sample) for sample in samples] for view, samples in by_view.items()}
        networks.append({
            "file": file.name,
            "training": predictor.hand_network.about.get("training", {}),
            "all": scores([hand for view in VIEWS for hand in hands[view]], everything),
            "by_view": {view: scores(hands[view], by_view[view]) for view in VIEWS},
        })  # fmt: skip
    print(json.dumps({"seed": arguments.seed, "networks": networks}, indent=2))


if __name__ == "__main__":
    main()
