"""What service functions that act for somebody take: the actor, the dependencies, and the event to write."""
