# SPDX-License-Identifier: Apache-2.0
"""The four networks of a CycleGAN, their translations, and which loss term is computed from what.

In contrast to the notebooks of seed 000, whose adversarial loss reached no generator: every term of the generators'
loss here is computed from fresh translations that carry their graph; pooled images are an argument of the
discriminators' terms only, and ``ImagePool`` refuses images with a graph.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.networks import initialise_normal
from handcraft.randomness import generator_for
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.losses import adversarial_loss, cycle_loss, discriminator_loss, identity_loss
from handcraft.refine.networks import PatchDiscriminator

_WEIGHT_STREAM = 0x3E16

Images = Float[Tensor, "batch 3 height width"]
Terms = dict[str, Float[Tensor, ""]]


@dataclass(frozen=True)
class Translations:
    """One batch of each domain, translated there and back. All images in [-1, 1]."""

    rendered: Images
    """y, as the generators see it (tint taken out or not)."""
    refined: Images
    """F(y) = photographed_from_rendered(y)."""
    rendered_again: Images
    """G(F(y))."""
    photographed: Images
    """x."""
    translated: Images
    """G(x) = rendered_from_photographed(x)."""
    photographed_again: Images
    """F(G(x))."""


class CycleNetworks(nn.Module):
    """Both generators and both discriminators, weights drawn from N(0, 0.02^2) by ``config.seed`` alone."""

    def __init__(self, config: CycleGANConfig) -> None:
        super().__init__()
        self.photographed_from_rendered = config.generator()
        self.rendered_from_photographed = config.generator()
        self.photograph_discriminator = PatchDiscriminator(config.discriminator_width, sigmoid=config.sigmoid)
        self.render_discriminator = PatchDiscriminator(config.discriminator_width, sigmoid=config.sigmoid)
        for index, network in enumerate(self.children()):
            initialise_normal(network, std=0.02, generator=generator_for(config.seed, _WEIGHT_STREAM, index))

    def generator_parameters(self) -> list[nn.Parameter]:
        """Of both generators."""
        return [*self.photographed_from_rendered.parameters(), *self.rendered_from_photographed.parameters()]

    def discriminator_parameters(self) -> list[nn.Parameter]:
        """Of both discriminators."""
        return [*self.photograph_discriminator.parameters(), *self.render_discriminator.parameters()]

    @contextmanager
    def frozen_discriminators(self) -> Iterator[None]:
        """Inside, graphs lead through the discriminators to the images, but not into their weights."""
        for parameter in self.discriminator_parameters():
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in self.discriminator_parameters():
                parameter.requires_grad_(True)

    def translate(self, rendered: Images, photographed: Images) -> Translations:
        """Translate a batch of each domain there and back."""
        refined = self.photographed_from_rendered(rendered)
        translated = self.rendered_from_photographed(photographed)
        return Translations(
            rendered=rendered,
            refined=refined,
            rendered_again=self.rendered_from_photographed(refined),
            photographed=photographed,
            translated=translated,
            photographed_again=self.photographed_from_rendered(translated),
        )


def generator_terms(networks: CycleNetworks, images: Translations, config: CycleGANConfig) -> Terms:
    """The unweighted terms of the generators' loss (equations 3.7 and 3.9) by name.

    In the feature-map variant the features of the *original* lead to no generator: the original is data, so detaching
    them would change nothing but the discriminator's gradient, and that must not exist either. A discriminator that
    was trained on equation 3.8 could make the loss vanish by making its features vanish. So discriminators are frozen
    here, and their features of the original have no graph at all.
    """
    with networks.frozen_discriminators():
        terms = {
            "adversarial_refined": adversarial_loss(on_fake=networks.photograph_discriminator(images.refined)),
            "adversarial_translated": adversarial_loss(on_fake=networks.render_discriminator(images.translated)),
            **_cycle_terms(networks, images, config),
        }
    if config.identity_weight > 0:
        terms |= _identity_terms(networks, images)
    return terms


def _cycle_terms(networks: CycleNetworks, images: Translations, config: CycleGANConfig) -> Terms:
    pairs = {
        "cycle_rendered": (networks.render_discriminator, images.rendered, images.rendered_again),
        "cycle_photographed": (networks.photograph_discriminator, images.photographed, images.photographed_again),
    }
    if config.cycle == "pixels":
        return {name: cycle_loss(original=original, cycled=cycled) for name, (_, original, cycled) in pairs.items()}
    level = config.feature_level
    return {
        name: cycle_loss(original=judge.features(original, level), cycled=judge.features(cycled, level))
        for name, (judge, original, cycled) in pairs.items()
    }


def _identity_terms(networks: CycleNetworks, images: Translations) -> Terms:
    kept_photographs = networks.photographed_from_rendered(images.photographed)
    kept_renders = networks.rendered_from_photographed(images.rendered)
    return {
        "identity_photographed": identity_loss(image=images.photographed, translated=kept_photographs),
        "identity_rendered": identity_loss(image=images.rendered, translated=kept_renders),
    }


def generator_loss(terms: Terms, config: CycleGANConfig) -> Float[Tensor, ""]:
    """J_{G,F} of equations 3.7 and 3.9: adversarial terms plus lambda times cycle terms (plus identity terms)."""
    weights = {"adversarial": 1.0, "cycle": config.cycle_weight, "identity": config.identity_weight}
    return torch.stack([weights[name.split("_")[0]] * value for name, value in terms.items()]).sum()


def discriminator_terms(
    networks: CycleNetworks, images: Translations, *, pooled_refined: Images, pooled_translated: Images
) -> tuple[Terms, dict[str, Float[Tensor, ""]]]:
    """The two halves of J_D (equation 3.5), and how many patches each discriminator judged rightly (0 to 1)."""
    on_photographs = networks.photograph_discriminator(images.photographed)
    on_refined = networks.photograph_discriminator(pooled_refined)
    on_renders = networks.render_discriminator(images.rendered)
    on_translated = networks.render_discriminator(pooled_translated)
    terms = {
        "discriminator_photographs": discriminator_loss(on_real=on_photographs, on_fake=on_refined),
        "discriminator_renders": discriminator_loss(on_real=on_renders, on_fake=on_translated),
    }
    accuracies = {
        "accuracy_photographs": (on_photographs > 0.5).float().mean(),
        "accuracy_refined": (on_refined < 0.5).float().mean(),
        "accuracy_renders": (on_renders > 0.5).float().mean(),
        "accuracy_translated": (on_translated < 0.5).float().mean(),
    }
    return terms, accuracies
