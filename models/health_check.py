"""The row that a server writes to see whether writes are taken."""

from peewee import Check, IntegerField, Model

from models.record import database, defaulting_to_now


class HealthCheck(Model):
    """The only one there is."""

    id = IntegerField(primary_key=True, constraints=[Check("id = 1")])
    checked_at = defaulting_to_now()

    class Meta:
        database = database
        table_name = "health_checks"
