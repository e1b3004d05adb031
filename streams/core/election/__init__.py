"""What can be voted for, where, by whose register, and which settings the rules have."""
