"""A request as the gateway sees it: its context, and what was decided about it before any I/O."""

from dataclasses import dataclass

from app.errors import AppError
from app.pipeline.operation import CompiledOperation
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response


@dataclass(slots=True)
class Request:
    """A parsed request.

    Attributes:
        context: always there, for an error too, so that the request can be logged.
        operation: the operation to run; None for a page, and for a request that is answered here.
        error: to be sent at once.
        response: to be sent at once (OPTIONS).
        is_page: it is handed on to the pages, which Flask serves.
    """

    context: RequestContext
    operation: CompiledOperation | None = None
    error: AppError | None = None
    response: Response | None = None
    is_page: bool = False
