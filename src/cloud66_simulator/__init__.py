"""
A stateful stand-in for the Cloud 66 API v3: for the demo, the tests, and trying a workflow out safely.

It imports nothing of the action, so that the two can't share one wrong idea of the API.
"""

from cloud66_simulator.adapter import SimulatorAdapter
from cloud66_simulator.behaviour import FATES, Behaviour
from cloud66_simulator.clock import DEFAULT_START, ManualClock, ScaledClock
from cloud66_simulator.core.account import BASE_PATH, Account
from cloud66_simulator.core.answers import Answer, Disturbance, Problem
from cloud66_simulator.core.faults import FAULT_KINDS, Fault
from cloud66_simulator.core.records import (
    DEFAULT_STACK,
    DOCKER_STACK,
    Deployment,
    RequestRecord,
    StackSpec,
    Token,
)
from cloud66_simulator.core.world import Simulator
from cloud66_simulator.server import create_app

__all__ = [
    "BASE_PATH",
    "DEFAULT_STACK",
    "DEFAULT_START",
    "DOCKER_STACK",
    "FATES",
    "FAULT_KINDS",
    "Account",
    "Answer",
    "Behaviour",
    "Deployment",
    "Disturbance",
    "Fault",
    "ManualClock",
    "Problem",
    "RequestRecord",
    "ScaledClock",
    "Simulator",
    "SimulatorAdapter",
    "StackSpec",
    "Token",
    "create_app",
]
