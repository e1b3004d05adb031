"""Everything that speaks to Kafka: clients, security, topics, partitions, the embedded broker."""
