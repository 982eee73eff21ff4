"""
A stateful stand-in for the Cloud 66 API v3: for the demo, the tests, and trying a workflow out safely.

It imports nothing of the action, so that the two can't share one wrong idea of the API.
"""

from cloud66_simulator.adapter import SimulatorAdapter
from cloud66_simulator.app import BASE_PATH, StandIn, create_app
from cloud66_simulator.behaviour import FATES, Behaviour
from cloud66_simulator.clock import DEFAULT_START, ManualClock, ScaledClock
from cloud66_simulator.faults import FAULT_KINDS, Fault
from cloud66_simulator.problems import Problem
from cloud66_simulator.records import (
    DEFAULT_STACK,
    DOCKER_STACK,
    Deployment,
    RequestRecord,
    StackSpec,
    Token,
)
from cloud66_simulator.world import Simulator

__all__ = [
    "BASE_PATH",
    "DEFAULT_STACK",
    "DEFAULT_START",
    "DOCKER_STACK",
    "FATES",
    "FAULT_KINDS",
    "Behaviour",
    "Deployment",
    "Fault",
    "ManualClock",
    "Problem",
    "RequestRecord",
    "ScaledClock",
    "Simulator",
    "SimulatorAdapter",
    "StackSpec",
    "StandIn",
    "Token",
    "create_app",
]
