# SPDX-License-Identifier: Apache-2.0
"""The shipped networks on labelled photographs that no training has seen. Prints one JSON object.

    python benchmarks/photographs.py --set DIR [--hand hand.onnx] [--finder finder.onnx] [--timed 100]

``DIR`` is any labelled set that handcraft opens. Errors are distances of keypoints over the longer side of the box
around the hand's true keypoints, averaged over the labelled keypoints of a photograph, then over photographs.
``mean_error_of_hand`` is given that box; ``whole_photograph`` has the finder look for the hand: a hand is ``missed``
where no answer overlaps it, and the error there is of those that were found. Intervals are over people. Groups come
from the fields of a ``joints.json`` in the set. Times are of one thread, from the file to the answer. Where mediapipe
is installed, its hand landmarks stand beside ours in the same run.
"""

import argparse
import importlib.util
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from handcraft.data import HandSample, open_dataset
from handcraft.measure import bootstrap, mean_of
from handcraft.predict import Hand, Predictor, Tracker
from handcraft.predict.hand import box_around, overlap

GROUPED_BY = ("skin_color", "side", "aspect")
WITHIN = 0.1
CLEAR = 0.1
"""Intersection over union from which an answer is about the hand at all."""

Finder = Callable[[np.ndarray], list[np.ndarray]]
"""A picture to the keypoints of each hand found in it."""


def errors_of(sample: HandSample, keypoints_px: np.ndarray) -> np.ndarray:
    """Distances in shares of the hand's longer side; NaN where not labelled."""
    truth, confidence = sample.keypoints_px.numpy(), sample.confidence.numpy()
    longer = (truth.max(0) - truth.min(0)).max()
    distance = np.linalg.norm(keypoints_px - truth, axis=-1) / longer
    return np.where(confidence > 0, distance, np.nan)


def true_box(sample: HandSample) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the true keypoints."""
    return box_around(sample.keypoints_px.numpy())


def bytes_of(sample: HandSample) -> np.ndarray:
    """The picture as people hand it over."""
    return (sample.image * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def read_in_box(predictor: Predictor, sample: HandSample) -> Hand:
    """What the hand network makes of the true box."""
    return predictor.hands(Image.fromarray(bytes_of(sample)), boxes=[true_box(sample)])[0]


def found_by(find: Finder, samples: Sequence[HandSample]) -> np.ndarray:
    """Errors of whole photographs: of each, the answer that overlaps the hand most; NaN throughout where missed."""
    rows = []
    for sample in samples:
        answers = find(bytes_of(sample))
        shares = [overlap(box_around(answer), true_box(sample)) for answer in answers]
        best = max(range(len(answers)), key=shares.__getitem__, default=None)
        is_found = best is not None and shares[best] >= CLEAR
        rows.append(errors_of(sample, answers[best]) if is_found else np.full(21, np.nan))
    return np.stack(rows)


def summary(errors: np.ndarray, people: Sequence[str]) -> dict[str, Any]:
    """Mean with its interval, median, and the share of keypoints within a tenth of the hand; of found hands."""
    found = ~np.isnan(errors).all(1)
    rows, known = np.nonzero(found)[0], errors[found]
    if not len(rows):
        return {"mean_error_of_hand": None, "photographs": 0}
    per_photograph = torch.from_numpy(np.nanmean(known, axis=1))[:, None]
    estimate = bootstrap([mean_of(per_photograph)], [people[row] for row in rows], seed=0)
    return {
        "mean_error_of_hand": estimate.value,
        "interval": [estimate.low, estimate.high],
        "median_error_of_hand": float(np.nanmedian(known)),
        "keypoints_within_a_tenth": float((known[~np.isnan(known)] < WITHIN).mean()),
        "photographs": len(rows),
    }


def groups_of(folder: Path) -> dict[str, dict[str, str]]:
    """What ``joints.json`` says of each photograph, by the sample's key; empty without one."""
    file = folder / "joints.json"
    entries = json.loads(file.read_text()) if file.is_file() else []
    return {Path(entry["filename"]).stem: {name: str(entry.get(name, "")) for name in GROUPED_BY} for entry in entries}


