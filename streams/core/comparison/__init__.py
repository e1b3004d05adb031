"""Official figures beside witnessed ones: bounds, rules, findings and the sentences that say them."""
