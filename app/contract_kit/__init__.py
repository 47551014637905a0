"""The contract kit: proves over HTTP that a deployment does what its document says (`charter contract`).

It reads the document that the deployment serves, makes accounts of its own, and removes them at the end. It uses no
other part of the server, so that a mistake there cannot hide itself.
"""
