"""The kit for the tests of a project, which `charter.testing` gives to pytest: real servers, people, a clock."""
