# SPDX-License-Identifier: Apache-2.0
import json

import pytest
import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from handcraft.errors import HandcraftError
from handcraft.measure import Confusion, confusion
from handcraft.randomness import generator_for

HANDS = ("synthetic", "real", "generated")
TABLE_3 = torch.tensor([[3341, 114, 44], [120, 2915, 465], [40, 647, 2813]])
"""Seed 002's, with its text's two numbers the right way round (facts 2.8)."""


def answers():
    generator = generator_for(0)
    true = torch.randint(3, (200,), generator=generator)
    lost = torch.rand(200, generator=generator) < 0.4
    return true, torch.where(lost, torch.randint(3, (200,), generator=generator), true)


def test_the_corrected_matrix_gives_the_published_table():
    table = Confusion(HANDS, TABLE_3)
    assert table.precision().tolist() == pytest.approx([0.9540, 0.7930, 0.8468], abs=6e-4)
    assert table.recall().tolist() == pytest.approx([0.9546, 0.8329, 0.8037], abs=6e-4)
    assert table.f1().tolist() == pytest.approx([0.9543, 0.8124, 0.8247], abs=6e-4)
    assert table.accuracy() == pytest.approx(0.8637, abs=1e-4)


def test_as_the_text_has_it_the_table_cannot_be():
    """647 real hands called generated, 465 generated called real: then the published recalls are other numbers."""
    stated = TABLE_3.clone()
    stated[1, 2], stated[2, 1] = TABLE_3[2, 1], TABLE_3[1, 2]
    assert abs(float(Confusion(HANDS, stated).recall()[1]) - 0.8329) > 0.03


def test_so_many_generated_hands_were_called_real():
    assert float(Confusion(HANDS, TABLE_3).shares()[2, 1]) == pytest.approx(0.18, abs=0.006)
    assert float(Confusion(HANDS, TABLE_3).shares()[1, 2]) == pytest.approx(0.13, abs=0.006)


def test_equals_sklearn():
    true, predicted = answers()
    table = confusion(true, predicted, HANDS)
    assert table.counts.tolist() == confusion_matrix(true, predicted).tolist()
    precision, recall, f1, _ = precision_recall_fscore_support(true, predicted)
    assert table.precision().tolist() == pytest.approx(precision.tolist())
    assert table.recall().tolist() == pytest.approx(recall.tolist())
    assert table.f1().tolist() == pytest.approx(f1.tolist())
    assert table.accuracy() == pytest.approx(float((true == predicted).double().mean()))


def test_rows_are_true():
    table = confusion(torch.tensor([0, 0, 0]), torch.tensor([1, 1, 0]), HANDS)
    assert table.counts.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 0]]
    assert table.recall()[0] == pytest.approx(1 / 3)
    assert table.precision()[0] == 1


def test_asking_the_other_way_round_swaps_precision_and_recall():
    true, predicted = answers()
    forth, back = confusion(true, predicted, HANDS), confusion(predicted, true, HANDS)
    assert torch.equal(forth.precision(), back.recall())
    assert torch.equal(forth.f1(), back.f1())


def test_what_is_unknown_is_none_in_json():
    written = confusion(torch.tensor([0, 1]), torch.tensor([0, 0]), HANDS).to_json()
    assert json.loads(json.dumps(written, allow_nan=False))["precision"] == [0.5, None, None]
    assert written["recall"] == [1.0, 0.0, None]
    assert written["f1"] == [pytest.approx(2 / 3), 0.0, None]
    assert written["counts_true_by_predicted"][1] == [1, 0, 0]


def test_mistakes_are_named():
    with pytest.raises(
        HandcraftError, match=r"`predicted` to be from 0 to 2 \(synthetic, real, generated\), but got 3"
    ):
        confusion(torch.tensor([0, 1]), torch.tensor([0, 3]), HANDS)
    with pytest.raises(HandcraftError, match="one answer per image, but got 1 for 2 images"):
        confusion(torch.tensor([0, 1]), torch.tensor([0]), HANDS)
    with pytest.raises(HandcraftError, match="2 by 2 counts for a, b"):
        Confusion(("a", "b"), TABLE_3)
    with pytest.raises(HandcraftError, match="some above 0"):
        Confusion(("a", "b"), torch.zeros(2, 2, dtype=torch.int64))
