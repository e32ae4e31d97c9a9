# SPDX-License-Identifier: Apache-2.0
"""Laws of rotations."""

import pytest
import torch

from handcraft.geometry.rotations import (
    X_AXIS,
    Y_AXIS,
    Z_AXIS,
    rotation_about,
    rotation_from_axis_angle,
    rotation_from_columns,
)


def some_vectors(count: int = 50) -> torch.Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2


def test_rotations_are_orthonormal_and_keep_handedness() -> None:
    rotations = rotation_from_axis_angle(some_vectors())
    torch.testing.assert_close(rotations @ rotations.transpose(-1, -2), torch.eye(3).double().expand(50, 3, 3))
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(50).double())


def test_the_negative_vector_undoes_the_rotation() -> None:
    vectors = some_vectors()
    product = rotation_from_axis_angle(vectors) @ rotation_from_axis_angle(-vectors)
    torch.testing.assert_close(product, torch.eye(3).double().expand(50, 3, 3))


def test_the_axis_stays_and_the_rest_turns_by_the_length() -> None:
    vectors = some_vectors()
    rotations = rotation_from_axis_angle(vectors)
    torch.testing.assert_close((rotations @ vectors[..., None])[..., 0], vectors)
    trace = rotations.diagonal(dim1=-1, dim2=-2).sum(-1)
    torch.testing.assert_close((trace - 1) / 2, vectors.norm(dim=-1).cos())


@pytest.mark.parametrize(
    ("axis", "start", "end"),
    [(X_AXIS, (0, 1, 0), (0, 0, 1)), (Y_AXIS, (0, 0, 1), (1, 0, 0)), (Z_AXIS, (1, 0, 0), (0, 1, 0))],
)
def test_a_quarter_turn_is_right_handed(
    axis: tuple[float, float, float], start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    quarter = rotation_about(axis, torch.tensor(torch.pi / 2))
    torch.testing.assert_close(quarter @ torch.tensor(start).float(), torch.tensor(end).float(), atol=1e-6, rtol=0)


def test_gradients_are_finite_and_right_at_the_identity() -> None:
    zero = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    rotation_from_axis_angle(zero)[2, 1].backward()
    assert zero.grad is not None
    torch.testing.assert_close(zero.grad, torch.tensor([1.0, 0.0, 0.0]).double(), atol=1e-6, rtol=0)
    assert torch.autograd.gradcheck(rotation_from_axis_angle, (some_vectors(3).requires_grad_(),))


def test_columns_of_a_rotation_give_it_back_and_any_numbers_give_a_rotation() -> None:
    rotations = rotation_from_axis_angle(some_vectors())
    columns = rotations[..., :2].transpose(-1, -2).flatten(-2)
    torch.testing.assert_close(rotation_from_columns(columns), rotations)
    found = rotation_from_columns(torch.cat([some_vectors(), some_vectors().flip(0) * 3], -1))
    torch.testing.assert_close(found @ found.transpose(-1, -2), torch.eye(3).double().expand(50, 3, 3))
    torch.testing.assert_close(torch.linalg.det(found), torch.ones(50).double())
