"""What operators see: the log, slow queries and metrics."""
