"""What every check works with: the sender of requests, and the people, values and expectations of the run."""

from app.contract_kit.client import Client
from app.contract_kit.document import Document
from app.contract_kit.options import Options
from app.contract_kit.people import People
from app.contract_kit.person import Person
from app.contract_kit.results import Results
from app.contract_kit.sender import CannotTryError, Sender
from app.contract_kit.trail import Trail
from app.contract_kit.values import Values

__all__ = ["CannotTryError", "Kit"]


class Kit(Sender):
    """One run against one deployment.

    Args:
        run: its name.
    """

    def __init__(self, client: Client, document: Document, results: Results, options: Options, *, run: str) -> None:
        super().__init__(client, document, results, run=run, seed=options.seed)
        self.options = options
        self.skipped = options.skipped
        self.people = People(self, Person("given", options.email, options.password, given=True))
        self.values = Values(self.people)
        self.trail = Trail(self.people)
