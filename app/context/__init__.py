"""What every service function takes: the actor, the dependencies, and the event to write."""
