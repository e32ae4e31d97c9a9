# SPDX-License-Identifier: Apache-2.0
"""The loss terms of the one-to-many refiner, and what each is computed from.

y is a render, x a photograph, E the encoder, G the generator, D the discriminator of photographs, s(.) the shape.

- G(s(x), E(x)) is to be x: on pixels and on D's first feature map. This keeps styles in use: a shape has no tint.
- G(s(y), E(y)) is to be y, so that G knows renders' shapes.
- G(s(y), E(x)), the refined render, is to fool D, to have the shape s(y), and to have the style E(x).
- Styles are to be N(0, 1) (Kingma, Welling 2014, appendix B).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.networks.divergence import kl_to_standard_normal
from handcraft.refine.discriminators import PatchDiscriminator
from handcraft.refine.losses import adversarial_loss, cycle_loss
from handcraft.refine.one_sided import Terms, Unpaired
from handcraft.refine.optimising import frozen
from handcraft.refine.style.config import StyleConfig
from handcraft.refine.style.networks import Images, StyleNetwork, Styles, shape_of


@dataclass(frozen=True)
class Painted:
    """One batch of each domain, repainted. All images in [-1, 1]."""

    batch: Unpaired
    rendered_again: Images
    """Of its own shape and style."""
    photographed_again: Images
    refined: Images
    """The renders in the styles of the photographs."""
    styles: Styles
    """Of the photographs, as ``refined`` got them: without a graph, so that no style is bent to make refining easy."""
    mean: Styles
    log_variance: Styles


def paint(network: StyleNetwork, batch: Unpaired, noise: Styles) -> Painted:
    """Repaint a batch; a photograph's style is drawn around its mean with ``noise`` from N(0, 1)."""
    mean, log_variance = network.encoder(batch.photographed)
    drawn = mean + (0.5 * log_variance).exp() * noise
    styles = drawn.detach()
    return Painted(
        batch=batch,
        rendered_again=network.refined(batch.rendered, network.styles_of(batch.rendered)),
        photographed_again=network.refined(batch.photographed, drawn),
        refined=network.refined(batch.rendered, styles),
        styles=styles,
        mean=mean,
        log_variance=log_variance,
    )


def generator_terms(network: StyleNetwork, discriminator: PatchDiscriminator, images: Painted) -> Terms:
    """Every term of the generator's and the encoder's loss, unweighted; the discriminator gets no gradient."""
    with frozen(discriminator):
        return {
            "adversarial_refined": adversarial_loss(on_fake=discriminator(images.refined)),
            "pixel_photographed": cycle_loss(original=images.batch.photographed, cycled=images.photographed_again),
            "pixel_rendered": cycle_loss(original=images.batch.rendered, cycled=images.rendered_again),
            "feature_photographed": cycle_loss(
                original=discriminator.features(images.batch.photographed, 1),
                cycled=discriminator.features(images.photographed_again, 1),
            ),
            "content_refined": cycle_loss(original=shape_of(images.batch.rendered), cycled=shape_of(images.refined)),
            "style_refined": F.l1_loss(network.styles_of(images.refined), images.styles),
            "prior_styles": kl_to_standard_normal(images.mean, images.log_variance).mean(),
        }


def generator_loss(terms: Terms, config: StyleConfig) -> Float[Tensor, ""]:
    """The weighted sum; a term's weight is named by its first word."""
    return torch.stack([getattr(config, f"{name.split('_')[0]}_weight") * term for name, term in terms.items()]).sum()
