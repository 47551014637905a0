"""The small document, served by a process of its own until it dies: for what the death of a process must not undo."""

import os
import time
from pathlib import Path

from tests.service import Service, config_for

config = config_for(DATABASE_URL=os.environ["DATABASE_URL"], CHARTER_GATEWAY=os.environ["CHARTER_GATEWAY"])
document = Path(__file__).parent / "document" / "openapi.yaml"
service = Service(config, document=document, handlers_package="tests.sample_contract.handlers")
print(service.url, flush=True)
while True:
    time.sleep(60)
