"""A plugin of pytest: a property that fails is not made smaller, which takes minutes and tells nothing here; and none
fails for being slow."""

from hypothesis import settings
from hypothesis.internal.conjecture import engine

engine.MAX_SHRINKING_SECONDS = 1
settings.register_profile("mutation", deadline=None)
settings.load_profile("mutation")
