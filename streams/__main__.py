"""`python -m streams` is `cotejo`."""

from streams.cli import main

main()
