"""Mutations at random places: what a slip of the hand makes of a file, one at a time."""

import ast
from dataclasses import dataclass
from itertools import pairwise

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "+",
    ast.FloorDiv: "*",
    ast.Div: "*",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "ceil": "floor", "floor": "ceil"}


@dataclass(frozen=True, slots=True)
class Mutation:
    """The part of a text from `begin` to `end` (bytes of its UTF-8) reads `new`. `kind` is the slip, `line` counts
    from 1."""

    kind: str
    line: int
    begin: int
    end: int
    new: str

    def applied(self, source: str) -> str:
        """The text with the mutation in it."""
        content = source.encode()
        return (content[: self.begin] + self.new.encode() + content[self.end :]).decode()

    def shown(self, source: str) -> str:
        """Before and after, on one line each."""
        old = source.encode()[self.begin : self.end].decode()
        return f"{_one_line(old)}  ->  {_one_line(self.new)}"


def mutations(source: str) -> list[Mutation]:
    """All mutations of a module, in the order of their places."""
    found = _Finder(source)
    found.visit(ast.parse(source))
    return sorted(found.mutations, key=lambda one: (one.begin, one.end, one.new))


class _Finder(ast.NodeVisitor):
    """Collects mutations. Annotations, docstrings and what only shows something to a programmer are left alone."""

    def __init__(self, source: str) -> None:
        self.mutations: list[Mutation] = []
        self._content = source.encode()
        self._lines = [0]
        for line in self._content.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.lineno - 1] + node.col_offset, self._lines[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.expr | ast.stmt) -> str:
        begin, end = self._span(node)
        return self._content[begin:end].decode()

    def _put(self, kind: str, node: ast.expr | ast.stmt, new: str) -> None:
        self.mutations.append(Mutation(kind, node.lineno, *self._span(node), new))

    def _between(self, kind: str, left: ast.expr, right: ast.expr, new: str) -> None:
        """Put another operator between two operands; brackets around them stay."""
        begin, end = self._span(left)[1], self._span(right)[0]
        gap = self._content[begin:end].decode()
        closing = gap[: gap.rfind(")") + 1]
        opening = gap[gap.find("(") :] if "(" in gap else ""
        if "#" not in gap:
            self.mutations.append(Mutation(kind, left.lineno, begin, end, f"{closing} {new} {opening}"))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """Has an annotation at most."""

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            self._between("comparison", left, right, _COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        textual = isinstance(node.left, ast.Constant | ast.JoinedStr) and not isinstance(
            getattr(node.left, "value", 0), int | float
        )
        if type(node.op) in _ARITHMETIC and not textual:
            self._between("arithmetic", node.left, node.right, _ARITHMETIC[type(node.op)])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        new = "or" if isinstance(node.op, ast.And) else "and"
        for left, right in pairwise(node.values):
            self._between("and, or", left, right, new)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._put("negation", node, f"bool({self._text(node.operand)})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._put("constant", node, str(not node.value))
        elif isinstance(node.value, int):
            self._put("constant", node, f"({node.value} + 1)")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Places inside are not those of the file before Python 3.12."""

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
            self._put("function", node.func, _NAMES[node.func.id])
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self._put("condition", node.test, f"not ({self._text(node.test)})")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._put("condition", node.test, f"(not ({self._text(node.test)}))")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.args.defaults, *(value for value in node.args.kw_defaults if value)]:
            self.visit(part)
        self._body(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._body(node.body)

    def generic_visit(self, node: ast.AST) -> None:
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self._body(value)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def _body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a docstring
            if _is_dropped(statement):
                self._put("dropped", statement, "pass")
            if isinstance(statement, ast.Continue | ast.Break):
                self._put("jump", statement, "break" if isinstance(statement, ast.Continue) else "continue")
            self.visit(statement)
        for first, second in pairwise(statements):
            if _is_dropped(first) and _is_dropped(second):
                self._swap(first, second)

    def _swap(self, first: ast.stmt, second: ast.stmt) -> None:
        (begin, middle), (after, end) = self._span(first), self._span(second)
        between = self._content[middle:after].decode()
        new = self._text(second) + between + self._text(first)
        if "#" not in between:
            self.mutations.append(Mutation("order", first.lineno, begin, end, new))


def _is_dropped(statement: ast.stmt) -> bool:
    """Whether it does something that can be left out or done later: a call, a change of what others see."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call | ast.Await)
    if isinstance(statement, ast.Assign):
        return any(isinstance(target, ast.Attribute | ast.Subscript) for target in statement.targets)
    return isinstance(statement, ast.AugAssign | ast.Delete)


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "(nothing)"
