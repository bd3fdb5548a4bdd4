"""`_native.pyi` says of the native module what is true of it: every name, every parameter, every docstring, and nothing else.

The module is read by `inspect`, the stub as a syntax tree; neither knows of the other.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import dunwu
import pytest
from dunwu import _native

STUB = Path(dunwu.__file__).with_name("_native.pyi")
#: What every class has; PyO3 gives them to all, and typeshed declares them for `object`.
OF_EVERY_CLASS = {"__doc__", "__module__", "__new__", "__repr__", "__str__"}
#: What Python itself gives to a module.
OF_EVERY_MODULE = {"__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__"}


@dataclass(frozen=True)
class Parameter:
    """A parameter; `name` is empty where it cannot be given by name."""

    name: str
    is_optional: bool


@dataclass(frozen=True)
class Member:
    """A function, method, property or constant, and what is said of it. `parameters` without the object itself."""

    kind: str
    parameters: tuple[Parameter, ...] = ()
    doc: str | None = None


Facts = dict[str, Member]
"""By name; members of classes as `Class.member`, a class under its own name with the parameters of its constructor."""


def facts_of_module(module: ModuleType) -> Facts:
    facts: Facts = {}
    for name, value in vars(module).items():
        if name in OF_EVERY_MODULE:
            continue
        if inspect.isclass(value):
            facts |= _facts_of_class(name, value)
        elif callable(value):
            facts[name] = Member("function", _parameters(value), inspect.getdoc(value))
        else:
            facts[name] = Member("constant")
    return facts


def _facts_of_class(name: str, value: type) -> Facts:
    constructor = _parameters(value) if value.__text_signature__ else ()
    facts = {name: Member("class" if _can_have_subclasses(value) else "final class", constructor, inspect.getdoc(value))}
    for own, member in vars(value).items():
        if own in OF_EVERY_CLASS:
            continue
        found = getattr(value, own)
        doc = None if own.startswith("_") and inspect.isroutine(found) else inspect.getdoc(found)
        if inspect.isgetsetdescriptor(member):
            facts[f"{name}.{own}"] = Member("property", (), doc)
        elif isinstance(member, staticmethod):
            facts[f"{name}.{own}"] = Member("static method", _parameters(found), doc)
        else:
            facts[f"{name}.{own}"] = Member("method", _parameters(found)[1:], doc)
    return facts


def _can_have_subclasses(value: type) -> bool:
    try:
        type("Below", (value,), {})
    except TypeError:
        return False
    return True


def _parameters(function: Callable[..., object]) -> tuple[Parameter, ...]:
    """From `__text_signature__`, which PyO3 writes."""
    found = inspect.signature(function).parameters.values()
    return tuple(Parameter("" if each.kind is each.POSITIONAL_ONLY else each.name, each.default is not each.empty) for each in found)


def facts_of_stub(text: str) -> Facts:
    facts: Facts = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            facts |= _facts_of_class_in_stub(node)
        elif isinstance(node, ast.FunctionDef):
            facts[node.name] = Member("function", _parameters_in_stub(node), ast.get_docstring(node))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            facts[node.target.id] = Member("constant")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            facts[node.targets[0].id] = Member("constant")
    return facts


def _facts_of_class_in_stub(node: ast.ClassDef) -> Facts:
    is_final = "final" in _decorators(node)
    constructor: tuple[Parameter, ...] = ()
    facts: Facts = {}
    for member in node.body:
        if not isinstance(member, ast.FunctionDef) or member.name in OF_EVERY_CLASS - {"__new__"}:
            continue
        name, decorators = f"{node.name}.{member.name}", _decorators(member)
        parameters, doc = _parameters_in_stub(member), ast.get_docstring(member)
        if member.name == "__new__":
            constructor = parameters[1:]
        elif "property" in decorators:
            facts[name] = Member("property", (), doc)
        elif "staticmethod" in decorators:
            facts[name] = Member("static method", parameters, doc)
        else:
            facts[name] = Member("method", parameters[1:], doc)
    facts[node.name] = Member("final class" if is_final else "class", constructor, ast.get_docstring(node))
    return facts


def _decorators(node: ast.ClassDef | ast.FunctionDef) -> set[str]:
    return {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}


def _parameters_in_stub(node: ast.FunctionDef) -> tuple[Parameter, ...]:
    arguments = node.args
    assert not arguments.kwonlyargs and arguments.vararg is None and arguments.kwarg is None, "no function of Rust has these so far"
    names = ["" for _ in arguments.posonlyargs] + [each.arg for each in arguments.args]
    first_optional = len(names) - len(arguments.defaults)
    return tuple(Parameter(name, place >= first_optional) for place, name in enumerate(names))


def listed_in_stub(text: str) -> list[str]:
    """Its `__all__`."""
    assignments = [node for node in ast.parse(text).body if isinstance(node, ast.Assign)]
    [value] = [node.value for node in assignments if ast.unparse(node.targets[0]) == "__all__"]
    return ast.literal_eval(value)


def test_the_stub_and_the_module_have_the_same_names() -> None:
    ours, theirs = set(facts_of_stub(STUB.read_text())), set(facts_of_module(_native))
    assert ours - theirs == set(), "only the stub has these"
    assert theirs - ours == set(), "only the module has these"
    assert listed_in_stub(STUB.read_text()) == _native.__all__


def test_every_member_of_the_stub_is_what_the_module_has() -> None:
    ours, theirs = facts_of_stub(STUB.read_text()), facts_of_module(_native)
    assert {name: fact for name, fact in ours.items() if fact != theirs[name]} == {name: theirs[name] for name in ours if ours[name] != theirs[name]}


@pytest.mark.parametrize(
    ("changed", "into", "where"),
    [
        ("def commands() -> str:", "def comands() -> str:", "comands"),
        ("step: int | None = None) -> ForeignRun", "step: int | None) -> ForeignRun", "ForeignRun.open"),
        ("def read_table(path:", "def read_table(file:", "read_table"),
        ("name: str, runs: str", "name: str = ..., runs: str", "RecordedRun"),
        ("@final\nclass Figure:", "class Figure:", "Figure"),
        ("    @property\n    def columns", "    def columns", "Table.columns"),
        ("Its extents", "Its sizes", "Array.shape"),
    ],
)
def test_a_stub_that_drifted_is_noticed(changed: str, into: str, where: str) -> None:
    text = STUB.read_text()
    assert text.count(changed) == 1
    drifted, theirs = facts_of_stub(text.replace(changed, into)), facts_of_module(_native)
    assert [name for name, fact in drifted.items() if theirs.get(name) != fact] == [where]
