"""`charter doctor`: checks a deployment, from its configuration to its keys, and says how to fix each fault.

It changes nothing. `examination` has the list of checks; each group of checks is a module.
"""

from app.cli.doctor.command import doctor

__all__ = ["doctor"]
