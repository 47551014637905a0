"""The chores of projects: the last run of each. The name begins as all names of tables to come."""


def migrate(migrator, database, **kwargs):
    """Add the table."""
    database.execute_sql("""
CREATE TABLE charter_chore_runs (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    name text NOT NULL CONSTRAINT charter_chore_runs_name UNIQUE,
    started_at timestamptz NOT NULL,
    free_at timestamptz NOT NULL,
    ended_at timestamptz
)
""")


def rollback(migrator, database, **kwargs):
    """Forget when each chore last ran: every chore runs at once."""
    database.execute_sql("DROP TABLE charter_chore_runs")
