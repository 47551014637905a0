"""Who lives in a large database, and what its audit trail says: rows as COPY reads them, alike for every size.

Nothing here knows a database. A population of ten thousand and one of a million have the same shares of everything, so
that the same request finds a hundred times as much in the second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from math import sqrt
from random import Random

from tests.bench.scale import names
from tests.bench.scale.trail import BUSY_SHAPES, NULL, RARE_SHAPE, SHAPES, Shape, Words

Block = tuple[int, str]
"""How many rows, and the rows as COPY reads them."""

BLOCK = 10_000
YEARS = timedelta(days=6 * 365)
MONTHS = 6
"""The calendar months that the trail reaches back, the present one included."""

ADMIN = "ada@north.example"
BUSY = "robot@north.example"
"""The account that did most of what is in the trail."""

# Every so many accounts one has the role; who has none of them is a user. Counted so that 10 000 have all of them.
RARITIES = (("admin", 10_000, 0), ("auditor", 1_000, 1), ("support", 100, 2), ("guest", 10, 3))
OWN_ROLES = {"auditor": ("audit:read",), "support": ("profiles:read", "users:list", "users:read")}

SUSPENDED, CHANGED, LIVE = 0.02, 0.4, 0.6
# One in so many has no name.
NAMELESS = 10
BUSY_SHARE, NOBODY_SHARE = 0.6, 0.02
RARELY = 3
"""How often the busy account did what many others do."""

COLUMNS = {
    "users": "id, email, name_key, password_hash, role_id, status, verified_at, version, created_at, updated_at",
    "user_profiles": "id, user_id, display_name, locale, time_zone, created_at, updated_at",
    "sessions": "id, user_id, generation, key_id, rotated_at, idle_expires_at, expires_at, ends_by, ended_at,"
    " end_reason, user_agent, address, network, created_at, updated_at",
    "audit_clients": "id, address, user_agent, created_at",
    "charter_audit_entries": "id, occurred_at, tick, request_id, actor_id, role_id, label_id, counted, target_id,"
    " target_name, details, client_id",
}


@dataclass(frozen=True, slots=True)
class Population:
    """How many there are, and until when.

    Attributes:
        users: at least two.
        events: rows of the trail.
        until: the moment of the newest row, aware.
    """

    users: int
    events: int
    until: datetime

    @property
    def sessions(self) -> int:
        """How many sessions there are."""
        return self.users // 2

    @property
    def clients(self) -> int:
        """How many addresses the trail knows."""
        return self.users // 10 + 1


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month's share of the trail.

    Attributes:
        begin, end: aware; the last month ends with the population.
        first: rows in the months before it.
    """

    begin: datetime
    end: datetime
    first: int
    rows: int


