"""From the readings of a polling table to the verdict on its sheet."""
