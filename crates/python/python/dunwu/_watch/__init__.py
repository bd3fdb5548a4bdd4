"""Watching a training loop of somebody else's in PyTorch. PyTorch is imported when a model is watched, not before."""

from __future__ import annotations

from .watching import Watch, watch

__all__ = ["Watch", "watch"]