class People:
    """The accounts of a population, one after the other as they were made.

    Args:
        role_ids: the id of each role by its name.
        password_hash: of the one password that all have.
    """

    def __init__(self, population: Population, role_ids: dict[str, str], password_hash: str) -> None:
        self._population = population
        self._role_ids = role_ids
        self._hash = password_hash
        self._random = Random(population.users)
        until, span = _milliseconds(population.until), YEARS / timedelta(milliseconds=1)
        # More and more people come: half of all in the last third of the time.
        self.made = [int(until - span * (1 - sqrt((n + 1) / population.users))) for n in range(population.users)]
        self.ids = [identifier(moment, self._random) for moment in self.made]
        self.roles = [_role(n) for n in range(population.users)]

    def _shown(self, number: int) -> str | None:
        return None if number % NAMELESS == 4 else names.display_name(number)

    def users(self) -> Iterator[Block]:
        """Yield the accounts."""
        random, until = self._random, _milliseconds(self._population.until)
        for numbers in _blocks(self._population.users):
            lines = []
            for n in numbers:
                role, made = self.roles[n], self.made[n]
                changed = random.random() < CHANGED
                updated = moment(random.randint(made, until)) if changed else moment(made)
                status = "suspended" if n > 1 and random.random() < SUSPENDED else "active"
                verified = NULL if role == "guest" else moment(made)
                shown = self._shown(n)
                key = NULL if shown is None else shown.lower()
                fields = (self.ids[n], names.email(n), key, self._hash, self._role_ids[role], status, verified)
                lines.append("\t".join((*fields, "2" if changed else "1", moment(made), updated)))
            yield len(lines), "\n".join(lines) + "\n"

    def profiles(self) -> Iterator[Block]:
        """Yield the profile of each account."""
        random = self._random
        for numbers in _blocks(self._population.users):
            lines = []
            for n in numbers:
                made = moment(self.made[n])
                shown = self._shown(n) or NULL
                fields = (identifier(self.made[n], random), self.ids[n], shown, "en-GB", "Europe/London", made, made)
                lines.append("\t".join(fields))
            yield len(lines), "\n".join(lines) + "\n"

    def sessions(self) -> Iterator[Block]:
        """Yield the sessions: the busy account has a fiftieth of them, a hundred at most."""
        random, until = self._random, _milliseconds(self._population.until)
        day = 86_400_000
        busy = min(100, self._population.sessions // 50)
        for numbers in _blocks(self._population.sessions):
            lines = []
            for n in numbers:
                owner = 1 if n < busy else random.randrange(self._population.users)
                begun = random.randint(max(self.made[owner], until - 60 * day), until)
                live = random.random() < LIVE or n < busy
                ended = (NULL, NULL) if live else (moment(until), "logout")
                over = begun + 90 * day
                # As Charter has it: the first midnight after the end, which is later than the end.
                ends = (moment(over), moment(over), moment((over // day + 1) * day))
                made = moment(begun)
                fields = (identifier(begun, random), self.ids[owner], "1", "seed", NULL, *ends, *ended)
                address = f"198.51.{n % 100}.{n % 250}"
                lines.append("\t".join((*fields, "Mozilla/5.0 (seed)", address, address, made, made)))
            yield len(lines), "\n".join(lines) + "\n"


class Trail:
    """The audit trail of a population, a month at a time.

    Args:
        people: their ids; the second is the busy account.
        labels: the number of each label of the shapes.
        roles: the number of each role's name in the trail, `cli` included.
    """

    def __init__(
        self, population: Population, people: People, labels: Mapping[Words, int], roles: Mapping[str, int]
    ) -> None:
        self._population = population
        self._people = people
        self._labels = labels
        self._roles = {NULL: NULL, **{name: str(number) for name, number in roles.items()}}
        self._random = Random(population.events)
        self._clients = [f"{self._random.getrandbits(128):032x}" for _ in range(population.clients)]
        self._weights = list(accumulate(shape.weight for shape in SHAPES))
        self._rarely = {population.events * (2 * n + 1) // (2 * RARELY) for n in range(RARELY)}

    def clients(self) -> Iterator[Block]:
        """Yield the addresses and agents."""
        made = moment(_milliseconds(self._population.until - YEARS))
        for numbers in _blocks(len(self._clients)):
            lines = [f"{self._clients[n]}\t198.51.{n % 100}.{n % 250}\tMozilla/5.0 (seed)\t{made}" for n in numbers]
            yield len(lines), "\n".join(lines) + "\n"

    def months(self) -> list[Month]:
        """Return the months, oldest first, each with as much of the trail as it has of the time."""
        until = self._population.until.astimezone(UTC)
        begins = [until.replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
        while len(begins) < MONTHS:
            begins.append((begins[-1] - timedelta(days=1)).replace(day=1))
        begins.reverse()
        ends = [*begins[1:], until]
        whole = until - begins[0]
        bounds = [int(self._population.events * ((end - begins[0]) / whole)) for end in ends]
        firsts = [0, *bounds[:-1]]
        return [
            Month(begin, end, first, bound - first)
            for begin, end, first, bound in zip(begins, ends, firsts, bounds, strict=True)
        ]

    def events(self, month: Month) -> Iterator[Block]:
        """Yield the decisions and events of a month, oldest first."""
        begin = _milliseconds(month.begin)
        step = (_milliseconds(month.end) - begin) / month.rows if month.rows else 0
        for numbers in _blocks(month.rows):
            rows = range(month.first + numbers.start, month.first + numbers.stop)
            moments = [int(begin + n * step) for n in numbers]
            lines = [self._row(*row) for row in zip(rows, moments, self._shapes(len(rows)), strict=True)]
            yield len(lines), "\n".join(lines) + "\n"

    def _shapes(self, count: int) -> list[Shape]:
        return self._random.choices(SHAPES, cum_weights=self._weights, k=count)

    def _row(self, number: int, when: int, shape: Shape) -> str:
        chance, people = self._random.random, self._people
        draw, actor = chance(), 2 + int(chance() * (len(people.ids) - 2))
        identity, role = people.ids[actor], people.roles[actor]
        if number in self._rarely or draw < BUSY_SHARE:
            actor, identity, role = 1, people.ids[1], people.roles[1]
            shape = RARE_SHAPE if number in self._rarely else BUSY_SHAPES[number % len(BUSY_SHAPES)]
        elif draw > 1 - NOBODY_SHARE:
            identity, role = NULL, "cli" if number % 2_000 == 0 else NULL
        about = people.ids[int(chance() * len(people.ids))] if shape.about == "user" else NULL
        key = identifier(when, self._random)
        client = self._clients[actor % len(self._clients)]
        whose = f"{moment(when)}\t{when >> 12}\t{key}\t{identity}\t{self._roles[role]}"
        content = f"{self._labels[shape.words]}\t{shape.counted}\t{about}\t{shape.target}"
        details = f'{{"user_id": "{about}"}}' if shape.detailed else NULL
        return f"{key}\t{whose}\t{content}\t{details}\t{client}"


def identifier(milliseconds: int, random: Random) -> str:
    """Return a UUIDv7 of a moment."""
    bits = random.getrandbits(74)
    low = 0x8 << 60 | bits & (1 << 62) - 1
    high = f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{bits >> 62:03x}"
    return f"{high}-{low >> 48:04x}-{low & (1 << 48) - 1:012x}"


def moment(milliseconds: int) -> str:
    """Return a moment in UTC as PostgreSQL reads it, to the millisecond."""
    days, rest = divmod(milliseconds, 86_400_000)
    seconds, rest = divmod(rest, 1000)
    return f"{_day(days)} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}Z"


@cache
def _day(days: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).date().isoformat()


def _role(number: int) -> str:
    return next((name for name, every, at in RARITIES if number % every == at), "user")


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _blocks(count: int) -> Iterator[range]:
    for begin in range(0, count, BLOCK):
        yield range(begin, min(begin + BLOCK, count))
