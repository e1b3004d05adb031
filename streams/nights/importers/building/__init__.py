"""An election's register and its events, from staged rows."""
