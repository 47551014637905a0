"""Failed sign-ins, counted by account, known network and client network."""

from peewee import SQL, IntegerField, TextField

from models.record import Record, UtcDateTimeField, defaulting_to_now


class SignInAttempt(Record):
    """One counter; the key is a digest, so that the table names nobody."""

    key = TextField(unique=True)
    failures = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    blocked_until = UtcDateTimeField(null=True)
    window_started_at = defaulting_to_now()

    class Meta:
        table_name = "sign_in_attempts"
