"""
A stateful simulator of the Cloud 66 API v3: for the demo, the tests, and trying a workflow out safely.

It imports nothing of the action, so that the two can't share one wrong idea of the API.
"""

from cloud66_simulator.adapter import SimulatorAdapter
from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.clock import ManualClock
from cloud66_simulator.core.answers import Problem
from cloud66_simulator.core.faults import Fault
from cloud66_simulator.core.records import DEFAULT_STACK, DOCKER_STACK, Deployment, RequestRecord, StackSpec
from cloud66_simulator.core.world import Simulator

__all__ = [
    "DEFAULT_STACK",
    "DOCKER_STACK",
    "Behaviour",
    "Deployment",
    "Fault",
    "ManualClock",
    "Problem",
    "RequestRecord",
    "Simulator",
    "SimulatorAdapter",
    "StackSpec",
]
