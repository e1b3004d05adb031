"""What Cotejo decides: pure code without Kafka, clock, network or files. The rooms import only to the left: election,
events, reconciliation, aggregation, comparison, alerting, engine, replay.
"""
