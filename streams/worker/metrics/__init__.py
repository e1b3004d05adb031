"""What Prometheus may ask of a worker."""
