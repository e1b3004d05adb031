"""A plugin of pytest: a property that fails is not made smaller, which takes minutes and tells nothing here."""

from hypothesis.internal.conjecture import engine

engine.MAX_SHRINKING_SECONDS = 1
