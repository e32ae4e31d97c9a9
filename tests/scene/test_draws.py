# SPDX-License-Identifier: Apache-2.0
"""Laws of numbers for many samples."""

import torch

from handcraft.scene.draws import Stream, normal_from_uniform, uniform_rows


def test_a_row_depends_on_seed_stream_and_index_and_on_nothing_else() -> None:
    rows = uniform_rows(3, [4, 9, 17], Stream.POSE, 5)
    assert torch.equal(uniform_rows(3, [17, 4], Stream.POSE, 5), rows[[2, 0]])
    assert torch.equal(uniform_rows(3, [9], Stream.POSE, 5), rows[1:2])
    for other in (uniform_rows(4, [4], Stream.POSE, 5), uniform_rows(3, [5], Stream.POSE, 5)):
        assert (other != rows[0]).all()


def test_no_two_streams_share_their_numbers() -> None:
    assert len(Stream) == len(Stream.__members__)  # a repeated value would make one an alias of the other
    firsts = {float(uniform_rows(0, [0], stream, 1)) for stream in Stream}
    assert len(firsts) == len(Stream)


def test_rows_are_uniform() -> None:
    numbers = uniform_rows(0, range(500), Stream.SKIN, 4)
    assert (numbers >= 0).all()
    assert (numbers < 1).all()
    torch.testing.assert_close(numbers.mean(0), torch.full((4,), 0.5), atol=0.05, rtol=0)
    torch.testing.assert_close(numbers.std(0), torch.full((4,), 12**-0.5), atol=0.03, rtol=0)


def test_normal_numbers_stand_at_the_quantiles_of_uniform_ones_and_stay_finite() -> None:
    quantiles = normal_from_uniform(torch.tensor([0.5, 0.8413447, 0.02275013]))
    torch.testing.assert_close(quantiles, torch.tensor([0.0, 1.0, -2.0]), atol=1e-4, rtol=0)
    assert torch.isfinite(normal_from_uniform(torch.tensor([0.0, 1.0]))).all()
