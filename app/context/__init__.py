"""What every call of a service gets: the actor, the clock, the event to record, and the dependencies."""
