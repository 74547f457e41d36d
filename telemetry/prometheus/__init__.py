"""The source that asks a Prometheus, or anything with its HTTP API. docs/prometheus.md says what it asks."""
