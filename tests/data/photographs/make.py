# SPDX-License-Identifier: Apache-2.0
"""A folder of photographs as cameras and phones leave them: kinds, depths, orientations, and files that are broken."""

import numpy as np
from PIL import Image

ORIENTATION_TAG = 0x0112
TURN_RIGHT_TO_SHOW = 6  # the camera was held so that the top of the scene is on the right of the stored rows


def scene():
    """12 x 16 px: red, green, blue and white quarters, each a colour that JPEG keeps within a few steps."""
    pixels = np.zeros((12, 16, 3), np.uint8)
    pixels[:6, :8], pixels[:6, 8:], pixels[6:, :8], pixels[6:, 8:] = (220, 30, 30), (30, 200, 30), (30, 30, 220), 255
    return pixels


def write_photographs(folder):
    """Nine readable pictures and three broken ones."""
    (folder / "deep" / "er").mkdir(parents=True)
    rgb = Image.fromarray(scene())
    rgb.save(folder / "plain.png")
    rgb.save(folder / "deep" / "er" / "CAPITAL.JPG", quality=95, subsampling=0)
    rgb.save(folder / "web.webp", lossless=True)
    rgb.save(folder / "deep" / "old.bmp")
    rgb.save(folder / "scan.tif")
    rgb.convert("L").save(folder / "grey.png")
    ramp = np.linspace(0, 65535, 12 * 16).round().astype(np.uint16).reshape(12, 16)
    Image.fromarray(ramp).save(folder / "sixteen.png")
    alpha = Image.fromarray(np.repeat(np.uint8([[0] * 8 + [255] * 8]), 12, axis=0))
    rgb.putalpha(alpha)
    rgb.save(folder / "cutout.png")
    write_turned(folder / "turned.jpg")
    (folder / "broken.jpg").write_bytes(b"this is no picture")
    whole = (folder / "plain.png").read_bytes()
    (folder / "short.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.tiff").touch()
    (folder / ".hidden.png").write_bytes(whole)
    (folder / "notes.txt").write_text("not a picture")


def write_turned(path):
    """The scene stored lying on its side, with the EXIF tag that says so."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = TURN_RIGHT_TO_SHOW
    Image.fromarray(np.rot90(scene())).save(path, quality=95, subsampling=0, exif=exif)
