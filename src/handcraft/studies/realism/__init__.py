# SPDX-License-Identifier: Apache-2.0
"""How like photographs are made images? Every measure, with its control, beside each other for several sets."""

from handcraft.studies.realism.measuring import EncodedSet, Realism, encoded, measure_realism
from handcraft.studies.realism.study import RealismConfig, realism_study

__all__ = ["EncodedSet", "Realism", "RealismConfig", "encoded", "measure_realism", "realism_study"]
