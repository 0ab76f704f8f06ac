"""The configured gait, whatever it is made from."""

from __future__ import annotations

from myoassist.config import ReferenceConfig
from myoassist.reference.motion import Gait, holds_harmonics, load_gait


def read_gait(config: ReferenceConfig) -> Gait:
    """The configured gait: harmonics as they are, any other motion imported.

    Raises:
        ReferenceError: it cannot be read, or is no walking; one line that says what and where.
    """
    if holds_harmonics(config):
        return load_gait(config.path)
    from myoassist.reference.importing import import_motion  # brings SciPy's filters, which are slow to import

    return import_motion(config).gait
