"""Grafana's boards, Prometheus' configuration and rules. `python -m dashboards` writes the boards' JSON anew."""
