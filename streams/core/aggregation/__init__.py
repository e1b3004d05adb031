"""From verdicts on polling tables to the sums, histograms and projections of areas."""
