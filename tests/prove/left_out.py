"""The tests that PgBouncer keeps from running, by the beginning of their names, each with the reason."""

_KILLS = "kills the process behind one connection from another: PgBouncer gives both the same, or replaces it unseen"
_WATCHES = "looks at which process of the server answers, and PgBouncer chooses that"
_KEEPS = "is about databases that tests lend to one another, which they do not do behind a pooler"
_SET_BEFORE = "changes settings of the role, which PgBouncer's connections took on when they were made"
_CONNECTIONS = "tests/integration/database/test_connections.py::"
_SETTINGS = "tests/integration/database/test_session_settings.py::"
_KEPT = "tests/integration/database/test_stored_responses.py::"

LEFT_OUT = {
    f"{_CONNECTIONS}test_a_connection_that_died_in_the_pool_is_not_handed_out": _KILLS,
    f"{_CONNECTIONS}test_a_repeatable_statement_survives_the_loss_of_its_connection": _KILLS,
    f"{_CONNECTIONS}test_any_other_statement_is_unavailable_and_the_next_one_works": _KILLS,
    f"{_CONNECTIONS}test_a_transaction_begins_on_a_fresh_connection_when_the_old_one_is_lost": _KILLS,
    f"{_CONNECTIONS}test_a_server_that_has_become_a_standby_is_left": _WATCHES,
    f"{_CONNECTIONS}test_a_reset_replaces_idle_connections_now_and_others_when_they_return": _WATCHES,
    f"{_CONNECTIONS}test_a_fork_forgets_the_connections_without_closing_them": _WATCHES,
    "tests/integration/database/test_model_queries.py::test_a_lost_connection_is_unavailable_unless": _KILLS,
    f"{_SETTINGS}test_whatever_the_role_says_the_api_answers_the_same": _SET_BEFORE,
    f"{_KEPT}test_nobody_else_is_left_in_it_and_its_own_sessions_know_nothing_of_before": _KEEPS,
    f"{_KEPT}test_it_is_lent_to_one_at_a_time_and_not_again_once_altered": _KEEPS,
}
