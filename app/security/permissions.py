"""The permissions that are the same in every deployment."""

# Every role has these permissions and cannot lose them. The session statement says the same.
EVERYBODY = frozenset({"account:read", "account:update", "sessions:end"})
