"""`charter doctor`: looks at a deployment from settings to keys, changes nothing, and says how to mend what is wrong.

`examination` has the list of checks; each group of them is a module of its own.
"""

from app.cli.doctor.command import doctor

__all__ = ["doctor"]
