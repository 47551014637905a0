"""The row that the health check updates, to find out whether the database accepts writes."""

from peewee import Check, IntegerField, Model

from models.record import database, defaulting_to_now


class HealthCheck(Model):
    """The one row of the table."""

    id = IntegerField(primary_key=True, constraints=[Check("id = 1")])
    checked_at = defaulting_to_now()

    class Meta:
        database = database
        table_name = "health_checks"
