"""How many examples Hypothesis tries where each takes a tenth of a second or more."""

import os

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def tries(quick):
    """So many, or eight times as many under ``HYPOTHESIS_PROFILE=thorough``."""
    return 8 * quick if THOROUGH else quick
