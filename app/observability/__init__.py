"""What an operator can see: the log, slow queries and figures."""
