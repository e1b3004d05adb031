"""`python -m streams` is `cotejo`."""

from streams.entry import main

main()
