"""HTTP/1.1 on one connection: read strictly, answered by uvicorn's cycle."""
