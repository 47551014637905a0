"""What attackers try, as their list, and what they get for it.

One file for each kind of attack. The docstring of a test names the rule it holds: a requirement of OWASP ASVS 5.0.0, an
entry of the OWASP API Security Top 10 of 2023, or a section of an RFC.
"""
