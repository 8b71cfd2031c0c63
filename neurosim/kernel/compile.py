"""From the source of a kernel to object code, by Numba."""

import linecache
from typing import Any

import llvmlite.binding as llvm

from .cache import FOREIGN, SYMBOL

_KNOWN = frozenset(FOREIGN)


def compile_kernel(source: str, name: str) -> tuple[bytes | None, int]:
    """Compile the `advance` of a kernel source.

    Returns
    -------
    code : bytes or None
        Object code with the function as `SYMBOL`; None where it needs more than the C library's mathematics.
    address : int
        Of the function as a C callback in this process, for where the object code cannot be used.
    """
    file = f"{name}.py"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(source, file, "exec"), namespace)
    callback = namespace["advance"]
    _keep.append(callback)
    return _object_code(callback), callback.address


_keep: list[Any] = []
"""Numba frees the code of a callback with the callback."""


def _object_code(callback: Any) -> bytes | None:
    library = callback._library
    module = llvm.parse_assembly(library.get_llvm_str())
    native = callback._wrapper_name.removeprefix("cfunc.")
    for function in module.functions:
        if function.name == native:
            function.name = SYMBOL
        elif not function.is_declaration:
            function.linkage = "internal"
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    machine = library.codegen._tm
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    foreign = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    return machine.emit_object(module) if foreign <= _KNOWN else None
