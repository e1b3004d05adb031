"""Helpers that know nothing of elections: progress, the terminal, files, memory."""
