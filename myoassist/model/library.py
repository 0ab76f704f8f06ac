"""Whether MuJoCo can be loaded here."""

from __future__ import annotations

import os

from myoassist.errors import ConfigError


def check_mujoco() -> None:
    """Raise ConfigError, in one line, where the environment variable MUJOCO_GL keeps MuJoCo from loading.

    It is read when MuJoCo is imported, and a value that is not known, or a library that is missing, is an exception.
    """
    chosen = os.environ.get("MUJOCO_GL")
    if not chosen:
        return
    try:
        import mujoco  # noqa: F401
    except (RuntimeError, ImportError, AttributeError, OSError) as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ConfigError(f"MUJOCO_GL={chosen}: MuJoCo does not load with it ({reason}); unset it") from error
