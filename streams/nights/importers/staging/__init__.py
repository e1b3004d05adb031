"""Expressions of a map worked out: texts, numbers and times, read and checked."""
