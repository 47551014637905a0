"""Journeys: requests that follow each other, as openapi/journeys.yaml describes them, made into Arazzo workflows."""

from app.spec.journeys.arazzo import journey_faults, read_workflows
from app.spec.journeys.steps import INPUTS

__all__ = ["INPUTS", "journey_faults", "read_workflows"]
