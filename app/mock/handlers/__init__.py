"""The handlers of the mock: the operations of Charter on a state in memory, with the signatures of the real handlers.

What is wrong with a request is decided by the functions of the services wherever these need no database.
"""
