# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/teaser.png from a run of the demo with simulated photographs (no real photograph enters it).

python docs/make_teaser.py RUN
"""

import sys
from pathlib import Path

from handcraft.data import PreparedSet, draw_skeleton, picture_from_image
from handcraft.data.drawing import contact_sheet
from handcraft.estimate import Estimator, predict
from handcraft.refine import Refiner, refine_prepared
from handcraft.studies.refinement.pictures import evenly

COLUMNS = 9
REFINER = "feature-map-cyclegan"


def main() -> None:
    """Renders, the same hands refined, and what the estimator trained on those makes of simulated photographs."""
    run = Path(sys.argv[1])
    renders, test = (PreparedSet.load(run / "sets" / f"{name}.safetensors") for name in ("drift", "test"))
    renders, test = (each.select(evenly(len(each), COLUMNS)) for each in (renders, test))
    seed = run / "seed-0"
    refined = refine_prepared(Refiner.load(seed / f"refine-{REFINER}"), renders)
    found_px = predict(Estimator.load(seed / f"estimate-{REFINER}"), test)
    sheet = contact_sheet(
        [
            [picture_from_image(image, scale=2) for image in renders.float_images()],
            [picture_from_image(image, scale=2) for image in refined.float_images()],
            [
                draw_skeleton(image, points, scale=2)
                for image, points in zip(test.float_images(), found_px, strict=True)
            ],
        ],
        row_titles=[
            "rendered hands",
            "the same hands, refined",
            "keypoints found in simulated photographs of other hands, by an estimator trained on refined renders",
        ],
    )
    out = Path(__file__).parent / "images" / "teaser.png"
    out.parent.mkdir(exist_ok=True)
    sheet.save(out, optimize=True)


if __name__ == "__main__":
    main()
