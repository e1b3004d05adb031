"""Alerts on their way out: bodies, signatures, one POST, and what an operator may ask of them."""
