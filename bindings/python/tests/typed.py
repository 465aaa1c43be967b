"""The wheel declares its types, and its stubs have the names, parameters and attributes of the
module."""

import ast
import importlib.resources
import inspect

import wufu_verifier as wufu

files = importlib.resources.files("wufu_verifier")
assert files.joinpath("py.typed").is_file(), "the wheel has no py.typed, so type checkers ignore it"
stubs = ast.parse(files.joinpath("__init__.pyi").read_text(encoding="utf-8"))


def parameters(function):
    every = function.args
    return [arg.arg for arg in every.posonlyargs + every.args + every.kwonlyargs]


stubbed = {}
for node in stubs.body:
    if isinstance(node, ast.AnnAssign):
        stubbed[node.target.id] = node
    elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        stubbed[node.name] = node
missing = set(wufu.__all__) - stubbed.keys()
assert not missing, f"without stubs: {missing}"
for name in wufu.__all__:
    node, real = stubbed[name], getattr(wufu, name)
    if isinstance(node, ast.FunctionDef):
        assert parameters(node) == list(inspect.signature(real).parameters), name
    elif isinstance(node, ast.ClassDef):
        for member in (each for each in node.body if isinstance(each, ast.FunctionDef)):
            method = inspect.getattr_static(real, member.name)
            if isinstance(method, property):
                continue
            method = method.__func__ if isinstance(method, classmethod) else method
            real_parameters = list(inspect.signature(method).parameters)
            assert parameters(member) == real_parameters, f"{name}.{member.name}"
        fields = [each.target.id for each in node.body if isinstance(each, ast.AnnAssign)]
        real_fields = list(getattr(real, "__dataclass_fields__", fields))
        assert fields == real_fields, f"{name}: {fields}, expected {real_fields}"
print(f"types: {len(wufu.__all__)} names match their stubs")
