"""What Cotejo says of nights whose truth is known, as the tables of docs/evidence.md: `scripts/evidence`."""
