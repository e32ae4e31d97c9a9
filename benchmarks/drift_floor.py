# SPDX-License-Identifier: Apache-2.0
"""What the judges of label drift say of hands that have not moved at all. Prints one JSON object.

    python benchmarks/drift_floor.py RUN

``RUN`` is a folder of ``handcraft demo``. The renders on which it measured drift are rendered once more in the
photographic look, which has the same hands in the same poses and places, and cut by the same squares and masks: what a
perfect refiner would make of them. No keypoint moves by construction, so the displacement that the run's own judge sees
is the judge's unsteadiness between two looks; a refiner's displacement below it says nothing of hands that moved.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from handcraft.data import HandSample, PreparedSet, PreprocessConfig, prepare
from handcraft.data.rendered import RenderedSet
from handcraft.estimate import Estimator, Segmenter
from handcraft.measure import label_drift
from handcraft.scene import Look, SceneConfig


def in_look(prepared: PreparedSet, look: Look, config: dict[str, Any]) -> list[HandSample]:
    """The renders of a set in a look, by the seed and indices in its keys."""
    seed, first = (int(word) for word in prepared.keys[0].split("-")[1:])
    last = int(prepared.keys[-1].split("-")[2])
    return list(RenderedSet(SceneConfig(look=look, size_px=config["render_px"]), seed, last + 1 - first, first=first))


def main() -> None:
    """Measure and print."""
    run = Path(sys.argv[1])
    config = json.loads((run / "run.json").read_text())["config"]["study"]
    prepared = PreparedSet.load(run / "sets" / "drift.safetensors")
    plain, photographic = (in_look(prepared, look, config) for look in ("plain", "photographic"))
    unmoved = [replace(one, image=other.image) for one, other in zip(plain, photographic, strict=True)]
    before, after = (prepare(samples, PreprocessConfig(**config["crops"])) for samples in (plain, unmoved))
    if not torch.equal(before.images, prepared.images):
        raise SystemExit(f"Expected {run} to be of this version of handcraft, but its renders come out otherwise now.")
    assert before.keypoints_px is not None
    measured = label_drift(
        before.float_images(), after.float_images(), before.masks, before.keypoints_px,
        segment=Segmenter.load(run / "segmenter"), locate=Estimator.load(run / "judge"), clusters=before.subjects,
    )  # fmt: skip
    print(json.dumps({"images": len(before), **measured.to_json()}, indent=2))


if __name__ == "__main__":
    main()
