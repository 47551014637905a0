"""Rate limits that nobody reaches, for servers whose limits are not what is tested."""

from app import declared_numbers

WIDE_LIMITS = {one.variable: "100000/60" for one in declared_numbers.read().of("rate_limits")}
