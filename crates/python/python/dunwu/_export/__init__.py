"""Runs for other trackers: W&B, MLflow and Trackio through their own packages, TensorBoard's event files through dunwu's own writer."""

from __future__ import annotations

from .exporting import export

__all__ = ["export"]
