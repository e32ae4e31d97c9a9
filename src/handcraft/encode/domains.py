# SPDX-License-Identifier: Apache-2.0
"""Images with the domain each is from: what a domain classifier learns and is tested on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from handcraft.data import PreparedSet, split_by_subject
from handcraft.errors import HandcraftError


@dataclass(frozen=True)
class Domains:
    """``n`` crops of ``s`` by ``s`` pixels of two or more domains."""

    names: tuple[str, ...]
    """Such as synthetic, real, generated; classes are numbered in this order."""
    images: UInt8[Tensor, "n 3 s s"]
    labels: Int64[Tensor, " n"]
    subjects: tuple[str, ...]

    @staticmethod
    def of(sets: Mapping[str, Sequence[PreparedSet]]) -> "Domains":
        """The crops of ``sets`` by domain; a domain may have several sets (real and generated taken for one class).

        Raises:
            HandcraftError: fewer than two domains, one without images, or crops of different sizes.
        """
        sizes = {each.size for parts in sets.values() for each in parts}
        empty = [name for name, parts in sets.items() if not sum(map(len, parts))]
        if len(sets) < 2 or empty or len(sizes) != 1:
            raise HandcraftError(
                f"Expected two domains or more, each with crops of one size, but got {list(sets)} with sizes "
                f"{sorted(sizes)}{f' and nothing in {empty}' if empty else ''}."
            )
        counts = [sum(map(len, parts)) for parts in sets.values()]
        together = [each for parts in sets.values() for each in parts]
        return Domains(
            names=tuple(sets),
            images=torch.cat([each.images for each in together]),
            labels=torch.arange(len(counts)).repeat_interleave(torch.tensor(counts)),
            subjects=tuple(subject for each in together for subject in each.subjects),
        )

    def __len__(self) -> int:
        """The number of crops."""
        return len(self.images)

    @property
    def counts(self) -> tuple[int, ...]:
        """Crops by domain."""
        return tuple(int((self.labels == label).sum()) for label in range(len(self.names)))

    def float_images(self) -> Float[Tensor, "n 3 s s"]:
        """The images as RGB in [0, 1]."""
        return self.images.float() / 255

    def select(self, indices: Sequence[int]) -> "Domains":
        """The crops at ``indices``, in that order."""
        chosen = torch.tensor(list(indices), dtype=torch.long)
        subjects = tuple(self.subjects[index] for index in indices)
        return Domains(self.names, self.images[chosen], self.labels[chosen], subjects)

    def split(self, fractions: Sequence[float], *, seed: int) -> tuple["Domains", ...]:
        """Parts that share no subject, each with its fraction of every domain as far as whole subjects allow.

        A generated image goes where the render of the same subject goes: seed 002 cut its videos by frame, and what is
        tested there has almost been seen.

        Raises:
            HandcraftError: fractions that are not shares, or a domain with fewer subjects of its own than parts.
        """
        place: dict[str, int] = {}
        for label in range(len(self.names)):
            own = (self.labels == label).nonzero()[:, 0].tolist()
            new = [index for index in own if self.subjects[index] not in place]
            if not new:
                continue  # all of them are subjects of an earlier domain
            for part, rows in enumerate(split_by_subject([self.subjects[index] for index in new], fractions, seed)):
                place |= {self.subjects[new[row]]: part for row in rows}
        parts: list[list[int]] = [[] for _ in fractions]
        for index, subject in enumerate(self.subjects):
            parts[place[subject]].append(index)
        return tuple(self.select(part) for part in parts)
