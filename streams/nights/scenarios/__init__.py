"""Nights that come with Cotejo. They hold facts only: totals, dates, both sides' announcements."""
