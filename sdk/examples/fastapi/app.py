"""A service of your own: it keeps notes for people who are signed in at Charter."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from charter_client.models import User
from fastapi import Body, Depends, FastAPI

from signed_in import SignedIn

signed_in = SignedIn.from_environment()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the connections to Charter at the end."""
    yield
    await signed_in.close()


app = FastAPI(title="Notes", lifespan=lifespan)
notes: dict[UUID, list[str]] = defaultdict(list)
Caller = Annotated[User, Depends(signed_in)]


@app.get("/notes")
async def list_notes(caller: Caller) -> list[str]:
    """Return the notes of the caller."""
    return notes[caller.id]


@app.post("/notes", status_code=201)
async def add_note(caller: Caller, text: Annotated[str, Body(embed=True, max_length=1000)]) -> list[str]:
    """Add a note, and return all."""
    notes[caller.id].append(text)
    return notes[caller.id]
