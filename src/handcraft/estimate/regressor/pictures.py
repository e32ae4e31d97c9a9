# SPDX-License-Identifier: Apache-2.0
"""Pictures of the feedback at work: the skeleton of every step over its crop, and the last step's mesh."""

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from handcraft.data import (
    TRUTH_COLOURS,
    contact_sheet,
    draw_skeleton,
    overlay_skeleton,
    picture_from_image,
    whole_scale,
)
from handcraft.estimate.regressor.camera import pixels_from_places
from handcraft.estimate.regressor.parameters import HandParameters

MESH_DEPTH_M = 10.0
"""How far away meshes are drawn; a weak-perspective camera does not care, the renderer wants them before it."""


def steps_picture(
    images: Float[Tensor, "n 3 side side"],
    vectors: Float[Tensor, "step n parameter"],
    hand: HandParameters,
    true_px: Float[Tensor, "n 21 2"],
    confidence: Float[Tensor, "n 21"],
) -> Image.Image:
    """One row a crop: the labels (white) with the skeleton of step 0, 1, ... T over them, then the mesh of step T."""
    side = images.shape[-1]
    scale = whole_scale(side)
    places = torch.stack([hand.places(each) for each in vectors], 1).cpu()
    meshes = mesh_overlay(images, vectors[-1], hand)
    rows = []
    for image, seen, mesh, truth_px, certainty in zip(images, places, meshes, true_px, confidence, strict=True):
        labelled = draw_skeleton(image, truth_px, confidence=certainty, scale=scale, colours=TRUTH_COLOURS)
        steps_px = pixels_from_places(seen, side) * scale
        skeletons = [overlay_skeleton(labelled, each_px) for each_px in steps_px]
        rows.append([*skeletons, picture_from_image(mesh, scale=scale)])
    titles = [*("start" if step == 0 else f"step {step}" for step in range(len(vectors))), "mesh"]
    return contact_sheet(rows, column_titles=titles)


def mesh_overlay(
    images: Float[Tensor, "n 3 side side"], vectors: Float[Tensor, "n parameter"], hand: HandParameters
) -> Float[Tensor, "n 3 side side"]:
    """Crops with their hands' meshes over them."""
    from handcraft.render.flat import render_flat  # here: Warp takes a second that no prediction should pay

    camera = hand.camera(vectors, images.shape[-1])
    before_m = (hand.vertices_m(vectors) + vectors.new_tensor([0.0, 0.0, MESH_DEPTH_M])).contiguous()
    on_black, on_white = (
        render_flat(before_m, hand.faces, camera, background=(grey, grey, grey)).cpu() for grey in (0.0, 1.0)
    )
    return on_black + (on_white - on_black) * images
