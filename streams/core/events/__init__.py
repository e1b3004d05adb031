"""What arrives: tally reports, bulletins, ticks. Their bytes, their signatures, and what is admitted."""
