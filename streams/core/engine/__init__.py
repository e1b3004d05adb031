"""A whole night in order: ticks, watermarks, which rules are asked where, what is published next."""
