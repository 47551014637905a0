"""What proves who somebody is: passwords, tokens, network addresses and the principal they add up to."""
