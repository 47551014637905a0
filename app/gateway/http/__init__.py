"""HTTP/1.1 on one connection: requests are read strictly, and uvicorn's cycle sends the responses."""
