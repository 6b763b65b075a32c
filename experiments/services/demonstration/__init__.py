"""Filling the workspace with a publisher that does not exist, by the same services that its people would use."""

from experiments.services.demonstration.building import build, is_untouched
from experiments.services.demonstration.house import SignIn

__all__ = ["SignIn", "build", "is_untouched"]
