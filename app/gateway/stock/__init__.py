"""The stock stack: Connexion routes, secures and validates; parsing, sending and the steps are ours.

Our entrance is before Connexion and puts an Exchange into the scope. Our bearer handler is in Connexion's
`security_map`, our validators are in its `validator_map`, and its resolver returns the function that runs the steps.
"""
