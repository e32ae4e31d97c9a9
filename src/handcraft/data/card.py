# SPDX-License-Identifier: Apache-2.0
"""``DATACARD.md``: what a set of rendered hands is, where it comes from, what it may be used for and what it lacks.

Every line follows from ``dataset.json`` and the shards beside it, so the same set has the same card, whoever made it in
whatever number of sittings.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from handcraft.data.inventory import Inventory, inventory_of_shard
from handcraft.data.manifest import MANIFEST_NAME, Manifest
from handcraft.files import write_text_atomically

CARD_NAME = "DATACARD.md"

_GAPS = """\
- Nobody posed for these hands. Poses are drawn inside anatomical limits, so they are possible, but how often each one
  comes is not how often people make it; motions, where samples have a `sequence`, are made up as well.
- People are points of a body model's phenotypes: no scars, swelling, missing fingers or small children, and shares of
  ages, genders and skin tones that are those of the sampler, not of any population.
- A rasteriser drew them: no light passes through skin or bounces between fingers, and skin, creases and nails are drawn
  by formula. A network can tell these pictures from photographs, and will use the difference if it can.
- Labels are exact for the model: a keypoint is the model's joint, millimetres from where an annotator or another
  data set puts it. Visibility is a depth test at that joint.
- The camera is ideal but for what the configuration says of its sensor: no lens distortion, no rolling shutter.
- So an estimator trained on this set alone does worse on photographs than its figures here: measure it there."""


def write_card(folder: Path) -> None:
    """Write the card of a finished set of shards into its folder.

    Raises:
        HandcraftError: ``dataset.json`` is missing or damaged.
    """
    manifest = Manifest.read(folder)
    inventory = sum((inventory_of_shard(folder / shard.file) for shard in manifest.shards), start=Inventory())
    units = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))["units"]
    write_text_atomically(folder / CARD_NAME, card_text(manifest, inventory, units))


def card_text(manifest: Manifest, inventory: Inventory, units: dict[str, str]) -> str:
    """The card as Markdown, with the header that hubs for data sets read."""
    sections = {
        f"{inventory.samples} hands: {manifest.source}": _counts(manifest, inventory),
        "What made it": _origin(manifest),
        "Labels": "\n".join(_label_table(inventory, units)),
        "Licences": "\n".join(f"- {link.strip()}" for link in str(manifest.description.get("licence", "")).split(";")),
        "Known gaps": _GAPS,
        "To read it": _READING,
        "To make a sample again": _again(manifest, inventory),
    }
    first, *others = (f"{title}\n\n{text}\n" for title, text in sections.items())
    return "\n".join([_header(manifest), f"# {first}", *(f"## {other}" for other in others)])


def _header(manifest: Manifest) -> str:
    return (
        "---\n"
        "task_categories: [keypoint-detection, image-segmentation, depth-estimation]\n"
        f"tags: [hands, {'photographs' if manifest.is_real else 'synthetic'}, webdataset]\n"
        "configs: [{config_name: default, data_files: 'shard-*.tar'}]\n"
        "---\n"
    )


def _counts(manifest: Manifest, inventory: Inventory) -> str:
    sides = ", ".join(f"{count} {side}" for side, count in sorted(inventory.sides.items()))
    sizes = ", ".join(f"{width} x {height}" for width, height in sorted(inventory.sizes_px))
    part = manifest.description.get("range")
    return "\n".join(
        [
            "Photographs taken by a camera." if manifest.is_real else "Not photographs: no camera took these pictures.",
            *([f"A part of a larger set: its samples {part}."] if part else []),
            "",
            f"- People: {len(inventory.people)} (`subject`; split by it, or pictures of one hand stand on both sides)",
            f"- Sides: {sides} (which hand the pixels show)",
            f"- Pictures: {sizes} px, {manifest.image_format}",
            f"- Shards: {len(manifest.shards)} of up to {manifest.samples_per_shard} samples, "
            f"{sum(shard.bytes for shard in manifest.shards) / 1e6:.1f} MB",
        ]
    )


def _origin(manifest: Manifest) -> str:
    description = manifest.description
    lines = [
        f"- Version: handcraft {description.get('handcraft', 'unknown')}",
        f"- Command: `{description.get('command', 'unknown')}`",
        f"- Seed: {description.get('seed', 'unknown')}",
        "- Configuration (whole in `dataset.json`):",
        "",
        "| option | value |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in _flat(description.get("config", {}))),
    ]
    return "\n".join(lines)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 (whatever JSON holds)
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, json.dumps(value).replace("|", "\\|")


def _label_table(inventory: Inventory, units: dict[str, str]) -> Iterator[str]:
    yield "Frames are OpenCV's: x right, y down, z away from the camera."
    yield ""
    yield "| label | unit | samples |"
    yield "|---|---|---|"
    for label, count in sorted(inventory.labels.items()):
        yield f"| {label} | {units.get(label, '')} | {count} |"


_READING = """\
```python
from pathlib import Path
from handcraft.data import open_dataset

for hand in open_dataset(Path()):  # this folder
    hand.image, hand.mask, hand.keypoints_px  # RGB in [0, 1], boolean, (21, 2) pixels
```

Without handcraft, by WebDataset (any tar reader will do):

```python
import json
import webdataset

for files in webdataset.WebDataset("shard-000000.tar", shardshuffle=False):
    record = json.loads(files["json"])  # keypoints_px, joints_m, intrinsics, side, subject
    picture = files.get("rgb.png", files.get("rgb.jpg"))  # a file's bytes; depth.png, mask.png, parts.png beside it
```

`dataset.json` has the order of the keypoints (`joints`), the part numbers (`parts`) and every unit."""


def _again(manifest: Manifest, inventory: Inventory) -> str:
    if "seed" not in manifest.description:
        return "This set was not drawn from a seed; make it from its source again."
    return (
        f"Sample i lies in shard i // {manifest.samples_per_shard} and depends on the configuration, the seed and i "
        "only. The command above, with another `--out`,\n"
        f"`--count {max(_stop(manifest), inventory.samples)}` and `--range a:b` of that shard, makes it again to the "
        "byte; in Python, `handcraft.data.again.sample_again(Path(), key)` makes one sample of this folder again."
    )


def _stop(manifest: Manifest) -> int:
    """The number behind the last sample of a part; 0 for a whole set."""
    return int(str(manifest.description.get("range", "0:0")).partition(":")[2])
