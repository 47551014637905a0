"""What a rival must know of the access tokens it is shown."""

import os

SECRET = os.environ["JWT_SECRET"]
ISSUER = "charter"
AUDIENCE = "charter"
REQUIRED = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]
