"""The boards in a running Grafana: provisioning and annotations."""
