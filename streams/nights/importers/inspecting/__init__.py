"""What published files hold, by their first rows, and a map to begin with."""
