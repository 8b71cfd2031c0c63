"""Functions of model files that Brian2 does not have. Exported scripts hold copies of them."""

from brian2 import check_units, declare_types, implementation
from numpy import isnan, tanh
from numpy import where as choose


@implementation("cpp", "double where(bool c, double a, double b) { return c ? a : b; }")
@implementation("cython", "cdef double where(bint c, double a, double b):\n    return a if c else b")
@implementation("numpy", discard_units=True)
@declare_types(condition="boolean", a="any", b="any", result="float")
@check_units(condition=1, a=None, b=None, result=lambda condition, a, b: a)
def where(condition, a, b):
    """Choose a where a condition holds, else b: unlike int(condition)*a, also for an infinite a or b."""
    return choose(condition, a, b)


@implementation("cpp", "double gate(double x) { return x != x ? 1.0 : (1 + tanh(x))/2; }")
@implementation("cython", "cdef double gate(double x):\n    return 1.0 if x != x else (1 + tanh(x))/2")
@implementation("numpy", discard_units=True)
@declare_types(x="float", result="float")
@check_units(x=1, result=1)
def gate(x):
    """(1 + tanh(x))/2, and 1 at infinite beta times 0."""
    return choose(isnan(x), 1.0, (1 + tanh(x)) / 2)
