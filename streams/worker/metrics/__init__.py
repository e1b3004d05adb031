"""The metrics that a worker serves to Prometheus."""
