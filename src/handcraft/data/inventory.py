# SPDX-License-Identifier: Apache-2.0
"""What lies in shards, counted from their records without decoding a picture."""

import json
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

_IN_EVERY_RECORD = ("key", "source", "is_real", "subject", "side")


@dataclass(frozen=True)
class Inventory:
    """Counts over samples. Two of them add up."""

    samples: int = 0
    people: frozenset[str] = frozenset()
    sides: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    """Samples that have each picture or label, by its name in the shard."""
    sizes_px: frozenset[tuple[int, int]] = frozenset()
    """(width, height) of each shard's first picture."""

    def __add__(self, other: "Inventory") -> "Inventory":
        return Inventory(
            self.samples + other.samples,
            self.people | other.people,
            self.sides + other.sides,
            self.labels + other.labels,
            self.sizes_px | other.sizes_px,
        )


def inventory_of_shard(path: Path) -> Inventory:
    """What one shard holds; its records are read, its pictures are passed over but for the size of the first one."""
    people, sides, labels, sizes = set[str](), Counter[str](), Counter[str](), set[tuple[int, int]]()
    with tarfile.open(path) as tar:
        for member in tar:
            extension = member.name.partition(".")[2]
            label, content = extension.partition(".")[0], tar.extractfile(member)
            assert content is not None, "ShardWriter writes plain files only"
            if extension == "json":
                record = json.load(content)
                people.add(record["subject"])
                sides[record["side"]] += 1
                labels.update(name for name, value in record.items() if value is not None)
            else:
                labels[label] += 1
                sizes = sizes or ({Image.open(content).size} if label == "rgb" else set())
    for name in _IN_EVERY_RECORD:
        del labels[name]
    return Inventory(sides.total(), frozenset(people), sides, labels, frozenset(sizes))
