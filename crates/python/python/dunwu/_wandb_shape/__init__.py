"""The shape of Weights & Biases: `import dunwu as wandb` records a script that was written for it.

Semantics of steps and settings follow wandb 0.31; `tests/test_export_wandb.py` holds them against the real package.
"""

from __future__ import annotations

from .._run_verb import RunVerb
from . import errors
from .settings import Config
from .errors import Error, UsageError
from .media import Audio, Graph, Histogram, Html, Image, Molecule, Object3D, Plotly, Table, Video
from .session import (
    Api,
    Run,
    WatchOfRun,
    active_config,
    active_run,
    active_summary,
    agent,
    alert,
    define_metric,
    finish,
    init,
    log,
    log_artifact,
    login,
    mark_preempting,
    save,
    setup,
    teardown,
    unwatch,
    use_artifact,
)
from .summaries import Summary
from .unsupported import Artifact, Plots, Settings

CommError = Error
plot = Plots()
log_model = log_code = link_artifact = link_model = log_artifact
use_model = restore = use_artifact

#: What `import dunwu as wandb` finds here. `run`, `sweep` and `watch` are not among them: they are dunwu's own, see `RunVerb`.
NAMES = (
    "Api",
    "Artifact",
    "Audio",
    "CommError",
    "Config",
    "Error",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "Molecule",
    "Object3D",
    "Plotly",
    "Settings",
    "Table",
    "UsageError",
    "Video",
    "agent",
    "alert",
    "config",
    "define_metric",
    "errors",
    "finish",
    "init",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "login",
    "mark_preempting",
    "plot",
    "restore",
    "save",
    "setup",
    "summary",
    "teardown",
    "unwatch",
    "use_artifact",
    "use_model",
)


def __getattr__(name: str) -> object:
    if name == "config":
        return active_config()
    if name == "summary":
        return active_summary()
    raise AttributeError(f"module 'dunwu' has nothing of W&B's that is called {name!r}; it has {', '.join(NAMES)}")


__all__ = ["NAMES", "Config", "Run", "RunVerb", "Summary", "WatchOfRun", "active_run"]
__all__ += ["Audio", "Graph", "Histogram", "Html", "Image", "Molecule", "Object3D", "Plotly", "Table", "Video"]
__all__ += ["Api", "Artifact", "CommError", "Error", "Settings", "UsageError", "errors", "plot"]
__all__ += ["agent", "alert", "define_metric", "finish", "init", "link_artifact", "link_model", "log", "log_artifact"]
__all__ += ["log_code", "log_model", "login", "mark_preempting", "restore", "save", "setup", "teardown", "unwatch"]
__all__ += ["use_artifact", "use_model"]