def by_group(errors: np.ndarray, samples: Sequence[HandSample], told: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The summary of every group of photographs."""
    tables: dict[str, Any] = {}
    for name in GROUPED_BY:
        values = [told.get(sample.key, {}).get(name, "") for sample in samples]
        tables[name] = {
            value: summary(errors[rows], [samples[row].subject for row in rows])
            for value in sorted(set(values) - {""})
            for rows in [[row for row, each in enumerate(values) if each == value]]
        }
    return tables


def median_ms(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call, after one that is not counted."""
    call()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def times(predictor: Predictor, samples: Sequence[HandSample], folder: Path, repeats: int) -> dict[str, float]:
    """One photograph from its file (or from memory, where the set is no folder of files), and one video frame."""
    files = sorted((folder / "Hands").glob("*.jpg"))[:repeats]
    frame = bytes_of(samples[0])
    tracker = Tracker(predictor)
    answers = {"video_frame_ms": median_ms(lambda: tracker.hands(frame, time_s=time.perf_counter()), repeats)}
    if files:
        turns = iter(files * (1 + (repeats + 1) // len(files)))
        answers["photograph_ms"] = median_ms(lambda: predictor.hands(next(turns)), repeats)
    return answers


def mediapipe_beside(samples: Sequence[HandSample], people: Sequence[str], repeats: int) -> dict[str, Any]:
    """MediaPipe's hand landmarks on the same photographs; it takes the thread it takes."""
    import mediapipe

    with mediapipe.solutions.hands.Hands(static_image_mode=True, max_num_hands=2) as hands:

        def find(picture: np.ndarray) -> list[np.ndarray]:
            height, width = picture.shape[:2]
            marks = hands.process(picture).multi_hand_landmarks or []
            return [np.array([[mark.x * width, mark.y * height] for mark in each.landmark]) for each in marks]

        errors = found_by(find, samples)
        picture = bytes_of(samples[0])
        photograph_ms = median_ms(lambda: find(picture), repeats)
    with mediapipe.solutions.hands.Hands(static_image_mode=False, max_num_hands=1) as hands:
        video_ms = median_ms(lambda: hands.process(picture), repeats)
    missed = int(np.isnan(errors).all(1).sum())
    return {**summary(errors, people), "missed": missed, "photograph_ms": photograph_ms, "video_frame_ms": video_ms}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--hand", type=Path)
    parser.add_argument("--finder", type=Path)
    parser.add_argument("--timed", type=int, default=100)
    arguments = parser.parse_args()
    named = {f"{name}_file": file for name in ("hand", "finder") if (file := getattr(arguments, name))}
    predictor = Predictor(**named)
    samples = [each for each in open_dataset(arguments.set) if each.keypoints_px is not None]
    people = [sample.subject for sample in samples]

    hands = [read_in_box(predictor, sample) for sample in samples]
    given = np.stack([errors_of(sample, hand.keypoints_px) for sample, hand in zip(samples, hands, strict=True)])
    whole = found_by(lambda picture: [hand.keypoints_px for hand in predictor.hands(picture)], samples)
    missed = int(np.isnan(whole).all(1).sum())
    told = groups_of(arguments.set)
    sides = [hand.side == sample.side for sample, hand in zip(samples, hands, strict=True)]
    result = {
        **summary(given, people),
        "missed": missed,
        "missed_share": missed / len(samples),
        "people": len(set(people)),
        "side_right": sum(sides) / len(sides),
        "by_group": by_group(given, samples, told),
        "whole_photograph": {**summary(whole, people), "missed": missed, "by_group": by_group(whole, samples, told)},
        "times": times(predictor, samples, arguments.set, arguments.timed),
        "networks": {"hand": predictor.hand_network.about.get("training", {})},
        "machine": {"processor": platform.processor() or platform.machine(), "threads": predictor.threads},
    }
    if importlib.util.find_spec("mediapipe"):
        result["mediapipe"] = mediapipe_beside(samples, people, arguments.timed)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
