# SPDX-License-Identifier: Apache-2.0
"""handcraft trains hand-pose estimators for real cameras from synthetic hands."""

from types import ModuleType

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    """``handcraft.predict`` without importing it first: it is the one room that people call in three lines."""
    if name == "predict":
        import importlib

        return importlib.import_module("handcraft.predict")
    raise AttributeError(f"module 'handcraft' has no attribute {name!r}")
