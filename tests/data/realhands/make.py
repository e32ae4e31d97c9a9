# SPDX-License-Identifier: Apache-2.0
"""RealHands with two recordings: boxes for hands on a green screen, masks of both kinds, and one photo of nobody."""

import numpy as np
from PIL import Image

HEIGHT_PX, WIDTH_PX = 96, 128
SCREEN, SKIN = (40, 170, 60), (205, 150, 120)
ROWS, COLUMNS = slice(30, 80), slice(40, 90)
FRAMES = {"user01": ("0001", "0002"), "more/user02": ("0001", "0002", "0003")}


def screen_with(rows=ROWS, columns=COLUMNS, skin=SKIN):
    pixels = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    pixels[:] = SCREEN
    pixels[rows, columns] = skin
    return pixels


def write_realhands(folder):
    for recording, names in FRAMES.items():
        (folder / recording / "color").mkdir(parents=True)
        (folder / recording / "mask").mkdir()
        for name in names:
            Image.fromarray(screen_with()).save(folder / recording / "color" / f"{name}_color.png")
            mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
            mask[ROWS, COLUMNS] = 255
            kind = "jpg" if recording == "user01" else "png"
            Image.fromarray(mask).save(folder / recording / "mask" / f"{name}_mask.{kind}")
    last = folder / "more" / "user02"
    Image.fromarray(screen_with(slice(0, 0))).save(last / "color" / "0003_color.png")  # nobody in it
    (last / "mask" / "0002_mask.png").unlink()
