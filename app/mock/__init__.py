"""`charter mock`: the document served without a database, for the tests of client teams.

The request parser, the steps, the validators and the response checks are those of the server. Only what needs the
database or Redis is replaced: `steps/` has the authorization, the stored responses and the transaction, `handlers/` the
operations of Charter, on a state in memory. Operations that have no handler here respond with examples of the document.
"""
