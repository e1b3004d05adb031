"""The Faust application: three stages, their outboxes, the couriers, metrics."""
