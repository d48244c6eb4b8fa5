"""How thoroughly generated documents are tried: quickly by default, HYPOTHESIS_PROFILE=thorough in CI."""

import os

from hypothesis import HealthCheck, settings

unhurried = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("quick", max_examples=15, derandomize=True, **unhurried)
settings.register_profile("thorough", max_examples=150, **unhurried)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
