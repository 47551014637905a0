"""The handlers of the shop's operations: a module for each tag."""
