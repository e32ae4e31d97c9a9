# SPDX-License-Identifier: Apache-2.0
"""The trained hand encoder; its weights come with handcraft, so that figures in its space can be compared."""

import json
from collections.abc import Callable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from handcraft.encode.config import HandEncoderConfig
from handcraft.encode.learner import KIND
from handcraft.encode.network import FEATURES, TAP_CHANNELS, HandEncoderNet
from handcraft.errors import HandcraftError
from handcraft.files import atomic_path
from handcraft.networks.fitting import fitted
from handcraft.networks.weight_files import file_hash
from handcraft.training.run_files import load_trained

SHIPPED = "hand_encoder.safetensors"
CHUNK = 256
"""Images encoded at a time, so that memory does not grow with the request."""
MAPS_MULTIPLE = 8
_FORMAT = "handcraft hand encoder 1"


class HandEncoder(nn.Module):
    """Four maps and one vector of images of hands; frozen, and always as in evaluation.

    Called with images in [-1, 1] it gives the maps, which is what a perceptual discriminator taps; gradients lead
    through it to the images.
    """

    channels = TAP_CHANNELS
    """Of the maps at 1, 1/2, 1/4 and 1/8 of the image's size."""
    feature_count = FEATURES

    def __init__(
        self, state: Mapping[str, Tensor], *, name: str, image_px: int = 64, about: Mapping[str, Any] | None = None
    ) -> None:
        """Build the network with the weights ``state``; a RuntimeError says that they do not fit."""
        super().__init__()
        self.network = HandEncoderNet(generator=torch.Generator())
        self.network.load_state_dict(state)
        self.name, self.image_px, self.about = name, image_px, dict(about or {})
        self.requires_grad_(False)
        self.eval()

    @classmethod
    def load(cls, path: Path | None = None, *, device: str | torch.device = "cpu") -> "HandEncoder":
        """The shipped encoder, or the one of a run folder, a checkpoint or a file that ``save`` wrote.

        Raises HandcraftError when there is none, or when it is damaged or of another kind.
        """
        if path is None:
            with as_file(files("handcraft.encode") / SHIPPED) as shipped:
                return _of_weights(shipped, called="shipped").to(device)
        if Path(path).suffix == ".safetensors":
            return _of_weights(Path(path), called=f"file {Path(path).name}").to(device)
        return load_trained(Path(path), kind=KIND, make=_of_checkpoint(Path(path))).to(device)

    def save(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write the weights as one safetensors file, kernels in half precision; ``about`` tells what made them."""
        state = {
            key: (value.half() if value.dim() >= 2 else value).contiguous().cpu()
            for key, value in self.network.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
        told = {"format": _FORMAT, "image_px": self.image_px, **about}
        with atomic_path(Path(path)) as beside:
            beside.write_bytes(save(state, metadata={"handcraft": json.dumps(told)}))

    @torch.no_grad()
    def standardise(self, images: Float[Tensor, "image 3 height width"]) -> None:
        """Give each value of the vector mean 0 and variance 1 over ``images`` in [0, 1], in place.

        After training it has them over damaged hands on any backdrop, whose colour outweighs what hands differ in.
        """
        vectors, standard = self.features(images), self.network.standard
        mean, var = standard.get_buffer("running_mean"), standard.get_buffer("running_var")
        own_mean, own_var = (each.to(mean) for each in (vectors.mean(0), vectors.var(0)))
        spread = var + standard.eps
        mean += own_mean * spread.sqrt()
        var.copy_(own_var * spread - standard.eps)

    def train(self, mode: bool = True) -> "HandEncoder":
        """Stay as in evaluation, whatever the network around it does."""
        return super().train(False)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        """Maps of images in [-1, 1] at 1, 1/2, 1/4 and 1/8 of their size.

        Raises:
            HandcraftError: sides that are no multiples of 8.
        """
        if any(side % MAPS_MULTIPLE for side in images.shape[-2:]):
            raise HandcraftError(
                f"Expected `images` with sides that are multiples of {MAPS_MULTIPLE}, but got "
                f"{tuple(images.shape[-2:])}; pad them."
            )
        return self.network.maps(images)

    @torch.no_grad()
    def features(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image 64"]:
        """The vectors of RGB images in [0, 1] of any one size, each brought to the encoder's own; on the CPU."""
        if not len(images):
            return torch.zeros(0, FEATURES)
        return torch.cat([self._vectors(chunk).cpu() for chunk in images.split(CHUNK)])

    def _vectors(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 64"]:
        device = next(self.network.parameters()).device
        return self.network(2 * fitted(images.to(device).float(), self.image_px) - 1)


def _of_weights(path: Path, *, called: str) -> HandEncoder:
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get("handcraft", "{}"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise HandcraftError(f"Expected {path} to be a hand encoder, but it cannot be read: {error}.") from error
    if about.get("format") != _FORMAT:
        raise HandcraftError(f"Expected {path} to be a hand encoder; it is another safetensors file.")
    for key in [key for key in state if key.endswith("running_mean")]:
        state[key.replace("running_mean", "num_batches_tracked")] = torch.tensor(0)
    return HandEncoder(
        state, name=f"hand encoder ({called}, sha256 {file_hash(path)})", image_px=about["image_px"], about=about
    )


def _of_checkpoint(path: Path) -> Callable[[Mapping[str, Tensor], Mapping[str, Any]], HandEncoder]:
    def make(state: Mapping[str, Tensor], config: Mapping[str, Any]) -> HandEncoder:
        prefix = "encoder."
        own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        file = path / "checkpoint.pt" if path.is_dir() else path
        image_px = HandEncoderConfig.from_json(config).image_px
        return HandEncoder(own, name=f"hand encoder (run {path.name}, sha256 {file_hash(file)})", image_px=image_px)

    return make
