"""Faults put into the product one at a time, to see whether its tests notice."""
