"""The handlers of the sample document: those of Charter, and those beside this file."""

import handlers

__path__ += handlers.__path__
