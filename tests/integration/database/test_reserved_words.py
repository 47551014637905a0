"""The words that the name of a column cannot be are those of PostgreSQL."""

from app.database import Database, run
from app.scaffold.reserved import SQL


def test_the_reserved_words_are_those_of_the_database(database: Database) -> None:
    words = {word for (word,) in run("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")}
    assert words <= SQL, sorted(words - SQL)
