# SPDX-License-Identifier: Apache-2.0
"""Tables II and III and Figure 7 as rows, the published figures in the same cells."""

import math
from typing import Any

from handcraft.measure import Confusion, Estimate, Metric
from handcraft.studies.hgan.config import HganConfig
from handcraft.studies.hgan.domains import CLASSES, GENERATED, REAL, SYNTHETIC, Classified, Tested
from handcraft.studies.hgan.published import FIGURE_7, TABLE_II, TABLE_III, TRANSPOSED
from handcraft.studies.tables import Cell, Row, StudyTable

_SHARES = ("precision", "recall", "F1")
_DIRECTION = (
    "Higher is better as the document has it: for the classifier. A perfect refiner would leave real and generated "
    "hands to chance where they are classes of their own."
)
CALLED_REAL = Metric("share called real", unit="", better="higher")


def domain_tables(classified: Classified, config: HganConfig) -> list[StudyTable]:
    """Table II, what its first classifier says of every model, Table III."""
    return [_table_two(classified, config), _called_real(classified, config), _table_three(classified, config)]


def _note(classified: Classified, config: HganConfig) -> str:
    return (
        f"{classified.network}; {config.classified}'s images are the generated ones; "
        f"epochs: {config.classifier.epochs}. Intervals are over tested hands, of one training."
    )


def _table_two(classified: Classified, config: HganConfig) -> StudyTable:
    columns = [Metric(f"{share}, {name}", "", "higher") for share in _SHARES for name in (SYNTHETIC, REAL)]
    rows = []
    for (taught, tested), found in classified.table_two.items():
        printed = TABLE_II[taught, tested]
        published = (*printed.precision, *printed.recall, *printed.f1, printed.accuracy)
        ours = (*_by_class(found), found.accuracy)
        rows.append(Row(f"taught {taught}, tested {tested}", _cells(ours, published)))
    return StudyTable(
        name="Table II",
        title="Synthetic or real? Generated hands count as real",
        columns=(*columns, Metric("accuracy", "", "higher")),
        rows=tuple(rows),
        source="seed 002, Table II, of 7,000 test images; msH-GAN6's hands on random photographed backdrops",
        note=_note(classified, config) + " Hands stand on white here.",
        caveats=(_DIRECTION,),
    )


def _by_class(found: Tested) -> list[Estimate]:
    """Precision of each class, recall of each, F1 of each."""
    matrix = found.confusion
    return [*map(_plain, matrix.precision().tolist()), *found.recall, *map(_plain, matrix.f1().tolist())]


def _plain(value: float) -> Estimate:
    return Estimate(value, math.nan, math.nan)


def _called_real(classified: Classified, config: HganConfig) -> StudyTable:
    printed = {config.classified: TABLE_II[REAL, GENERATED].recall[1], "photographs": TABLE_II[REAL, REAL].recall[1]}
    rows = [Row(name, (Cell(share, published=printed.get(name)),)) for name, share in classified.called_real.items()]
    return StudyTable(
        name="Every model under Table II's first classifier",
        title="How many images are called real by who has seen none of the generated ones",
        columns=(CALLED_REAL,),
        rows=tuple(rows),
        source="seed 002, Table II, row 1 (recall of real), for msH-GAN6 and photographs; the others are not in it",
        note=_note(classified, config),
    )


def _table_three(classified: Classified, config: HganConfig) -> StudyTable:
    found = classified.table_three
    precision, f1 = found.confusion.precision().tolist(), found.confusion.f1().tolist()
    rows = []
    for place, name in enumerate(CLASSES):
        published = (TABLE_III.precision[place], TABLE_III.recall[place], TABLE_III.f1[place])
        ours = (_plain(precision[place]), found.recall[place], _plain(f1[place]))
        rows.append(Row(name, _cells(ours, published)))
    rows.append(Row("all, accuracy", (Cell(), Cell(found.accuracy, published=TABLE_III.accuracy), Cell())))
    return StudyTable(
        name="Table III",
        title="Synthetic, real or generated?",
        columns=tuple(Metric(share, "", "higher") for share in _SHARES),
        rows=tuple(rows),
        source="seed 002, Table III, of 3,500 test images a class",
        note=_note(classified, config),
        caveats=(_DIRECTION, TRANSPOSED),
    )


def _cells(ours: tuple[Estimate, ...], published: tuple[float, ...]) -> tuple[Cell, ...]:
    return tuple(Cell(each, published=value) for each, value in zip(ours, published, strict=True))


def confusion_tables(classified: Classified, config: HganConfig) -> list[dict[str, Any]]:
    """Figure 7, ours and the published one; rows are the true class."""
    published = Confusion(CLASSES, FIGURE_7)
    return [
        {"title": f"Figure 7: what synthetic, real and {config.classified}'s hands are taken for",
         "note": "Rows are the true class, columns what it was taken for.",
         **classified.table_three.confusion.to_json()},
        {"title": "Figure 7 as published", "note": TRANSPOSED, **published.to_json()},
    ]  # fmt: skip
