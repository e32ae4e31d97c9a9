# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/predictions.png: what the shipped networks see in renders of hands that no training saw.

python docs/make_predictions.py

No photograph enters it. Rows are not chosen: the first hands of a seed, keypoints above, surfaces below.
"""

from pathlib import Path

from PIL import Image

from handcraft.data import picture_from_image
from handcraft.data.drawing import contact_sheet
from handcraft.data.rendered import RenderedSet
from handcraft.predict import Predictor
from handcraft.predict.overlay import draw_hands
from handcraft.scene import PlacementConfig, SceneConfig

SEED, HANDS = 20261121, 8
SCENES = SceneConfig(look="photographic", size_px=192, placement=PlacementConfig(fill=(0.5, 0.7)))


def main() -> None:
    """Pictures, the same with what was found, and with its surface."""
    predictor = Predictor()
    rows: list[list[Image.Image]] = [[], [], []]
    for sample in RenderedSet(SCENES, SEED, HANDS):
        picture = picture_from_image(sample.image)
        hands = predictor.hands(picture)
        rows[0].append(picture)
        rows[1].append(draw_hands(picture, hands))
        rows[2].append(draw_hands(picture, hands, [predictor.surface(hand) for hand in hands]))
    titles = ["renders of hands that no training saw", "what the shipped networks find", "the hand model, so posed"]
    sheet = contact_sheet(rows, row_titles=titles)
    sheet.save(Path(__file__).parent / "images" / "predictions.png", optimize=True)


if __name__ == "__main__":
    main()
