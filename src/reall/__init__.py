"""ReALL: answers about relapsed or refractory childhood acute lymphoblastic leukaemia that can be checked."""

__version__ = "0.1.0"
