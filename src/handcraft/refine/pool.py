# SPDX-License-Identifier: Apache-2.0
"""The history of translations that discriminators, and nobody else, are trained on (Shrivastava et al. 2017, 2.3).

In contrast to the notebooks of seed 000: those fed what this pool returns to the *generator* loss as well. It has no
graph, so the adversarial loss never reached a generator. Here the pool refuses images that still carry gradients, so
its output cannot be mistaken for the fresh translation.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError


class ImagePool:
    """Up to ``capacity`` past translations; capacity 0 passes images through."""

    def __init__(self, capacity: int) -> None:
        if capacity < 0:
            raise HandcraftError(f"Expected `capacity` to be at least 0, but got {capacity}.")
        self.capacity = capacity
        self._images: list[Tensor] = []

    def __len__(self) -> int:
        """Number of images held."""
        return len(self._images)

    def exchange(
        self, fakes: Float[Tensor, "batch 3 height width"], *, generator: torch.Generator
    ) -> Float[Tensor, "batch 3 height width"]:
        """Show the pool a batch of translations and get a batch for the discriminator back.

        While there is room, images are kept and returned. When the pool is full, each image is, with probability one
        half, put in the place of a stored one, which is returned instead.

        Raises:
            ValueError: ``fakes`` still requires a gradient.
        """
        if fakes.requires_grad:
            raise ValueError("Expected `fakes` to be detached, but they require a gradient: call `fakes.detach()`.")
        return torch.stack([self._exchange_one(fake, generator) for fake in fakes])

    def _exchange_one(self, fake: Float[Tensor, "3 height width"], generator: torch.Generator) -> Tensor:
        if len(self._images) < self.capacity:
            self._images.append(fake.clone())
            return fake
        if self.capacity == 0 or torch.rand((), generator=generator) < 0.5:
            return fake
        place = int(torch.randint(self.capacity, (), generator=generator))
        stored, self._images[place] = self._images[place], fake.clone()
        return stored

    def state_dict(self) -> dict[str, list[Tensor]]:
        """The stored images in order, on the CPU; with the generator's numbers this makes a resumed run exact."""
        return {"images": [image.cpu() for image in self._images]}

    def load_state_dict(self, state: dict[str, list[Tensor]], *, device: torch.device) -> None:
        """Take up the images of ``state_dict``."""
        if len(state["images"]) > self.capacity:
            raise HandcraftError(
                f"Expected `capacity` to be at least {len(state['images'])}, as in the checkpoint, "
                f"but got {self.capacity}."
            )
        self._images = [image.to(device) for image in state["images"]]
